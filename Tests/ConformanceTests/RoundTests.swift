// Settling and claiming in one go: whatever a store spares by it, it comes to the same as one after the
// other.
import SendonceCore
import SendonceStore
import Testing

@Suite struct RoundTests {
    private static let accepted = Verdict(.accepted, messageID: "m1", code: "http_201")

    @Test("Outcomes are recorded and the next commands claimed in one go", arguments: StoreUnderTest.allCases)
    func both(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let first = try store.emit { try Sample.command("1", at: $0) }
        let claimed = try store.claimAll().claimed
        let second = try store.emit { try Sample.command("2", at: $0) }
        let round = try store.settle(
            claimed.map { $0.settlement(Self.accepted, .finish(.accepted)) }, thenClaim: 9)
        #expect(round.results == [.recorded])
        #expect(try round.claim.get().claimed.map(\.due.command) == [second])
        #expect(try store.message(first.id)?.standing.word == "accepted")
        #expect(try store.attempts(of: first.id).map { $0.outcome?.verdict.outcome } == [.accepted])
        #expect(try store.message(second.id)?.standing.word == "sending")
    }

    @Test("Where nothing came back it is a claim, and where nothing is due it is a settlement")
    func halves() throws {
        for kind in StoreUnderTest.allCases {
            let place = try TestPlace(kind)
            let store = try place.open()
            let command = try store.emit { try Sample.command("1", at: $0) }
            let begun = try store.settle([], thenClaim: 9)
            #expect(begun.results.isEmpty)
            let claimed = try begun.claim.get().claimed
            #expect(claimed.map(\.due.command) == [command])
            let ended = try store.settle(
                claimed.map { $0.settlement(Self.accepted, .finish(.accepted)) }, thenClaim: 9)
            #expect(ended.results == [.recorded])
            #expect(try ended.claim.get().claimed.isEmpty)
            #expect(try store.message(command.id)?.standing.word == "accepted")
        }
    }

    @Test(
        "What is settled so that it is due again is claimed at once, under the next attempt and token",
        arguments: StoreUnderTest.allCases)
    func again(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("1", at: $0) }
        let first = try #require(try store.claimAll().claimed.first)
        let again = DeliveryStep.retry(at: .start, state: .unknown)
        let round = try store.settle(
            [first.settlement(Verdict(.unknown, code: "curl_28"), again)], thenClaim: 9)
        let second = try #require(try round.claim.get().claimed.first)
        #expect((second.attempt, second.token) == (2, 2))
        #expect(second.due.gates.firstUnsureAt == .start)
        #expect(try store.attempts(of: command.id).map { $0.outcome?.verdict.outcome } == [.unknown, nil])
    }

    @Test("An old token among the outcomes does not keep the others back", arguments: StoreUnderTest.allCases)
    func stale(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        for key: Text in ["1", "2"] { try store.emit { try Sample.command(key, at: $0) } }
        var settlements = try store.claimAll().claimed.map {
            $0.settlement(Self.accepted, .finish(.accepted))
        }
        settlements[0].token += 1
        let next = try store.emit { try Sample.command("3", at: $0) }
        let round = try store.settle(settlements, thenClaim: 9)
        #expect(round.results == [.stale, .recorded])
        #expect(try round.claim.get().claimed.map(\.due.command) == [next])
    }

    @Test("Where nobody may claim, outcomes are recorded all the same", arguments: StoreUnderTest.allCases)
    func refused(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let sent = try store.emit { try Sample.command("1", at: $0) }
        let claimed = try store.claimAll().claimed
        let waiting = try store.emit { try Sample.command("2", at: $0) }
        try store.fence(
            HomeRecord(
                state: .fenced, home: .zero, place: "here", actor: "ann", reason: "why", recordedAt: .start),
            now: .start)
        let round = try store.settle(
            claimed.map { $0.settlement(Self.accepted, .finish(.accepted)) }, thenClaim: 9)
        // The fence has ended the attempt before; but proof is proof.
        #expect(round.results == [.stale])
        #expect(try store.message(sent.id)?.standing.word == "accepted")
        #expect(try store.attempts(of: waiting.id).isEmpty)
        // A store that compares when it writes finds nothing to write first: all is held.
        switch round.claim {
        case .failure(.fenced): break
        case .success(let report): #expect(!kind.locksWhatItReads && report.claimed.isEmpty)
        case .failure(let error): Issue.record(error)
        }
    }
}

extension CommandQueue {
    fileprivate func settle(_ settlements: [Settlement], thenClaim limit: Int) throws -> SettledClaim {
        try settle(
            settlements, thenClaim: [RouteShare(route: "a", commands: limit)], now: .start,
            lease: .minutes(1), dispatcher: "test"
        ) { _ in .attempt(request: Sample.request) }
    }
}
