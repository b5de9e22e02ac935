// A route while it is used: its settings, its provider, its transport, and what its limits allow now.
package import SendonceCore

package struct ActiveRoute {
    package let route: Route
    package let provider: any Provider
    package let transport: any Transport
    /// Attempts that are under way on this route.
    package var inFlight = 0
    private var rate: RateLimit
    private var breaker: CircuitBreaker

    package init(_ route: Route, provider: any Provider, transport: any Transport) {
        self.route = route
        self.provider = provider
        self.transport = transport
        rate = RateLimit(route)
        breaker = CircuitBreaker()
    }

    /// How many commands may be claimed now, within concurrency, rate and what the breaker lets through. Takes the
    /// tokens of the rate limit: what is claimed is sent at once.
    mutating func share(at now: Timestamp) -> Int {
        let free = min(route.concurrency - inFlight, breaker.allowance(at: now, inFlight: inFlight))
        return free > 0 ? rate.take(upTo: free, at: now) : 0
    }

    /// Reads an answer, and lets limits and breaker learn from it.
    mutating func judge(_ answer: TransportAnswer, bodyLength: Int, now: Timestamp) -> Verdict {
        inFlight -= 1
        let verdict = provider.verdict(for: answer, bodyLength: bodyLength)
        breaker.record(verdict, at: now)
        return verdict
    }
}
