// A log whose rules came late: the stage of the tests of backfill.
import GRDB
import SendonceCore
import SendonceProjection
import SendonceSQLite
import SendonceStore

/// Events are decided under a rule that nobody's event triggers, until a test brings another one into force.
struct LateShop {
    let scratch: ScratchStore
    var store: SQLiteStore { scratch.store }

    /// Two days after the first event.
    static let now = minute(2_880)

    init(rules: [String] = [RulesText.rule("other", event: "nobody.cares")]) throws {
        scratch = try ScratchStore()
        try activate(rules)
    }

    static func minute(_ minute: Int) -> Timestamp {
        Timestamp(microseconds: 1_795_219_200_000_000) + .minutes(Int64(minute))
    }

    func activate(_ rules: [String]) throws {
        let plan = try RuleSetActivation.plan(RulesText.parsed(rules), in: store)
        _ = try RuleSetActivation.activate(
            plan, actor: "ann", reason: "rules", confirmedKeys: 1_000_000, now: Self.now, in: store)
    }

    func append(
        _ type: Text = "order.placed", order: Int, at minute: Int = 0, id: Text? = nil, user: Int = 0,
        email: String = "a@x.test"
    ) throws {
        let payload = #"{"order":\#(order),"user":\#(user),"email":"\#(email)"}"#
        _ = try store.append(
            NewEvent(
                id: id, type: type, payload: Array(payload.utf8), occurredAt: Text(Self.minute(minute).text)))
    }

    func project() throws {
        let projector = LiveProjector(store: store)
        while case .moved = try projector.step(now: Self.now) {}
    }

    func backfill(
        _ rule: Text = "late", from: BackfillBound = .position(1), through: BackfillBound? = nil,
        name: Text? = nil, in other: (any RuleBackfill.Store)? = nil
    ) throws -> RuleBackfill {
        let head = BackfillBound.position(try store.head().position)
        return try RuleBackfill(
            BackfillRequest(
                rule: rule, from: from, through: through ?? head, actor: "ann", reason: "rule added late",
                name: name), in: other ?? store)
    }

    /// Does what the plan says, with its number.
    @discardableResult
    func run(_ backfill: RuleBackfill, now: Timestamp = now) throws -> Backfill {
        try backfill.run(confirmed: try backfill.plan(now: now).toConfirm, now: { now })
    }

    /// `event reason` of each decision that a backfill made, in order.
    func decided() throws -> [String] {
        try scratch.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT event || ' ' || reason FROM outbox_decision WHERE event IS NOT NULL
                    ORDER BY position, rule, item
                    """)
        }
    }

    /// `position cancelled_by superseded_by` of what is queued, by position.
    func queued() throws -> [String] {
        try scratch.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT c.position || ' ' || coalesce(q.cancelled_by, '-') || ' '
                        || coalesce(q.superseded_by, '-')
                    FROM outbox_queue q JOIN outbox_command c ON c.number = q.command
                    ORDER BY c.position, c.number
                    """)
        }
    }

    /// Every key that was won, whoever won it.
    func keys() throws -> Set<String> {
        try scratch.read { database in
            try Set(String.fetchAll(database, sql: "SELECT scope || key || slot FROM outbox_ledger"))
        }
    }
}
