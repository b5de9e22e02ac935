// When a route may be claimed of again, after the store has said that a limit is used up.
import SendonceCore
import SendonceDelivery
import SendonceStore
import Testing

@Suite struct ActiveRouteTests {
    private let now = Example.epoch
    private let until = Example.epoch + .seconds(7)
    private var active: ActiveRoute

    init() {
        var route = Example.brevo()
        route.rate = RateSettings(count: 10, per: .seconds(10))
        route.sharedConcurrency = 5
        active = ActiveRoute(route, transport: NoTransport(), at: Example.epoch)
    }

    /// What a claim that gets nothing does.
    private mutating func claimNothing(_ reason: RouteWait?, at time: Timestamp) {
        let share = active.share(at: time)
        active.putBack(share.commands, of: share.commands)
        active.note(reason, at: time)
    }

    @Test("A share carries the route's limits, for the store to count by")
    mutating func limits() {
        let share = active.share(at: now)
        #expect(share.concurrency == 5)
        #expect(share.rate == RouteRate(count: 10, per: .seconds(10)))
        #expect(share.commands == 10)
    }

    @Test("A concurrency that nobody asked for binds this process only")
    func unasked() {
        var route = ActiveRoute(
            Route(name: "a", kind: .maildir, url: "maildir:/m"), transport: NoTransport(), at: now)
        #expect(route.share(at: now).concurrency == nil)
        #expect(route.share(at: now).commands == 32)
    }

    @Test("While the rate is used up nothing is asked for, and the next turn comes when that ends")
    mutating func rate() {
        claimNothing(.rate(until: until), at: now)
        #expect(active.share(at: now + .seconds(1)).commands == 0)
        #expect(active.share(at: until - Span(microseconds: 1)).commands == 0)
        #expect(active.nextAt(after: now) == until)
        // Looked at too late, the turn is due at once, and not at some next poll.
        #expect(active.nextAt(after: until + .seconds(1)) == until + .seconds(1))
        claimNothing(nil, at: until + .seconds(1))
        #expect(active.nextAt(after: until + .seconds(1)) == nil)
    }

    @Test("A turn that comes because a wait is over always asks, so that it cannot come again and again")
    mutating func noSpinning() {
        claimNothing(.rate(until: until), at: now)
        for step in 0..<200 {
            let time = now + .milliseconds(Int64(step) * 100)
            guard let next = active.nextAt(after: time), next <= time else { continue }
            var asking = active
            #expect(asking.share(at: time).commands > 0)
            claimNothing(nil, at: time)
            #expect(active.nextAt(after: time) == nil)
        }
    }

    @Test("While others use up the concurrency each turn asks again, and none is timed")
    mutating func concurrency() {
        claimNothing(.concurrency, at: now)
        #expect(active.nextAt(after: now) == nil)
        #expect(active.share(at: now).commands > 0)
    }

    @Test("A bucket that is emptier than the common rate decides when the next turn comes")
    mutating func bucket() {
        #expect(active.share(at: now).commands == 10)
        active.note(.rate(until: now + Span(microseconds: 1)), at: now)
        #expect(active.nextAt(after: now + .milliseconds(1)) == now + .seconds(1))
    }

    @Test("After a clock that went back the store is asked again")
    mutating func clockWentBack() {
        claimNothing(.rate(until: until), at: now)
        #expect(active.share(at: now - .days(1)).commands > 0)
    }

    @Test("A breaker's pause that ends while the rate is used up wakes nobody before both are over")
    mutating func breaker() {
        _ = active.share(at: now)
        let answer = TransportAnswer(
            number: 1, code: 0, issues: 1, bodyBytesSent: 1, status: 429,
            headers: [Header("x-sib-ratelimit-reset", "2")])
        _ = active.judge(answer, bodyLength: 1, now: now)
        #expect(active.opening != nil)
        active.note(.rate(until: until), at: now)
        #expect(active.nextAt(after: now + .seconds(3)) == until)
        #expect(active.share(at: now + .seconds(3)).commands == 0)
        #expect(active.share(at: until).commands == 1)
    }
}
