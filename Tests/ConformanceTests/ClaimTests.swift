// Claiming and settling: leases, fencing tokens, gates, and what becomes of a command.
import SendonceCore
import SendonceStore
import Testing

@Suite struct ClaimTests {
    @Test(
        "A claim leases a due command, counts the attempt and raises the token",
        arguments: StoreUnderTest.allCases)
    func claim(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let digest = DigestBuilder.digest(of: Array("supersedes".utf8))
        let command = try store.emit {
            try Sample.command("42", at: $0, expiresAt: .start + .days(1), supersedes: digest)
        }
        let report = try store.claimAll()
        let claimed = try #require(report.claimed.first)
        #expect(report.claimed.count == 1)
        #expect(claimed.due.command == command)
        #expect(claimed.due.event == Sample.event())
        #expect(claimed.due.attempts == 0)
        #expect((claimed.attempt, claimed.token) == (1, 1))
        #expect(claimed.leaseEnd == .start + .minutes(1))
        let attempts = try store.attempts(of: command.id)
        #expect(attempts.map(\.token) == [1])
        #expect(attempts.first?.requestDigest == Sample.request)
        #expect(attempts.first?.outcome == nil)
        #expect(try store.message(command.id)?.standing.word == "sending")
        #expect(try store.claimAll().claimed.isEmpty)
    }

    @Test(
        "Only due commands of the given routes are claimed, oldest due time first",
        arguments: StoreUnderTest.allCases)
    func dueAndRoutes(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let late = try store.emit { try Sample.command("1", at: $0, notBefore: .start - .seconds(1)) }
        let early = try store.emit { try Sample.command("2", at: $0, notBefore: .start - .seconds(2)) }
        try store.emit { try Sample.command("3", at: $0, notBefore: .start + .seconds(1)) }
        try store.emit { try Sample.command("4", at: $0, route: "b") }
        var seen: [CommandID] = []
        let none = try store.claim(
            [RouteShare(route: "a", commands: 9)], now: .start, lease: .minutes(1), dispatcher: "d"
        ) {
            seen.append($0.command.id)
            return .leave
        }
        #expect(none.claimed.isEmpty)
        #expect(seen == [early.id, late.id])
        let one = try store.claimAll(limit: 1)
        #expect(one.claimed.map(\.due.command.id) == [early.id])
    }

    @Test("Two dispatchers that read the same command do not both get it", arguments: StoreUnderTest.allCases)
    func compareAndSet(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let (first, second) = (try place.open(), try place.open())
        try first.emit { try Sample.command("42", at: $0) }
        var inner: ClaimReport?
        let outer = try first.claim(
            [RouteShare(route: "a", commands: 9)], now: .start, lease: .minutes(1), dispatcher: "first"
        ) { _ in
            inner = Result { try second.claimAll() }.value
            return .attempt(request: Sample.request)
        }
        // Which of them gets it is the store's to say.
        #expect((inner?.claimed.count ?? 0) + outer.claimed.count == 1)
    }

    @Test(
        "A command that is cancelled between reading and claiming is left out, or cannot be cancelled then",
        arguments: StoreUnderTest.allCases)
    func cancelledMeanwhile(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        // A store that locks what it reads makes whoever cancels wait.
        let other = try place.open(patience: kind.locksWhatItReads ? .milliseconds(20) : .seconds(5))
        let command = try store.emit { try Sample.command("42", at: $0) }
        let report = try store.claim(
            [RouteShare(route: "a", commands: 9)], now: .start, lease: .minutes(1), dispatcher: "d"
        ) { _ in
            let isCancelled = Result { try other.cancel(command) }.value != nil
            return isCancelled != kind.locksWhatItReads ? .attempt(request: Sample.request) : .leave
        }
        if kind.locksWhatItReads {
            #expect(report.claimed.count == 1)
            #expect(try store.queued(command)?.cancelledBy == nil)
            return
        }
        #expect(report.claimed.isEmpty)
        #expect(try store.queued(command)?.cancelledBy == 2)
        #expect(try store.attempts(of: command.id).isEmpty)
        let again = try store.claim(
            [RouteShare(route: "a", commands: 9)], now: .start, lease: .minutes(1), dispatcher: "d"
        ) { .finish(.cancelled, cause: $0.gates.cancelledBy) }
        #expect(again.finished == 1)
        #expect(try store.message(command.id)?.standing == .finished(.cancelled, at: .start, cause: 2))
    }

    @Test(
        "A newer command marks older ones of the same parts as superseded, not itself",
        arguments: StoreUnderTest.allCases)
    func supersede(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let digest = DigestBuilder.digest(of: Array("user 7".utf8))
        let old = try store.emit { try Sample.command("1", at: $0, supersedes: digest) }
        let new = try store.emit { try Sample.command("2", at: $0, supersedes: digest) }
        #expect(try store.queued(old)?.supersededBy == 2)
        #expect(try store.queued(new)?.supersededBy == nil)
    }

    @Test("A held command is not claimed, and its hold is recorded", arguments: StoreUnderTest.allCases)
    func hold(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let report = try store.claim(
            [RouteShare(route: "a", commands: 9)], now: .start, lease: .minutes(1), dispatcher: "d"
        ) { _ in .hold(.templateError, detail: "no name") }
        #expect(report.held == 1)
        let standing = try #require(try store.queued(command))
        #expect(standing.state == .held)
        #expect(standing.hold == .templateError)
        #expect(standing.holdDetail == "no name")
        #expect(standing.heldAt == .start)
        #expect(try store.claimAll(now: .start + .days(9)).claimed.isEmpty)
        #expect(try store.nextDue(of: ["a"]) == nil)
        #expect(try store.counts().oldestHeldAt == .start)
    }

    @Test("An accepted outcome finishes the command for ever", arguments: StoreUnderTest.allCases)
    func accepted(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let claimed = try #require(try store.claimAll().claimed.first)
        let verdict = Verdict(
            .accepted, messageID: "<1@p>", code: "http_201", words: "ok", retryAfter: .seconds(3),
            trouble: .throttled)
        let settlement = claimed.settlement(verdict, .finish(.accepted), status: 201)
        #expect(try store.settle([settlement]) == [.recorded])
        #expect(try store.message(command.id)?.standing == .finished(.accepted, at: .start, cause: nil))
        #expect(try store.message(providerID: "<1@p>")?.id == command.id)
        let outcome = try #require(try store.attempts(of: command.id).first?.outcome)
        #expect(outcome == OutcomeRecord(verdict: verdict, status: 201, issues: 1, finishedAt: .start))
        #expect(try store.claimAll(now: .start + .days(9)).claimed.isEmpty)
        // Told again, nothing changes but the audit.
        #expect(try store.settle([settlement]) == [.stale])
        #expect(try store.message(command.id)?.standing == .finished(.accepted, at: .start, cause: nil))
        #expect(try store.attempts(of: command.id).first?.lateAnswers.count == 1)
    }

    @Test(
        "What is due next of some routes is told, whatever waits on others, and the end of any lease",
        arguments: StoreUnderTest.allCases)
    func nextDue(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        #expect(try store.nextDue(of: ["a", "b"]) == nil)
        for (number, route) in ["b", "a", "c"].enumerated() {
            try store.emit {
                try Sample.command(
                    Text("\(number)"), at: $0, route: Text(route), notBefore: .start + .hours(Int64(number)))
            }
        }
        #expect(try store.nextDue(of: []) == nil)
        #expect(try store.nextDue(of: ["a", "c"]) == .start + .hours(1))
        #expect(try store.nextDue(of: ["c", "b"]) == .start)
        #expect(try store.claimAll(now: .start + .hours(1)).claimed.count == 1)
        #expect(try store.nextDue(of: ["c"]) == .start + .hours(1) + .minutes(1))
    }

    @Test("A retry waits for its time and keeps what it counted", arguments: StoreUnderTest.allCases)
    func retry(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.emit { try Sample.command("42", at: $0) }
        let first = try #require(try store.claimAll().claimed.first)
        let later = Timestamp.start + .seconds(10)
        _ = try store.settle([
            first.settlement(Verdict(.rejectedForNow, code: "http_503"), .retry(at: later, state: .pending))
        ])
        #expect(try store.nextDue(of: ["a"]) == later)
        #expect(try store.claimAll(now: later - .seconds(1)).claimed.isEmpty)
        let second = try #require(try store.claimAll(now: later).claimed.first)
        #expect((second.attempt, second.token, second.due.counted) == (2, 2, 1))
        #expect(second.due.requestDigest == Sample.request)
        #expect(second.due.gates.firstUnsureAt == nil)
        let uncounted = Verdict(.rejectedForNow, counts: false, code: "http_429")
        _ = try store.settle([second.settlement(uncounted, .retry(at: later, state: .pending))])
        #expect(try store.claimAll(now: later).claimed.first?.due.counted == 1)
    }

    @Test("The first unsure attempt's start is kept through later ones", arguments: StoreUnderTest.allCases)
    func firstUnsure(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.emit { try Sample.command("42", at: $0) }
        let first = try #require(try store.claimAll().claimed.first)
        let unknown = Verdict(.unknown, code: "curl_28")
        _ = try store.settle([first.settlement(unknown, .retry(at: .start + .seconds(1), state: .unknown))])
        let second = try #require(try store.claimAll(now: .start + .seconds(1)).claimed.first)
        #expect(second.due.gates.firstUnsureAt == .start)
        _ = try store.settle([second.settlement(unknown, .retry(at: .start + .seconds(2), state: .unknown))])
        let third = try #require(try store.claimAll(now: .start + .seconds(2)).claimed.first)
        #expect(third.due.gates.firstUnsureAt == .start)
        #expect(third.history.counted == 2)
    }
}

extension Result {
    var value: Success? { try? get() }
}
