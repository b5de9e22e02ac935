// What times cannot say about deliveries: an answer may come late, and a clock may be set back.
import SendonceCore
import SendonceReplay
import SendonceStore
import Testing

@Suite("Verification of late answers")
struct LateAnswerTests {
    private func claim(_ store: LiveStore, at time: Timestamp) throws -> ClaimedCommand {
        let claimed = try store.claim(
            [RouteShare(route: "a", commands: 1)], now: time, lease: .minutes(1), dispatcher: "d"
        ) { _ in .attempt(request: .zero) }.claimed
        return try #require(claimed.first)
    }

    private func settle(
        _ store: LiveStore, _ command: ClaimedCommand, _ verdict: Verdict, _ step: DeliveryStep,
        at time: Timestamp
    ) throws -> SettlementResult? {
        try store.settle([
            Settlement(
                number: command.due.number, attempt: command.attempt, token: command.token, verdict: verdict,
                step: step, status: nil, issues: 1, finishedAt: time)
        ]).first
    }

    @Test(
        "An answer that comes when a later attempt has come and gone ends the command, with its own time",
        arguments: StoreKind.allCases)
    func late(_ kind: StoreKind) throws {
        let place = try ReplayPlace(kind)
        var shop = Shop(place.store, seed: 2)
        try shop.run(rounds: 1, events: 40, batchEvents: 40)
        let store = place.store
        let start = Timestamp.start + .days(1)
        let first = try claim(store, at: start)
        let again = start + .minutes(2)
        // Its lease ran out; whoever found it did not know what had become of it.
        #expect(
            try settle(
                store, first, Verdict(.unknown, code: "lapsed"), .retry(at: .start, state: .unknown),
                at: again) == .recorded)
        let second = try claim(store, at: again)
        #expect(second.due.number == first.due.number && second.attempt == 2)
        #expect(
            try settle(
                store, second, Verdict(.rejectedForNow, code: "http_429"),
                .retry(at: again + .hours(1), state: .unknown), at: again + .seconds(5)) == .recorded)
        #expect(
            try settle(
                store, first, Verdict(.accepted, code: "http_201"), .finish(.accepted),
                at: start + .seconds(1)) == .stale)
        let finish = "SELECT at FROM outbox_finish WHERE command = \(first.due.number)"
        #expect(try place.number(finish) == (start + .seconds(1)).microseconds)
        let certificate = try place.verify()
        #expect(certificate.verdict == .same, "\(certificate.text)")
    }
}
