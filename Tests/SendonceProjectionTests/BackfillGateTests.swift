// What a past event may not send although its key is free: what was cancelled or superseded meanwhile.
import SendonceCore
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Testing

@Suite("Backfill: cancelled and superseded")
struct BackfillGateTests {
    private static let cancellable = RulesText.rule(
        "late", extra: ["cancel_on: { event: order.returned, key: [data.order] }"])
    private static let superseding = RulesText.rule("late", extra: ["supersedes: [data.user]"])

    @Test(
        "What a later event cancelled is emitted as cancelled by it, whether it lies in the range or not"
    )
    func cancelled() throws {
        let shop = try LateShop()
        try shop.append("order.returned", order: 1)
        for order in [1, 2, 3] { try shop.append(order: order) }
        try shop.append("order.returned", order: 2, at: 5)
        try shop.append("order.returned", order: 2, at: 6)
        try shop.project()
        try shop.activate([Self.cancellable])
        try shop.append("order.returned", order: 3, at: 7)
        try shop.project()
        let backfill = try shop.backfill(through: .position(5))
        let plan = try backfill.plan(now: LateShop.now)
        #expect(plan.emitted == 3 && plan.cancelled == 2 && plan.toConfirm == 1)
        #expect(plan.sample.map(\.fate) == [.send, .cancelled, .cancelled])
        try shop.run(backfill)
        // #2 came before the order, so it cancels nothing of it.
        #expect(
            try shop.decided() == ["3 emitted", "4 emitted", "5 emitted", "6 cancels", "9 cancels"])
        #expect(try shop.queued() == ["3 - -", "4 6 -", "5 9 -"])
        #expect(try shop.store.decisions(at: 6).map(\.reason.word) == ["no_rule", "cancels"])
    }

    @Test("A cancelling event that came between the plan and the act is not overlooked")
    func cancelledMeanwhile() throws {
        let shop = try LateShop()
        try shop.append(order: 1)
        try shop.project()
        try shop.activate([Self.cancellable])
        let changing = ChangingStore(store: shop.store) {
            try shop.append("order.returned", order: 1, at: 9)
            try shop.project()
        }
        try shop.backfill(in: changing).run(confirmed: 1, now: { LateShop.now })
        #expect(try shop.queued() == ["2 4 -"])
        #expect(try shop.decided() == ["2 emitted", "4 cancels"])
    }

    @Test("Of several past requests of one user only the newest is sent, and it displaces no newer one")
    func superseded() throws {
        let shop = try LateShop()
        // Order 3 happened last but one and came first; 4 comes live, after the activation.
        for (order, minute) in [(3, 30), (1, 10), (2, 20)] {
            try shop.append(order: order, at: minute, user: 7)
        }
        try shop.append(order: 9, at: 5, user: 8)
        try shop.project()
        try shop.activate([Self.superseding])
        try shop.append(order: 4, at: 40, user: 7)
        try shop.project()
        // The live one is sent and gone: nothing in the queue tells of it.
        let report = try shop.store.claim(
            [RouteShare(route: "brevo", commands: 9)], now: LateShop.now, lease: .minutes(1), dispatcher: "d"
        ) { _ in .attempt(request: .zero) }
        _ = try shop.store.settle(
            report.claimed.map {
                Settlement(
                    number: $0.due.number, attempt: $0.attempt, token: $0.token,
                    verdict: Verdict(.accepted, code: "ok"), step: .finish(.accepted), status: 200, issues: 1,
                    finishedAt: LateShop.now)
            })
        let backfill = try shop.backfill()
        let plan = try backfill.plan(now: LateShop.now)
        #expect(plan.emitted == 4 && plan.superseded == 3 && plan.toConfirm == 1)
        try shop.run(backfill)
        #expect(try shop.queued() == ["2 - 7", "3 - 7", "4 - 7", "5 - -"])
    }

    @Test("An older event does not displace a newer one that is queued, and a newer one does displace it")
    func queuedRivals() throws {
        let shop = try LateShop()
        try shop.append(order: 1, at: 10, user: 7)
        try shop.append(order: 2, at: 30, user: 8)
        try shop.project()
        try shop.activate([Self.superseding])
        try shop.append(order: 3, at: 20, user: 7)
        try shop.append(order: 4, at: 20, user: 8)
        try shop.project()
        #expect(try shop.queued() == ["5 - -", "6 - -"])
        try shop.run(shop.backfill(through: .position(3)))
        // #6 came after #3 but happened before it; live, too, only what is queued later would end it.
        #expect(try shop.queued() == ["2 - 5", "3 - -", "5 - -", "6 - -"])
    }

    @Test("A part that is written first knows of newer events that the same request decides later")
    func acrossParts() throws {
        let shop = try LateShop()
        let count = Limits.backfillEvents + 5
        for order in 1...count { try shop.append(order: order, at: order, user: order % 2) }
        try shop.project()
        try shop.activate([Self.superseding])
        let backfill = try shop.backfill()
        #expect(try backfill.plan(now: LateShop.now).toConfirm == 2)
        var parts: [Backfill] = []
        try backfill.run(confirmed: 2, now: { LateShop.now }) { parts.append($0) }
        #expect(parts.map(\.part) == [1, 2] && parts.map(\.totals.sendable) == [0, 2])
        let open = "SELECT count(*) FROM outbox_queue WHERE superseded_by IS NULL"
        #expect(try shop.scratch.number(open) == 2)
    }

    @Test("What lies outside the range and was never emitted supersedes nothing")
    func neverEmitted() throws {
        let shop = try LateShop()
        try shop.append(order: 1, at: 10, user: 7)
        try shop.append(order: 2, at: 20, user: 7)
        try shop.project()
        try shop.activate([Self.superseding])
        try shop.run(shop.backfill(through: .position(2)))
        #expect(try shop.queued() == ["2 - -"])
    }
}
