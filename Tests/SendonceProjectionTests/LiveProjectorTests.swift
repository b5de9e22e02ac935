// The projector at work: what stops it (nothing that an event says), what bounds it, what a failure leaves
// behind.
import GRDB
import SendonceCore
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Testing

@Suite("Live projector")
struct LiveProjectorTests {
    private let scratch: ScratchStore
    private var store: SQLiteStore { scratch.store }
    private let now = Timestamp(microseconds: 1_000_000)

    init() throws {
        scratch = try ScratchStore()
    }

    private func activate() throws {
        try RulesText.activate([RulesText.rule("a")], in: store, now: now)
    }

    private func append(_ payloads: String...) throws {
        for payload in payloads {
            _ = try store.append(NewEvent(type: "order.placed", payload: Array(payload.utf8)))
        }
    }

    private func order(_ number: Int, note: String = "") -> String {
        #"{"order":\#(number),"email":"a@x.test","note":"\#(note)"}"#
    }

    /// Events and commands of one step.
    private func moved(by projector: LiveProjector) throws -> [Int]? {
        guard case .moved(let counts) = try projector.step(now: now) else { return nil }
        return [counts.events, counts.emitted]
    }

    @Test("Without a rule set nothing is moved, so that no event is decided before anybody wrote a rule")
    func noRuleSet() throws {
        let projector = LiveProjector(store: store)
        #expect(try projector.step(now: now) == .idle)
        try append(order(1))
        #expect(try projector.step(now: now) == .noRuleSet)
        #expect(try scratch.number("SELECT count(*) FROM outbox") == 1)
        #expect(try scratch.number("SELECT count(*) FROM outbox_log") == 0)
        try activate()
        #expect(try moved(by: projector) == [1, 1])
        #expect(try projector.step(now: now) == .idle)
    }

    @Test("No event stops the projector, whatever stands in it: each gets a position and a decision")
    func poison() throws {
        try activate()
        let deep = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
        try append(
            #"{"order":"\u0000","email":"a@x.test"}"#, #"{"order":"\ud800"}"#, #"{"d":\#(deep)}"#,
            #"{"order":1,"order":2}"#, "{}", #"{"order":1e999,"email":"a@x.test"}"#,
            #"{"order":1,"email":"a@x.test\r\nBcc: b@x.test"}"#,
            #"{"order":"\#(String(repeating: "9", count: 1_000_000))","email":"a@x.test"}"#, order(1))
        let projector = LiveProjector(store: store, batchEvents: 4)
        while case .moved = try projector.step(now: now) {}
        let reasons = try scratch.read {
            try String.fetchAll(
                $0, sql: "SELECT reason FROM outbox_decision WHERE position > 1 ORDER BY position")
        }
        #expect(
            reasons == [
                "payload_invalid", "payload_invalid", "payload_invalid", "payload_invalid",
                "recipient_missing",
                "key_invalid", "recipient_invalid", "key_invalid", "emitted",
            ])
        #expect(try scratch.number("SELECT count(*) FROM outbox") == 0)
    }

    @Test("What an event of long ago sends is due when it is decided, behind what was due already")
    func lateEvent() throws {
        try activate()
        _ = try store.append(
            NewEvent(
                type: "order.placed", payload: Array(order(1).utf8), occurredAt: "1970-01-01T00:00:00.5Z"))
        #expect(try moved(by: LiveProjector(store: store)) == [1, 1])
        #expect(try scratch.number("SELECT not_before FROM outbox_command") == 500_000)
        #expect(try scratch.number("SELECT due_at FROM outbox_queue") == Int(now.microseconds))
    }

    @Test("A batch has at most as many events as it may")
    func eventLimit() throws {
        try activate()
        for number in 1...7 { try append(order(number)) }
        let projector = LiveProjector(store: store, batchEvents: 3)
        var sizes: [Int] = []
        while case .moved(let counts) = try projector.step(now: now) { sizes.append(counts.events) }
        #expect(sizes == [3, 3, 1])
    }

    @Test("Events that are read ahead are decided as if they came one by one")
    func readAhead() throws {
        // Repeats of a key and of a name stand within a chunk, in neighbouring chunks and far apart.
        let alone = try ScratchStore()
        for store in [store, alone.store] {
            try RulesText.activate([RulesText.rule("a")], in: store, now: now)
            for number in 0..<1_300 {
                _ = try store.append(
                    NewEvent(
                        id: number % 7 == 0 ? Text("name\(number % 301)") : nil, type: "order.placed",
                        payload: Array(order(number % 411).utf8), occurredAt: "2026-11-21T00:00:00Z"))
            }
        }
        let long = LiveProjector(store: store)
        #expect(try moved(by: long)?.first == 1_300)
        let short = LiveProjector(store: alone.store, batchEvents: 1)
        while case .moved = try short.step(now: now) {}
        for table in ["outbox_log", "outbox_decision", "outbox_ledger", "outbox_command", "outbox_queue"] {
            let order = table == "outbox_ledger" ? "position" : "1"
            let sql = "SELECT * FROM \(table) ORDER BY \(order)"
            let rows = try scratch.read { try Row.fetchAll($0, sql: sql) }
            #expect(!rows.isEmpty)
            #expect(try alone.read { try Row.fetchAll($0, sql: sql) } == rows, "\(table)")
        }
    }

    @Test("A batch stops at its limit of decisions, in the middle of what was read ahead")
    func decisionLimit() throws {
        let many = (0..<40).map { RulesText.rule("r\($0)") }
        try RulesText.activate(many, in: store, now: now)
        for number in 0..<300 { try append(order(number)) }
        let projector = LiveProjector(store: store)
        var sizes: [Int] = []
        while case .moved(let counts) = try projector.step(now: now) { sizes.append(counts.events) }
        #expect(sizes == [Limits.batchDecisions / 40, 300 - Limits.batchDecisions / 40])
    }

    @Test("A batch has at most as many payload bytes as it may, but always one event")
    func byteLimit() throws {
        try activate()
        let heavy = String(repeating: "x", count: 1_000)
        try append(
            order(1), order(2), order(3, note: heavy), order(4), order(5, note: heavy), order(6, note: heavy))
        let projector = LiveProjector(store: store, batchBytes: 1_000)
        var sizes: [Int] = []
        while case .moved(let counts) = try projector.step(now: now) { sizes.append(counts.events) }
        #expect(sizes == [2, 1, 1, 1, 1])
    }

    @Test(
        "A transaction that fails leaves intake, log and ledger as they were, and the next one does all",
        arguments: FailingStore.Point.allCases)
    func failure(at point: FailingStore.Point) throws {
        try activate()
        try append(order(1), order(1), order(2))
        let failing = FailingStore(store: store, point: point)
        let error = #expect(throws: StoreError.self) { try LiveProjector(store: failing).step(now: now) }
        #expect(error == .unavailable("no space left"))
        for (table, count) in [
            ("outbox", 3), ("outbox_log", 1), ("outbox_decision", 1), ("outbox_command", 0),
            ("outbox_ledger", 0), ("outbox_queue", 0),
        ] {
            #expect(try scratch.number("SELECT count(*) FROM \(table)") == count, "\(table)")
        }
        #expect(try moved(by: LiveProjector(store: store)) == [3, 2])
        let positions = try scratch.read {
            try Int.fetchAll($0, sql: "SELECT position FROM outbox_log ORDER BY position")
        }
        #expect(positions == [1, 2, 3, 4])
    }

    @Test("A projector notices an activation that somebody else made between two batches")
    func newRules() throws {
        try activate()
        let projector = LiveProjector(store: store)
        try append(order(1))
        #expect(try moved(by: projector) == [1, 1])
        let parsed = try RulesText.parsed(RulesText.rule("a"), RulesText.rule("b"))
        let plan = try RuleSetActivation.plan(parsed, in: store)
        _ = try RuleSetActivation.activate(
            plan, actor: "bob", reason: "", confirmedKeys: nil, now: now, in: store)
        try append(order(1))
        #expect(try moved(by: projector) == [1, 1])
        let rules = try scratch.read {
            try String.fetchAll($0, sql: "SELECT rule FROM outbox_decision WHERE position = 4 ORDER BY rule")
        }
        #expect(rules == ["a", "b"])
    }
}
