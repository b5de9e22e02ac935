// Letting a rule decide past events: what is won stays won, what is dead stays unsent, and every act is done
// once.
import GRDB
import SendonceCore
import SendonceJSON
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Testing

@Suite("Backfill")
struct BackfillTests {
    /// Four orders that no rule cared about, #2 to #5, the last one of a key that the first one has.
    private func orders(_ extra: [String] = []) throws -> LateShop {
        let shop = try LateShop()
        for (place, order) in [1, 2, 3, 1].enumerated() { try shop.append(order: order, at: place) }
        try shop.project()
        try shop.activate([RulesText.rule("late", extra: extra)])
        return shop
    }

    @Test("A plan counts what would be, shows a sample, and writes nothing")
    func plan() throws {
        let shop = try orders()
        let plan = try shop.backfill().plan(now: LateShop.now)
        #expect(plan.events == 4 && plan.emitted == 3 && plan.sendable == 3 && plan.toConfirm == 3)
        #expect(plan.reasons == ["emitted": 3, "duplicate": 1])
        #expect(plan.lostBefore == 0 && plan.wonBefore == 0 && plan.done == nil)
        #expect(plan.sample.map(\.decision.about) == [2, 3, 4, 5])
        #expect(plan.sample.map(\.fate) == [.send, .send, .send, .refused])
        #expect(try shop.scratch.number("SELECT count(*) FROM outbox_log") == 6)
        #expect(try shop.scratch.number("SELECT count(*) FROM outbox_command") == 0)
    }

    @Test("The act is an event of the log that says who, why, what and how far")
    func recorded() throws {
        let shop = try orders()
        let done = try shop.run(shop.backfill())
        #expect(try shop.decided() == ["2 emitted", "3 emitted", "4 emitted", "5 duplicate"])
        let event = try #require(try shop.store.event(at: 7)?.event)
        #expect(event.type == "sendonce.backfill" && event.source == "sendonce")
        #expect(event.subject == done.request)
        #expect(Backfill(payload: event.payload) == done)
        #expect(done.actor == "ann" && done.reason == "rule added late" && done.rule == "late")
        #expect((done.first, done.last, done.part) == (1, 6, 1) && done.isLast)
        #expect(done.totals == BackfillTotals(events: 4, emitted: 3, sendable: 3))
        let own = try shop.store.decisions(at: 7)
        #expect(own.map(\.reason.word) == ["control"])
        let detail = try shop.scratch.read {
            try String.fetchOne(
                $0, sql: "SELECT detail FROM outbox_decision WHERE position = 7 AND rule = ''")
        }
        #expect(
            detail
                == "request \(done.request) by ann: rule late decided events #1 to #6: "
                + "3 emitted, 1 duplicate (rule added late)")
        #expect(
            try shop.store.decisions(at: 5).map(\.reason) == [.noRule, .duplicate(winner: 2)])
    }

    @Test("A command is made from the past event, under the rules in force, and is due now")
    func command() throws {
        let shop = try orders(["delay: 1h"])
        try shop.run(shop.backfill())
        let message = try #require(
            try shop.store.messages(MessageFilter(), before: nil, limit: 9).last)
        #expect(message.position == 2 && message.number == 1)
        #expect(message.ruleSet == (try shop.store.activation()?.ruleSet))
        #expect(message.notBefore == LateShop.minute(60))
        guard case .queued(let queue) = message.standing else {
            Issue.record("\(message.standing)")
            return
        }
        #expect(queue.dueAt == LateShop.now)
        #expect(try shop.scratch.number("SELECT position FROM outbox_ledger WHERE key = '[\"3\"]'") == 4)
    }

    @Test(
        "A request that is finished does nothing when it is given again, and neither does another name of it")
    func twice() throws {
        let shop = try orders()
        let first = try shop.run(shop.backfill(through: .position(5)))
        let again = try shop.backfill(through: .position(5))
        #expect(try again.plan(now: LateShop.now).isFinished)
        #expect(try again.run(confirmed: 0, now: { LateShop.now }) == first)
        #expect(try shop.store.head().position == 7)
        let other = try shop.backfill(through: .position(5), name: "once-more")
        let plan = try other.plan(now: LateShop.now)
        #expect(plan.emitted == 0 && plan.wonBefore == 3 && plan.lostBefore == 1)
        try shop.run(other)
        #expect(try shop.scratch.number("SELECT count(*) FROM outbox_command") == 3)
        #expect(try shop.decided().suffix(1) == ["5 duplicate"])
    }

    @Test("A name that stands for something else is refused, and so is a request that cannot be")
    func refused() throws {
        let shop = try orders()
        try shop.run(shop.backfill(name: "march"))
        func words(_ make: () throws -> RuleBackfill) -> String {
            do {
                _ = try make().plan(now: LateShop.now)
                return "planned"
            } catch let error as BackfillError {
                return error.description
            } catch {
                return "\(error)"
            }
        }
        #expect(words { try shop.backfill(through: .position(3), name: "march") }.contains("another one"))
        #expect(words { try shop.backfill("lat") }.contains("did you mean late?"))
        #expect(words { try shop.backfill(from: .position(0)) }.contains("begin with 1"))
        #expect(words { try shop.backfill(through: .position(99)) }.contains("the log ends at #7"))
        #expect(words { try shop.backfill(from: .position(4), through: .position(3)) }.contains("behind"))
        #expect(
            words { try shop.backfill(from: .time(LateShop.minute(9)), through: .time(LateShop.minute(1))) }
                .contains("is later than"))
        #expect(words { try shop.backfill(name: "") }.contains("must have"))
        #expect(try LateShopWithoutRules().words().contains("no rules are in force"))
    }

    @Test("What can be sent beyond the confirmed number is refused, and nothing of that part is written")
    func unconfirmed() throws {
        let shop = try orders()
        let backfill = try shop.backfill()
        #expect(throws: BackfillError.unconfirmed(sendable: 3, confirmed: 2)) {
            try backfill.run(confirmed: 2, now: { LateShop.now })
        }
        #expect(try shop.store.head().position == 6)
        #expect(try shop.scratch.number("SELECT count(*) FROM outbox_ledger") == 0)
    }

    @Test("Expired messages are recorded, count for nobody's confirmation, and their gate stays shut")
    func expired() throws {
        let shop = try orders(["expires_after: 2880m"])
        let plan = try shop.backfill().plan(now: LateShop.now)
        #expect(plan.emitted == 3 && plan.expired == 1 && plan.sendable == 2)
        #expect(plan.sample.map(\.fate) == [.expired, .send, .send, .refused])
        let done = try shop.backfill().run(confirmed: 2, now: { LateShop.now })
        #expect(done.totals == BackfillTotals(events: 4, emitted: 3, sendable: 2))
        let report = try shop.store.claim(
            [RouteShare(route: "brevo", commands: 9)], now: LateShop.now, lease: .minutes(1), dispatcher: "d"
        ) { due in
            switch due.gates.check(at: LateShop.now, capability: .idempotent) {
            case .open: .attempt(request: .zero)
            case .finish(let state, let cause): .finish(state, cause: cause)
            case .hold(let reason): .hold(reason, detail: "")
            }
        }
        #expect(report.claimed.map(\.due.command.position) == [3, 4] && report.finished == 1)
        #expect(
            try shop.scratch.number("SELECT count(*) FROM outbox_finish WHERE state = 'expired'") == 1)
    }

    @Test("Only events that happened in the time are decided, wherever they stand")
    func times() throws {
        let shop = try orders()
        let backfill = try shop.backfill(from: .time(LateShop.minute(1)), through: .time(LateShop.minute(2)))
        #expect(try shop.run(backfill).range.through == 6)
        #expect(try shop.decided() == ["3 emitted", "4 emitted"])
        // The log has grown; what was asked for is the same and done.
        try shop.append(order: 9, at: 1)
        try shop.project()
        let again = try shop.backfill(from: .time(LateShop.minute(1)), through: .time(LateShop.minute(2)))
        #expect(try again.plan(now: LateShop.now).isFinished)
    }

    @Test("An event that its producer wrote twice is decided once")
    func repeated() throws {
        let shop = try LateShop()
        try shop.append(order: 1, id: "x")
        try shop.append(order: 2, id: "x")
        try shop.append("order.returned", order: 1, at: 3, id: "x")
        try shop.project()
        try shop.activate([
            RulesText.rule(
                "late", extra: ["cancel_on: { event: order.returned, key: [data.order] }"])
        ])
        try shop.run(shop.backfill())
        #expect(try shop.decided() == ["2 emitted", "3 repeated_event"])
        #expect(try shop.queued() == ["2 - -"])
    }

    @Test("A window looks on both sides of a past event, also at winners that are newer")
    func window() throws {
        let shop = try LateShop()
        for minute in [0, 30, 70, 200] { try shop.append(order: 1, at: minute) }
        try shop.project()
        try shop.activate([RulesText.rule("late", extra: ["within: 1h"])])
        try shop.append(order: 1, at: 90)
        try shop.project()
        try shop.run(shop.backfill())
        // #4 at 70 min lies closer than an hour to the winner #7 at 90 min.
        #expect(
            try shop.decided() == ["2 emitted", "3 within_window", "4 within_window", "5 emitted"])
        #expect(
            try shop.store.decisions(at: 4).last?.reason
                == .withinWindow(winner: 7, until: LateShop.minute(150)))
        // A later cancel means the newest event of the key, not the one that won last.
        let key = Key(scope: "late", parts: ["1"])
        let question = [
            LedgerQuestion(key: key, range: .latest), LedgerQuestion(key: key, range: .first),
        ]
        let winners = try shop.store.winners(question)
        #expect(question.map { winners[$0]?.map(\.position) } == [[7], [2]])
    }

    @Test("After other rules came into force a request ends, and says so")
    func overtaken() throws {
        let shop = try orders()
        let changing = ChangingStore(store: shop.store) {
            try shop.activate([RulesText.rule("late", extra: ["delay: 1h"])])
        }
        #expect(throws: BackfillError.overtaken(request: "march")) {
            try shop.backfill(name: "march", in: changing).run(confirmed: 9, now: { LateShop.now })
        }
        #expect(try shop.decided() == [])
    }
}

/// A log in which nobody ever activated anything.
private struct LateShopWithoutRules {
    func words() throws -> String {
        let scratch = try ScratchStore()
        let request = BackfillRequest(
            rule: "late", from: .position(1), through: .position(1), actor: "ann", reason: "why")
        do {
            _ = try RuleBackfill(request, in: scratch.store).plan(now: LateShop.now)
            return "planned"
        } catch {
            return error.description
        }
    }
}
