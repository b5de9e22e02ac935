// A route's limits hold for all dispatchers of one log together.
import SendonceCore
import SendonceStore
import Testing

@Suite struct LimitTests {
    private static let rate = RouteRate(count: 5, per: .seconds(3))

    /// Commands of route `a` that are due a second apart, the last of them at `.start`.
    private static func fill(_ store: AnyStore, _ count: Int, route: Text = "a") throws -> [CommandID] {
        var commands: [CommandID] = []
        for place in 0..<count {
            let due = Timestamp.start - .seconds(Int64(count - 1 - place))
            commands.append(
                try store.emit {
                    try Sample.command(Text("\(route.string) \(place)"), at: $0, route: route, notBefore: due)
                }.id)
        }
        return commands
    }

    @Test(
        "What one dispatcher is sending leaves less for another, until it is settled",
        arguments: StoreUnderTest.allCases)
    func concurrency(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let (first, second) = (try place.open(), try place.open())
        let commands = try Self.fill(first, 6)
        let one = try first.claim(upTo: 2, concurrency: 3)
        #expect(one.claimed.count == 2)
        #expect(one.waits.isEmpty)
        let two = try second.claim(upTo: 9, concurrency: 3)
        #expect(two.claimed.count == 1)
        #expect(two.waits == ["a": .concurrency])
        for store in [first, second] {
            let none = try store.claim(upTo: 9, concurrency: 3) { _ in
                Issue.record("a command that is not admitted need not be prepared")
                return .leave
            }
            #expect(none.claimed.isEmpty)
            #expect(none.waits == ["a": .concurrency])
        }
        let ended = try #require(one.claimed.first).settlement(
            Verdict(.accepted, code: "ok"), .finish(.accepted))
        #expect(try first.settle([ended]) == [.recorded])
        let three = try second.claim(upTo: 9, concurrency: 3)
        // Oldest due time first, whoever claims.
        let claimed = (one.claimed + two.claimed + three.claimed).map(\.due.command.id)
        #expect(claimed == Array(commands.prefix(4)))
    }

    @Test(
        "In no span of the rate's length do more attempts start than its count, whatever time each believes",
        arguments: StoreUnderTest.allCases, [11, 12, 13])
    func rate(kind: StoreUnderTest, seed: UInt64) throws {
        let place = try TestPlace(kind)
        let stores = [try place.open(), try place.open(), try place.open()]
        let commands = try Self.fill(stores[0], 40)
        var die = Die(seed: seed)
        var (now, starts, order) = (Timestamp.start, [Timestamp](), [CommandID]())
        for _ in 0..<2_000 where order.count < commands.count {
            now = now + .milliseconds(Int64(die.number(0...700)))
            let clock = now + .milliseconds(Int64(die.number(-400...400)))
            let report = try stores[die.number(0...2)].claim(
                upTo: die.number(1...6), rate: Self.rate, now: clock)
            starts += report.claimed.map(\.startedAt)
            order += report.claimed.map(\.due.command.id)
        }
        #expect(order == commands, "seed \(seed)")
        starts.sort()
        for (early, late) in zip(starts, starts.dropFirst(Self.rate.count)) {
            #expect(late - early >= Self.rate.per, "seed \(seed)")
        }
        // 24 s would do; the rest is lost to steps and clocks.
        #expect(now - .start < .seconds(40), "seed \(seed)")
    }

    @Test(
        "A claim says when the next attempt may start, and then it may and not before",
        arguments: StoreUnderTest.allCases)
    func next(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let (first, second) = (try place.open(), try place.open())
        _ = try Self.fill(first, 20)
        #expect(try first.claim(upTo: 2, rate: Self.rate).waits.isEmpty)
        let later = Timestamp.start + .seconds(1)
        let full = try second.claim(upTo: 9, rate: Self.rate, now: later)
        #expect(full.claimed.count == 3)
        let until = Timestamp.start + Self.rate.per
        #expect(full.waits == ["a": .rate(until: until)])
        let early = try first.claim(upTo: 9, rate: Self.rate, now: until - Span(microseconds: 1))
        #expect(early.claimed.isEmpty)
        #expect(early.waits == ["a": .rate(until: until)])
        let next = try first.claim(upTo: 9, rate: Self.rate, now: until)
        #expect(next.claimed.count == 2)
        #expect(next.waits == ["a": .rate(until: later + Self.rate.per)])
        // A smaller count than the one that the others kept to waits for more than the oldest start to pass.
        let strict = try second.claim(upTo: 9, rate: RouteRate(count: 2, per: Self.rate.per), now: until)
        #expect(strict.waits == ["a": .rate(until: until + Self.rate.per)])
    }

    @Test(
        "A start that is far ahead of every clock stops nobody", arguments: StoreUnderTest.allCases)
    func farAhead(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        _ = try Self.fill(store, 20)
        #expect(try store.claim(upTo: 9, rate: Self.rate, now: .start + .days(9)).claimed.count == 5)
        #expect(try store.claim(upTo: 9, rate: Self.rate).claimed.count == 5)
        #expect(try store.claim(upTo: 9, rate: Self.rate).claimed.isEmpty)
    }

    @Test(
        "A lease that ran out counts until somebody settles it, and no longer",
        arguments: StoreUnderTest.allCases)
    func lapsed(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let (dead, live) = (try place.open(), try place.open())
        _ = try Self.fill(dead, 4)
        #expect(try dead.claim(upTo: 2, concurrency: 2).claimed.count == 2)
        let later = Timestamp.start + .minutes(1)
        #expect(try live.claim(upTo: 2, concurrency: 2, now: later).waits == ["a": .concurrency])
        try live.lapse(.hold(.unknownOutcome))
        let after = try live.claim(upTo: 9, concurrency: 2, now: later)
        #expect(after.claimed.count == 2)
    }

    @Test(
        "A limit that another dispatcher uses up between reading and claiming is kept",
        arguments: StoreUnderTest.allCases)
    func meanwhile(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let first = try place.open()
        // A store that locks what it counts makes the other one wait.
        let second = try place.open(patience: .milliseconds(20))
        _ = try Self.fill(first, 9)
        var inner: Int?
        let outer = try first.claim(upTo: 3, concurrency: 3, rate: Self.rate) { _ in
            if inner == nil {
                // Route a's commands that the first one does not even look at.
                inner =
                    Result { try second.claim(upTo: 2, concurrency: 3, rate: Self.rate) }.value?
                    .claimed.count ?? 0
            }
            return .attempt(request: Sample.request)
        }
        #expect((inner ?? 0) + outer.claimed.count == 3)
        #expect(try first.counts().queued["sending"] == 3)
        #expect(outer.waits == ["a": .concurrency])
    }

    @Test("What ends at a gate uses up no limit", arguments: StoreUnderTest.allCases)
    func gate(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        _ = try Self.fill(store, 3)
        let ended = try store.claim(upTo: 9, concurrency: 2, rate: Self.rate) { _ in
            .finish(.expired, cause: nil)
        }
        #expect(ended.finished == 2)
        #expect(ended.waits.isEmpty)
        #expect(try store.claim(upTo: 9, concurrency: 2, rate: Self.rate).claimed.count == 1)
    }

    @Test(
        "A route without limits, and another one with its own, are not slowed by one that is used up",
        arguments: StoreUnderTest.allCases)
    func unlimited(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        for route: Text in ["a", "b", "c"] { _ = try Self.fill(store, 9, route: route) }
        #expect(try store.claim(upTo: 1, concurrency: 1).claimed.count == 1)
        let shares = [
            RouteShare(route: "c", commands: 5, concurrency: 5, rate: Self.rate),
            RouteShare(route: "b", commands: 9),
            RouteShare(route: "a", commands: 9, concurrency: 1),
        ]
        let report = try store.claim(shares, now: .start, lease: .minutes(1), dispatcher: "test") { _ in
            .attempt(request: Sample.request)
        }
        #expect(report.claimed.count { $0.due.command.route == "b" } == 9)
        #expect(report.claimed.count { $0.due.command.route == "c" } == 5)
        #expect(report.claimed.count == 14)
        #expect(report.waits == ["a": .concurrency, "c": .rate(until: .start + Self.rate.per)])
        // Without limits in its share nothing is counted, not even what others count.
        #expect(try store.claimAll().claimed.count == 8)
    }
}

/// Numbers from a seed (SplitMix64), so that a failure can be repeated.
private struct Die {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return range.lowerBound + Int(mixed % UInt64(range.count))
    }
}

extension CommandQueue {
    /// Claims of route `a` within limits, with a lease of a minute.
    fileprivate func claim(
        upTo commands: Int, concurrency: Int? = nil, rate: RouteRate? = nil, now: Timestamp = .start,
        prepare: (DueCommand) -> Preparation = { _ in .attempt(request: Sample.request) }
    ) throws(StoreError) -> ClaimReport {
        try claim(
            [RouteShare(route: "a", commands: commands, concurrency: concurrency, rate: rate)],
            now: now, lease: .minutes(1), dispatcher: "test", prepare: prepare)
    }
}
