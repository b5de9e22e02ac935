// A route while it is used: its settings, its provider, its transport, and what its limits allow now.
package import SendonceCore
package import SendonceStore

package struct ActiveRoute {
    package let route: Route
    package let provider: any Provider
    package let transport: any Transport
    /// Attempts that are under way on this route.
    package internal(set) var inFlight = 0
    private var rate: RateLimit
    private var breaker = CircuitBreaker()
    /// What the store said at the last claim, where the limits count all dispatchers' attempts.
    private var wait: (since: Timestamp, reason: RouteWait)?

    package init(_ route: Route, transport: any Transport, at now: Timestamp) {
        self.route = route
        provider = route.kind.provider
        self.transport = transport
        rate = RateLimit(route.rate, at: now)
    }

    /// Why nothing is claimed for the route now; nil while it is open.
    package var opening: CircuitBreaker.Opening? { breaker.opening }

    /// The next moment, not before `now`, at which the limits let more through than at the last claim; nil
    /// while only an answer can, ours or another dispatcher's.
    package func nextAt(after now: Timestamp) -> Timestamp? {
        let rested = restEnd(at: now)
        // A claim before the rest is over would not even ask the breaker.
        if let pauseEnd = breaker.nextAt { return max(pauseEnd, rested ?? now, now) }
        guard inFlight < route.concurrency, breaker.opening == nil, wait?.reason != .concurrency else {
            return nil
        }
        let next = max(rate.next(at: now), rested ?? now)
        // A rest that has just ended wants a claim at once; that claim ends it, or begins another one.
        return next > now || rested != nil ? next : nil
    }

    /// How many commands may be claimed now, within concurrency, breaker and rate. What is not used of it
    /// must be given back.
    package mutating func share(at now: Timestamp) -> RouteShare {
        let admitted = isResting(at: now) ? 0 : breaker.admit(upTo: route.concurrency - inFlight, at: now)
        let commands = rate.take(upTo: admitted, at: now)
        if commands == 0, admitted > 0 { breaker.release() }
        return RouteShare(
            route: route.name, commands: commands, concurrency: route.sharedConcurrency,
            rate: route.rate.shared)
    }

    /// Takes in what the store said when a share of the route was claimed.
    package mutating func note(_ reason: RouteWait?, at now: Timestamp) {
        wait = reason.map { (now, $0) }
    }

    /// Until when the rate is used up, by what the last claim was told; also when that is over by now.
    private func restEnd(at now: Timestamp) -> Timestamp? {
        // A clock that went back makes it worth asking again.
        guard let wait, wait.since <= now, case .rate(let until) = wait.reason else { return nil }
        return until
    }

    private func isResting(at now: Timestamp) -> Bool { restEnd(at: now).map { now < $0 } ?? false }

    /// Gives back what of a share was not claimed.
    package mutating func putBack(_ unused: Int, of share: Int) {
        rate.putBack(unused)
        if unused == share { breaker.release() }
    }

    /// Reads an answer, and lets the breaker learn from it.
    package mutating func judge(_ answer: TransportAnswer, bodyLength: Int, now: Timestamp) -> Verdict {
        inFlight -= 1
        let verdict = provider.verdict(for: answer, bodyLength: bodyLength, at: route)
        breaker.note(verdict, at: now)
        return verdict
    }
}
