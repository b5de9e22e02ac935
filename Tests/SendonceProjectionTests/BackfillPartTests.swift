// A backfill of many parts: interrupted, continued, done by two at once, and made again from the log alone.
import GRDB
import SendonceCore
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Testing

@Suite("Backfill: many parts")
struct BackfillPartTests {
    private static let count = 2 * Limits.backfillEvents + 100

    private func shop() throws -> LateShop {
        let shop = try LateShop()
        for order in 1...Self.count { try shop.append(order: order, at: order) }
        try shop.project()
        try shop.activate([RulesText.rule("late")])
        return shop
    }

    @Test("Each part is an event of its own, and together they are the range without holes")
    func parts() throws {
        let shop = try shop()
        var parts: [Backfill] = []
        try shop.backfill().run(confirmed: .max, now: { LateShop.now }) { parts.append($0) }
        #expect(parts.map(\.part) == [1, 2, 3])
        #expect(parts.map(\.first) == [1] + parts.dropLast().map { $0.last + 1 })
        #expect(parts.last?.last == parts.first?.range.through)
        #expect(parts.map(\.totals.events) == [500, 1_000, Int64(Self.count)])
        #expect(try shop.keys().count == Self.count)
        #expect(
            try shop.scratch.number("SELECT count(*) FROM outbox_log WHERE event_type = 'sendonce.backfill'")
                == 3)
    }

    @Test("Interrupted after any part, the same request goes on where it stopped", arguments: 0...2)
    func interrupted(after: Int) throws {
        let shop = try shop()
        var calls = 0
        let backfill = try shop.backfill()
        let failing = { () throws(StoreError) -> Timestamp in
            calls += 1
            if calls > after { throw .unavailable("no space left") }
            return LateShop.now
        }
        #expect(throws: BackfillError.store(.unavailable("no space left"))) {
            try backfill.run(confirmed: .max, now: failing)
        }
        let plan = try backfill.plan(now: LateShop.now)
        #expect(plan.toConfirm == Self.count && plan.done?.part ?? 0 == after)
        let done = try backfill.run(confirmed: Int64(Self.count), now: { LateShop.now })
        #expect(done.isLast && done.part == 3 && done.totals.emitted == Self.count)
        #expect(try shop.keys().count == Self.count)
        #expect(try shop.decided().count == Self.count)
    }

    @Test("Two processes with one request share its parts, and each is written once")
    func together() throws {
        let shop = try shop()
        let other = try shop.backfill()
        // Whenever the first is about to act, the second does all that is left.
        let changing = ChangingStore(store: shop.store) {
            try other.run(confirmed: .max, now: { LateShop.now })
        }
        let request = try shop.backfill(in: changing)
        #expect(try request.run(confirmed: .max, now: { LateShop.now }).part == 3)
        #expect(
            try shop.scratch.number("SELECT count(*) FROM outbox_log WHERE event_type = 'sendonce.backfill'")
                == 3)
        #expect(try shop.decided().count == Self.count)
    }

    @Test("Two processes at once, each on a thread of its own, come to what one would have")
    func racing() async throws {
        let shop = try shop()
        let request = BackfillRequest(
            rule: "late", from: .position(1), through: .position(try shop.store.head().position),
            actor: "ann", reason: "race")
        let path = shop.scratch.path
        try await withThrowingTaskGroup(of: Backfill.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try RuleBackfill(request, in: try SecondStore.open(path))
                        .run(confirmed: .max, now: { LateShop.now })
                }
            }
            for try await done in group { #expect(done.isLast && done.part == 3) }
        }
        #expect(try shop.decided().count == Self.count)
        #expect(try shop.keys().count == Self.count)
    }

    @Test("A part holds no more decisions than its limit, whatever single events select")
    func manyRecipients() throws {
        let shop = try LateShop()
        let addresses = (1...90).map { "\"a\($0)@x.test\"" }.joined(separator: ",")
        for order in 1...30 {
            _ = try shop.store.append(
                NewEvent(
                    type: "order.placed", payload: Array(#"{"order":\#(order),"email":[\#(addresses)]}"#.utf8)
                ))
        }
        try shop.project()
        try shop.activate([RulesText.rule("late", key: "data.order, recipient")])
        try shop.run(shop.backfill())
        let most = """
            SELECT max(n) FROM (
                SELECT count(*) AS n FROM outbox_decision WHERE event IS NOT NULL GROUP BY position)
            """
        #expect(try shop.scratch.number(most) <= Limits.backfillDecisions)
        #expect(try shop.keys().count == 2_700)
    }
}
