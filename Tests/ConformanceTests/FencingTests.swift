// What happens when a dispatcher loses a command and speaks up later.
import SendonceCore
import SendonceStore
import Testing

@Suite struct FencingTests {
    @Test(
        "A lease that ran out is found with its attempt, and settled as unknown",
        arguments: StoreUnderTest.allCases)
    func lapsed(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let claimed = try #require(try store.claimAll().claimed.first)
        #expect(try store.lapsed(now: claimed.leaseEnd - .seconds(1), limit: 10).isEmpty)
        #expect(try store.nextDue(of: ["a"]) == claimed.leaseEnd)
        let found = try #require(try store.lapsed(now: claimed.leaseEnd, limit: 10).first)
        #expect((found.attempt, found.token, found.startedAt) == (1, 1, .start))
        #expect(found.leaseEnd == claimed.leaseEnd)
        #expect(found.due.command == command)
        #expect(found.due.attempts == 0)
        let settlement = found.settlement(.leaseLapsed, .hold(.unknownOutcome))
        #expect(try store.settle([settlement]) == [.recorded])
        let standing = try #require(try store.queued(command))
        #expect(standing.state == .held)
        #expect(standing.hold == .unknownOutcome)
        #expect(try store.lapsed(now: .start + .days(1), limit: 10).isEmpty)
    }

    @Test(
        "A settlement with an old token is refused and kept as a late answer",
        arguments: StoreUnderTest.allCases)
    func stale(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let slow = try #require(try store.claimAll().claimed.first)
        try store.lapse(.retry(at: slow.leaseEnd, state: .unknown))
        let quick = try #require(try store.claimAll(now: slow.leaseEnd).claimed.first)
        #expect(quick.token == 2)
        let rejected = Verdict(.rejected, code: "http_400", words: "bad")
        #expect(try store.settle([slow.settlement(rejected, .finish(.rejected))]) == [.stale])
        #expect(try store.message(command.id)?.standing.word == "sending")
        let attempts = try store.attempts(of: command.id)
        #expect(attempts.map { $0.lateAnswers.map(\.verdict) } == [[rejected], []])
        #expect(attempts.first?.outcome?.verdict == .leaseLapsed)
        #expect(
            try store.settle([quick.settlement(Verdict(.accepted, code: "ok"), .finish(.accepted))]) == [
                .recorded
            ])
    }

    @Test(
        "Late proof of acceptance ends a command whose outcome is unknown",
        arguments: StoreUnderTest.allCases,
        [DeliveryStep.hold(.unknownOutcome), .retry(at: .start + .days(1), state: .unknown)])
    func lateProof(kind: StoreUnderTest, step: DeliveryStep) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let slow = try #require(try store.claimAll().claimed.first)
        try store.lapse(step)
        let proof = Verdict(.accepted, messageID: "<late@p>", code: "http_201")
        #expect(try store.settle([slow.settlement(proof, .finish(.accepted))]) == [.stale])
        #expect(try store.message(command.id)?.standing == .finished(.accepted, at: .start, cause: nil))
        #expect(try store.message(providerID: "<late@p>")?.id == command.id)
        #expect(try store.claimAll(now: .start + .days(9)).claimed.isEmpty)
    }

    @Test(
        "Late proof does not touch a command that somebody else is sending",
        arguments: StoreUnderTest.allCases)
    func lateProofWhileSending(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let slow = try #require(try store.claimAll().claimed.first)
        try store.lapse(.retry(at: slow.leaseEnd, state: .unknown))
        let quick = try #require(try store.claimAll(now: slow.leaseEnd).claimed.first)
        let proof = Verdict(.accepted, code: "http_201")
        #expect(try store.settle([slow.settlement(proof, .finish(.accepted))]) == [.stale])
        #expect(try store.message(command.id)?.standing.word == "sending")
        let refused = Verdict(.duplicate, code: "duplicate_parameter")
        #expect(try store.settle([quick.settlement(refused, .finish(.accepted))]) == [.recorded])
        #expect(try store.message(command.id)?.standing.word == "accepted")
    }

    @Test(
        "Proof that came while a later attempt was open ends the command when that attempt ends without an answer",
        arguments: StoreUnderTest.allCases,
        [DeliveryStep.hold(.unknownOutcome), .retry(at: .start + .days(1), state: .unknown)])
    func proofBeforeTheEndOfALaterAttempt(kind: StoreUnderTest, step: DeliveryStep) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let slow = try #require(try store.claimAll().claimed.first)
        try store.lapse(.retry(at: slow.leaseEnd, state: .unknown))
        let quick = try #require(try store.claimAll(now: slow.leaseEnd).claimed.first)
        let proof = Verdict(.accepted, code: "http_201")
        #expect(try store.settle([slow.settlement(proof, .finish(.accepted))]) == [.stale])
        let silence = Verdict(.unknown, code: "curl_28")
        #expect(try store.settle([quick.settlement(silence, step)]) == [.recorded])
        #expect(try store.message(command.id)?.standing == .finished(.accepted, at: .start, cause: nil))
        #expect(try store.attempts(of: command.id).last?.outcome?.verdict == silence)
        #expect(try store.claimAll(now: .start + .days(9)).claimed.isEmpty)
    }

    @Test("Results of one call follow the order of its settlements", arguments: StoreUnderTest.allCases)
    func order(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        for part: Text in ["1", "2", "3"] { try store.emit { try Sample.command(part, at: $0) } }
        let claimed = try store.claimAll().claimed
        var settlements = claimed.map { $0.settlement(Verdict(.accepted, code: "ok"), .finish(.accepted)) }
        settlements[1].token = 9
        #expect(try store.settle(settlements) == [.recorded, .stale, .recorded])
    }

    @Test(
        "A settlement for an attempt that was never recorded is refused whole",
        arguments: StoreUnderTest.allCases)
    func unknownAttempt(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.emit { try Sample.command("1", at: $0) }
        var settlement = try #require(try store.claimAll().claimed.first)
            .settlement(Verdict(.accepted, code: "ok"), .finish(.accepted))
        settlement.attempt = 7
        let wrong = settlement
        #expect(throws: StoreError.self) { try store.settle([wrong]) }
        #expect(try store.counts().queued == ["sending": 1])
    }
}

extension ProjectionStore where Self: CommandQueue {
    /// Settles whatever lease has run out by `.start` plus a minute, as a dispatcher does.
    func lapse(_ step: DeliveryStep) throws {
        for found in try lapsed(now: .start + .minutes(1), limit: 10) {
            _ = try settle([found.settlement(.leaseLapsed, step)])
        }
    }
}
