// A route while it is used: its settings, its provider, its transport, and what its limits allow now.
package import SendonceCore

package struct ActiveRoute {
    package let route: Route
    package let provider: any Provider
    package let transport: any Transport
    /// Attempts that are under way on this route.
    package internal(set) var inFlight = 0
    private var rate: RateLimit
    private var breaker = CircuitBreaker()

    package init(_ route: Route, transport: any Transport, at now: Timestamp) {
        self.route = route
        provider = route.kind.provider
        self.transport = transport
        rate = RateLimit(route.rate, at: now)
    }

    /// Why nothing is claimed for the route now; nil while it is open.
    package var opening: CircuitBreaker.Opening? { breaker.opening }

    /// The next moment after `now` at which the limits let more through than now; nil while only an answer
    /// can.
    func nextAt(after now: Timestamp) -> Timestamp? {
        if let pauseEnd = breaker.nextAt { return max(pauseEnd, now) }
        guard inFlight < route.concurrency, breaker.opening == nil else { return nil }
        let next = rate.next(at: now)
        return next > now ? next : nil
    }

    /// How many commands may be claimed now, within concurrency, breaker and rate. What is not used of it
    /// must be given back.
    mutating func share(at now: Timestamp) -> Int {
        let admitted = breaker.admit(upTo: route.concurrency - inFlight, at: now)
        let share = rate.take(upTo: admitted, at: now)
        if share == 0, admitted > 0 { breaker.release() }
        return share
    }

    /// Gives back what of a share was not claimed.
    mutating func putBack(_ unused: Int, of share: Int) {
        rate.putBack(unused)
        if unused == share { breaker.release() }
    }

    /// Reads an answer, and lets the breaker learn from it.
    mutating func judge(_ answer: TransportAnswer, bodyLength: Int, now: Timestamp) -> Verdict {
        inFlight -= 1
        let verdict = provider.verdict(for: answer, bodyLength: bodyLength, at: route)
        breaker.note(verdict, at: now)
        return verdict
    }
}
