// The log as replay sees it: a connection of its own, on which every statement runs in a transaction that is
// READ ONLY and REPEATABLE READ. A transaction alone can still NOTIFY, and its mode is the client's own word:
// the role that it runs under should have SELECT only, as the reader of `migrate roles` has.
import CLibPQ
package import SendonceCore
package import SendonceStore

/// Reads a migrated database and has no method that writes. Nothing else runs SQL on this connection.
package final class PostgresReplayLog: Sendable {
    package let beside: [any RecordReader]
    private let session: Session
    /// Shared by all connections of a replay; nil: each goes as fast as it can.
    let turns: ServerTurns?

    /// `readers`: how many more connections are opened, for as many threads. `givesWay`: all of them together
    /// hold back while others write on the server (`ServerPace`).
    ///
    /// Errors: `.unavailable` if the server cannot be reached or must not be used; `.schemaTooOld`,
    /// `.schemaFromTheFuture`, `.damaged`.
    package convenience init(
        _ settings: PostgresSettings, readers: Int = 0, givesWay: Bool = false
    ) throws(StoreError) {
        let turns = givesWay ? ServerTurns() : nil
        var beside: [any RecordReader] = []
        for _ in 0..<readers { beside.append(try PostgresReplayLog(settings, turns, [])) }
        try self.init(settings, turns, beside)
    }

    private init(
        _ settings: PostgresSettings, _ turns: ServerTurns?, _ beside: [any RecordReader]
    ) throws(StoreError) {
        self.turns = turns
        self.beside = beside
        session = Session(settings)
        let version = try session.snapshot { (session: Session) throws(StoreError) in
            try PostgresMigration.check(session)
        }
        guard version == PostgresMigration.newest else {
            throw .schemaTooOld(found: version, needed: PostgresMigration.newest)
        }
    }

    /// How long the longest transaction of all connections was, without waiting and resting; nil where none
    /// gives way. For whoever measures.
    package var longestMilliseconds: Double? { turns.map { $0.longest / .milliseconds(1) } }

    // MARK: Use

    /// Runs `body` so that all its statements see the same state of the database.
    func snapshot<Result>(
        _ body: (Session) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        guard let turns else { return try session.pageSnapshot(body) }
        return try turns.take { (looks: Bool) throws(StoreError) in
            if looks { turns.note(written: writtenRows()) }
            return try session.pageSnapshot { (session: Session) throws(StoreError) in
                try turns.timed { () throws(StoreError) in try body(session) }
            }
        }
    }

    /// In a transaction of its own: older servers may take a while to answer, and nothing fails with it.
    private func writtenRows() -> Int64? {
        let written = try? session.pageSnapshot { (session: Session) throws(StoreError) in
            try session.first(ServerTurns.writtenSQL) { $0.integerIfAny(0) } ?? nil
        }
        return written ?? nil
    }
}

extension PostgresReplayLog: LogReader {
    package func head() throws(StoreError) -> LogHead {
        try snapshot { (session: Session) throws(StoreError) in try session.lastEvent() }
    }

    package func activations() throws(StoreError) -> [Activation] {
        try snapshot { (session: Session) throws(StoreError) in
            var activations = try session.rows(
                "SELECT \(Activation.columns) FROM outbox_activation ORDER BY position"
            ) { (row: Row) throws(StoreError) in try Activation(row) }
            let scopes = try session.rows("SELECT position, rule, scope FROM outbox_scope") {
                ($0.integer(0), $0.text(1), $0.text(2))
            }
            for (position, rule, scope) in scopes {
                for index in activations.indices where activations[index].position == position {
                    activations[index].scopes[rule] = scope
                }
            }
            return activations
        }
    }

    package func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        try snapshot { (session: Session) throws(StoreError) in try session.ruleSetFiles(digest) }
    }

    package func events(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent] {
        // The sum of all sizes before a row says whether the row still fits.
        let sql = """
            SELECT \(LoggedEvent.columns) FROM (
                SELECT *, sum(octet_length(payload)) OVER (ORDER BY position) AS size,
                    row_number() OVER (ORDER BY position) AS place
                FROM (SELECT * FROM outbox_log WHERE position > $1 ORDER BY position LIMIT $2) page
            ) sized WHERE size <= $3 OR place = 1 ORDER BY position
            """
        return try snapshot { (session: Session) throws(StoreError) in
            try session.rows(sql) {
                $0.add(position)
                $0.add(limit)
                $0.add(bytes)
            } read: { (row: Row) throws(StoreError) in
                try LoggedEvent(row)
            }
        }
    }
}

extension PostgresReplayLog: RecordReader {
    /// A page is some milliseconds, so that the ways to the server and back are little of it.
    package var pageEvents: Int { 2_048 }

    package func read(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        page.removeAll()
        try snapshot { (session: Session) throws(StoreError) in
            page.through = try end(of: request, session)
            try session.copy(
                CopyOut(
                    query: Self.eventSQL(request.after, page.through), forms: EventRow.forms,
                    rows: page.events),
                CopyOut(
                    query: Self.decisionSQL(request.after, page.through), forms: DecisionRow.forms,
                    rows: page.decisions))
            for index in page.decisions.ends.indices
            where DecisionRow.isEmitted(page.decisions.row(index)) {
                page.emitted += 1
            }
        }
    }

    package func readCommands(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        page.commands.removeAll()
        try snapshot { (session: Session) throws(StoreError) in
            try session.copy(
                CopyOut(
                    query: Self.commandSQL(request, page), forms: CommandRow.forms, rows: page.commands))
        }
    }

    /// The last position whose events fit. Sizes are known without fetching a payload, and one page is never
    /// much larger than asked.
    private func end(of request: RecordRequest, _ session: Session) throws(StoreError) -> Int64 {
        let end = request.end
        let size = try session.first(Self.sizeSQL) {
            $0.add(request.after)
            $0.add(end)
        } read: {
            $0.integer(0)
        }
        guard let size, size > request.bytes else { return end }
        let last = try session.first(Self.lastSQL) {
            $0.add(request.after)
            $0.add(end)
            $0.add(request.bytes)
        } read: {
            $0.integerIfAny(0)
        }
        return (last ?? nil) ?? end
    }

    private static let sizeSQL =
        "SELECT sum(octet_length(payload)) FROM outbox_log WHERE position > $1 AND position <= $2"
    /// The last position that fits, where not all do.
    private static let lastSQL = """
        SELECT max(position) FILTER (WHERE size <= $3 OR place = 1) FROM (
            SELECT position, sum(octet_length(payload)) OVER (ORDER BY position) AS size,
                row_number() OVER (ORDER BY position) AS place
            FROM outbox_log WHERE position > $1 AND position <= $2
        ) sized
        """

    private static func eventSQL(_ after: Int64, _ through: Int64) -> String {
        """
        SELECT \(EventRow.columns) FROM outbox_log
        WHERE position > BIGINT '\(after)' AND position <= \(through)
        ORDER BY position
        """
    }

    private static func decisionSQL(_ after: Int64, _ through: Int64) -> String {
        """
        SELECT \(DecisionRow.columns) FROM outbox_decision
        WHERE position > BIGINT '\(after)' AND position <= \(through)
        ORDER BY position, rule, item
        """
    }

    /// Up to the first command, in the order of numbers, that lies behind the page; with a lookahead up to
    /// the one after so many.
    private static func commandSQL(_ request: RecordRequest, _ page: RecordPage) -> String {
        let (number, through) = (request.number, page.through)
        let limit = request.mostCommands(in: page)
        return """
            SELECT \(CommandRow.columns) FROM outbox_command
            WHERE number > BIGINT '\(number)' AND number <= BIGINT '\(request.lastNumber)'
                AND position <= \(through)
                AND number < coalesce((SELECT number FROM outbox_command
                    WHERE number > BIGINT '\(number)' AND number <= BIGINT '\(request.lastNumber)'
                        AND position > \(through)
                    ORDER BY number LIMIT 1 OFFSET \(request.lookahead)), \(Int64.max))
            ORDER BY number LIMIT \(limit)
            """
    }

    package func extent() throws(StoreError) -> LogExtent {
        try snapshot { (session: Session) throws(StoreError) in
            let number = try session.first("SELECT max(number) FROM outbox_command") { $0.integer(0) }
            return LogExtent(head: try session.lastEvent(), number: number ?? 0)
        }
    }

    package func emitted(_ positions: ClosedRange<Int64>) throws(StoreError) -> Int64 {
        let sql = """
            SELECT count(*) FROM outbox_decision
            WHERE position >= $1 AND position <= $2 AND reason = 'emitted'
            """
        return try snapshot { (session: Session) throws(StoreError) in
            try session.first(sql) {
                $0.add(positions.lowerBound)
                $0.add(positions.upperBound)
            } read: {
                $0.integer(0)
            } ?? 0
        }
    }

    package func names(
        after place: NamePlace?, through position: Int64, limit: Int, into rows: RowBuffer
    ) throws(StoreError) {
        try snapshot { (session: Session) throws(StoreError) in
            var condition = ""
            if let place {
                let (id, source) = (try session.quoted(place.id), try session.quoted(place.source))
                condition = "AND (id, source, position) > (\(id), \(source), \(place.position))"
            }
            let query = """
                SELECT \(NameRow.columns) FROM outbox_log
                WHERE id IS NOT NULL AND position <= \(position) \(condition)
                ORDER BY id, source, position LIMIT \(limit)
                """
            try session.copy(CopyOut(query: query, forms: NameRow.forms, rows: rows))
        }
    }

    package func ledger(after key: LedgerPlace?, limit: Int, into rows: RowBuffer) throws(StoreError) {
        try snapshot { (session: Session) throws(StoreError) in
            var condition = ""
            if let key {
                // The index holds the beginning of a key; keys that share it stand in the order of their
                // digests.
                condition = """
                    WHERE (left(key, 200), key_digest, slot, generation)
                        > (left(\(try session.quoted(key.key)), 200), \(session.quoted(bytes: key.digest)),
                            \(try session.quoted(key.slot)), \(key.generation))
                    """
            }
            let query = """
                SELECT \(LedgerRow.columns) FROM outbox_ledger \(condition)
                ORDER BY left(key, 200), key_digest, slot, generation LIMIT \(limit)
                """
            try session.copy(CopyOut(query: query, forms: LedgerRow.forms, rows: rows))
        }
    }

    package func deliveries(_ numbers: ClosedRange<Int64>, into page: DeliveryPage) throws(StoreError) {
        page.removeAll()
        let range = "command >= \(numbers.lowerBound) AND command <= \(numbers.upperBound)"
        try snapshot { (session: Session) throws(StoreError) in
            try session.copy(
                CopyOut(
                    query: "SELECT command FROM outbox_queue WHERE \(range) ORDER BY command",
                    forms: NumberRow.forms(1), rows: page.queued),
                CopyOut(
                    query: """
                        SELECT command, attempt, token, started_at FROM outbox_attempt WHERE \(range)
                        ORDER BY command, attempt
                        """, forms: NumberRow.forms(4), rows: page.attempts),
                CopyOut(
                    query: """
                        SELECT command, attempt, finished_at FROM outbox_outcome WHERE \(range)
                        ORDER BY command, attempt
                        """, forms: NumberRow.forms(3), rows: page.outcomes),
                CopyOut(
                    query: """
                        SELECT command, at, CASE WHEN state = 'accepted' THEN 1::bigint ELSE 0 END
                        FROM outbox_finish
                        WHERE \(range) ORDER BY command
                        """,
                    forms: NumberRow.forms(3), rows: page.finishes))
        }
    }
}

extension Session {
    fileprivate func lastEvent() throws(StoreError) -> LogHead {
        try first("SELECT position, link FROM outbox_log ORDER BY position DESC LIMIT 1") {
            (row: Row) throws(StoreError) in
            LogHead(position: row.integer(0), link: try row.digest(1))
        } ?? .empty
    }
}
