// Answers about events that a person let be decided after they had come.
import SendonceAudit
import SendonceCore
import SendonceStore
import Testing

@Suite struct BackfilledTests {
    /// #17 and #18 wanted the key of order 42; nobody cared, until #20 let them be decided.
    private func story() -> Recorded {
        var recorded = Recorded()
        recorded.append(17, id: "evt-1")
        recorded.refuse(17, .noRule, rule: "")
        recorded.append(18)
        recorded.refuse(18, .noRule, rule: "")
        recorded.backfill(20)
        recorded.refuse(20, .control(detail: "backfill march by ann"), rule: "")
        recorded.emit(
            17, standing: .finished(.accepted, at: time(22), cause: nil),
            attempts: [attempt(1, at: 21, acceptance(at: 22))])
        recorded.latestWasMade(by: 20)
        recorded.refuse(18, .duplicate(winner: 17), key: ["42"], to: "ann@shop.test")
        recorded.latestWasMade(by: 20)
        return recorded
    }

    @Test("A message of a past event says which act let it be sent, by whom and why")
    func emitted() throws {
        try expectGolden("backfilled", .recipient("ann@shop.test", RecipientFilter()), in: story())
    }

    @Test("An event tells both what was decided as it came and what a backfill decided, that first")
    func both() throws {
        try expectGolden("backfilled-event", .event("evt-1"), in: story())
        let answer = try Why.answer(
            .position(18), in: story(), now: time(60), providerCapability: capability)
        #expect(answer.stories.map(\.decision.reason.word) == ["duplicate", "no_rule"])
        #expect(answer.text.contains("Nothing was sent for event #18 (order.placed) when it came: no rule"))
        #expect(answer.text.contains("Event #18 was decided by a backfill, event #20, that ann asked for on"))
    }

    @Test("A past event that loses to a newer one is not called later, and counts once however often it lost")
    func olderLoser() throws {
        var recorded = Recorded()
        recorded.append(16)
        recorded.refuse(16, .noRule, rule: "")
        recorded.append(17)
        recorded.emit(
            17, standing: .finished(.accepted, at: time(19), cause: nil),
            attempts: [attempt(1, at: 18, acceptance(at: 19))])
        for position: Int64 in [20, 21] {
            recorded.backfill(position)
            recorded.refuse(16, .duplicate(winner: 17), key: ["42"], to: "ann@shop.test")
            recorded.latestWasMade(by: position)
        }
        try expectGolden("backfilled-older-loser", .keyPart("42"), in: recorded)
    }

    @Test("What was recorded by the person cannot forge a line")
    func hostile() throws {
        var recorded = story()
        recorded.log.removeLast()
        recorded.backfill(20, by: "ann\u{1B}[2K", because: "late\nNothing was sent.")
        let answer = try Why.answer(
            .position(17), in: recorded, now: time(60), providerCapability: capability)
        #expect(!answer.text.contains("\u{1B}") && !answer.text.contains("\nNothing was sent."))
    }

    @Test("A decision about a past event whose act is no backfill is damage, not an answer")
    func damaged() throws {
        var recorded = story()
        recorded.log.removeLast()
        recorded.append(20)
        #expect(throws: StoreError.self) {
            try Why.answer(.position(17), in: recorded, now: time(60), providerCapability: capability)
        }
    }
}
