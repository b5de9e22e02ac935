// What a replay does with a backfill: the recorded decisions follow from the log before it, the ledger before
// it and its own event, fed as `BackfillReading` says. And what a backfill comes to, over random logs.
import GRDB
import ProcessSupport
import SendonceCore
import SendonceJSON
import SendonceProjection
import SendonceReading
import SendonceRules
import SendonceSQLite
import SendonceStore
import Testing

@Suite("Backfill: made again")
struct BackfillReplayTests {
    @Test("Every backfill follows from its event, the log and the ledger before it", arguments: 1...6)
    func recomputed(seed: UInt64) throws {
        let story = try Story(seed: seed)
        let shop = story.shop
        try story.play(activeFromStart: false)
        try shop.run(shop.backfill(name: "first"))
        for _ in 0..<20 { try story.append() }
        try shop.project()
        try shop.run(shop.backfill(name: "second"))
        let recorded = try recorded(shop)
        #expect(recorded.isEmpty == false)
        for position in try shop.store.positions(ofSubject: "first", limit: 9)
            + shop.store.positions(ofSubject: "second", limit: 9)
        {
            let made = try made(at: position, of: shop)
            #expect(made == recorded.filter { $0.hasPrefix("\(position) ") }, "seed \(seed)")
        }
    }

    @Test(
        "Under a rule that was active from the start a backfill of all events emits nothing", arguments: 1...6
    )
    func activeFromStart(seed: UInt64) throws {
        let story = try Story(seed: seed)
        try story.play(activeFromStart: true)
        let keys = try story.shop.keys()
        let done = try story.shop.run(story.shop.backfill())
        #expect(done.totals.emitted == 0 && done.totals.events > 0, "seed \(seed)")
        #expect(try story.shop.keys() == keys)
    }

    @Test("Done twice under two names it is the same as done once", arguments: 1...6)
    func twice(seed: UInt64) throws {
        let story = try Story(seed: seed)
        try story.play(activeFromStart: false)
        try story.shop.run(story.shop.backfill(name: "first"))
        let (keys, queued) = (try story.shop.keys(), try story.shop.queued())
        let again = try story.shop.run(story.shop.backfill(name: "second"))
        #expect(again.totals.emitted == 0, "seed \(seed)")
        #expect(try story.shop.keys() == keys && story.shop.queued() == queued)
    }

    @Test("A rule that came late has won, after a backfill, what one from the start has", arguments: 1...6)
    func late(seed: UInt64) throws {
        let (late, start) = (try Story(seed: seed, window: []), try Story(seed: seed, window: []))
        try start.play(activeFromStart: true)
        try late.play(activeFromStart: false)
        #expect(try late.shop.keys() != start.shop.keys())
        try late.shop.run(late.shop.backfill())
        #expect(try late.shop.keys() == start.shop.keys(), "seed \(seed)")
        #expect(try late.shop.keys().count > 5)
    }

    // MARK: Making it again

    /// What is recorded about past events, a line each.
    private func recorded(_ shop: LateShop) throws -> [String] {
        try shop.scratch.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT position || ' ' || item || ' #' || event || ' ' || reason || ' '
                        || coalesce(key, '') || ' ' || coalesce(recipient, '') || ' '
                        || coalesce(winner, '') || ' ' || coalesce(command, '')
                    FROM outbox_decision WHERE event IS NOT NULL ORDER BY position, item
                    """)
        }
    }

    /// The same from the rows that stand before `position`, step by step as `BackfillReading` asks for it.
    private func made(at position: Int64, of shop: LateShop) throws -> [String] {
        let act = try #require(try shop.store.event(at: position))
        let part = try #require(Backfill(payload: act.event.payload))
        let rules = try RulesInForce(try #require(try shop.store.activation()), from: shop.store)
        let rule = try #require(rules.rules.rule(named: part.rule))
        var reading = BackfillReading(rule, part.range)
        var names: [EventName: Int64] = [:]
        var past: [(Event, PastEvent)] = []
        for logged in try shop.store.events(after: 0, type: nil, limit: 10_000)
        where logged.position < position {
            var event = rules.past(logged, for: rule)
            if let id = logged.event.id {
                let name = EventName(source: logged.event.source, id: id)
                if let first = names[name] { event = event.repeating(first, for: rule) }
                names[name] = names[name] ?? logged.position
            }
            past.append((logged.event, event))
        }
        for (event, seen) in past where event.type == rule.event && part.first <= seen.position {
            guard seen.position <= part.last, part.range.contains(seen.position, seen.occurredAt) else {
                continue
            }
            reading.decide(later: seen)
        }
        // Backwards, and twice: neither matters.
        let types = BackfillReading.bearingTypes(rule)
        for (event, seen) in past.reversed() + past where types.contains(event.type) { reading.bear(seen) }
        var ledger = LedgerView(known: try answers(reading.questions(of: part), before: position, of: shop))
        let conclusion = reading.conclude(part, at: position, ledger: &ledger)
        return conclusion.decisions.map { decision in
            let facts = ReasonColumns(decision.reason, command: decision.command?.id)
            return "\(decision.position) \(decision.item) #\(decision.about) \(decision.reason.word) "
                + "\(decision.key?.text.string ?? "") \(decision.recipient?.string ?? "") "
                + "\(facts.winner.map(String.init) ?? "") \(facts.command?.description ?? "")"
        }
    }

    /// The ledger as it was: without what was decided at `position` or later.
    private func answers(
        _ questions: [LedgerQuestion], before position: Int64, of shop: LateShop
    ) throws -> [LedgerQuestion: [Winner]] {
        let later = try shop.scratch.read { database in
            try Set(
                String.fetchAll(
                    database,
                    sql: "SELECT command FROM outbox_decision WHERE reason = 'emitted' AND position >= ?",
                    arguments: [position]))
        }
        var answers: [LedgerQuestion: [Winner]] = [:]
        for question in Set(questions) {
            let whole = LedgerQuestion(
                key: question.key, range: .between(from: .earliest, before: .latest))
            let known = try shop.store.winners([whole])[whole, default: []].filter {
                !later.contains($0.command.description)
            }
            switch question.range {
            case .first: answers[question] = Array(known.prefix(1))
            case .latest: answers[question] = Array(known.suffix(1))
            case .between(let from, let end):
                answers[question] = known.filter { from <= $0.occurredAt && $0.occurredAt < end }
            }
        }
        return answers
    }
}

/// A random log and a random rule, from one seed.
private final class Story {
    let shop: LateShop
    private var random: SeededGenerator
    private let rules: [String]
    private let length: Int

    init(seed: UInt64, window: [String] = ["within: 1h", "every: 2h", "within: 5m"]) throws {
        random = SeededGenerator(seed: seed)
        var extra: [String] = []
        if let chosen = window.randomElement(using: &random), Bool.random(using: &random) {
            extra.append(chosen)
        }
        if Bool.random(using: &random) { extra.append("supersedes: [data.user]") }
        if Bool.random(using: &random) {
            extra.append("cancel_on: { event: order.returned, key: [data.order] }")
        }
        if Bool.random(using: &random) { extra.append("when: data.order != 3") }
        rules = [RulesText.rule("late", extra: extra)]
        length = Int.random(in: 60...160, using: &random)
        shop = try LateShop()
    }

    /// The rule comes before the first event, or somewhere among them.
    func play(activeFromStart: Bool) throws {
        let start = Int.random(in: length / 4...length / 2, using: &random)
        if activeFromStart { try shop.activate(rules) }
        for number in 0..<length {
            if number == start, !activeFromStart {
                try shop.project()
                try shop.activate(rules)
            }
            try append()
        }
        try shop.project()
    }

    func append() throws {
        let type: Text = Int.random(in: 0..<5, using: &random) == 0 ? "order.returned" : "order.placed"
        let id = Int.random(in: 0..<40, using: &random)
        let addresses = ["a@x.test", "b@x.test", "", "no address"]
        try shop.append(
            type, order: Int.random(in: 1...40, using: &random), at: Int.random(in: 0...600, using: &random),
            id: id < 20 ? Text("e\(id)") : nil, user: Int.random(in: 1...4, using: &random),
            email: addresses[min(Int.random(in: 0..<6, using: &random), 3)])
    }
}
