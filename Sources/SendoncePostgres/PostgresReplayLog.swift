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

    /// `readers`: how many more connections are opened, for as many threads.
    ///
    /// Errors: `.unavailable` if the server cannot be reached or must not be used; `.schemaTooOld`,
    /// `.schemaFromTheFuture`, `.damaged`.
    package init(_ settings: PostgresSettings, readers: Int = 0) throws(StoreError) {
        var beside: [any RecordReader] = []
        for _ in 0..<readers { beside.append(try PostgresReplayLog(settings)) }
        self.beside = beside
        session = Session(settings)
        let version = try session.snapshot { (session: Session) throws(StoreError) in
            try PostgresMigration.check(session)
        }
        guard version == PostgresMigration.newest else {
            throw .schemaTooOld(found: version, needed: PostgresMigration.newest)
        }
    }

    // MARK: Use

    /// Runs `body` so that all its statements see the same state of the database.
    func snapshot<Result>(
        _ body: (Session) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try session.snapshot(body)
    }
}

extension Session {
    /// Gives each row to `read`.
    fileprivate func each(
        _ sql: String, _ bind: (Statement) -> Void, read: (Row) -> Void
    ) throws(StoreError) {
        let statement = Statement(sql)
        bind(statement)
        let rows = try rows(of: statement)
        for index in 0..<rows.count { read(rows[index]) }
    }
}

extension PostgresReplayLog: LogReader {
    package func head() throws(StoreError) -> LogHead {
        try snapshot { (session: Session) throws(StoreError) in
            try session.first("SELECT position, link FROM outbox_log ORDER BY position DESC LIMIT 1") {
                (row: Row) throws(StoreError) in
                LogHead(position: row.integer(0), link: try row.digest(1))
            } ?? .empty
        }
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
    package func read(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        page.removeAll()
        try snapshot { (session: Session) throws(StoreError) in
            try readEvents(request, into: page, session)
            try session.each(Self.decisionSQL) {
                $0.add(request.after)
                $0.add(page.through)
            } read: {
                DecisionRow.add($0, to: page.decisions)
                if DecisionRow.isEmitted($0) { page.emitted += 1 }
            }
        }
    }

    package func readCommands(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        page.commands.removeAll()
        try snapshot { (session: Session) throws(StoreError) in
            let isCounted =
                request.countsEmitted && request.lookahead == 0
                ? try goesOn(behind: page.through, session) : false
            try session.each(Self.commandSQL) {
                $0.add(request.number)
                $0.add(page.through)
                $0.add(request.lookahead)
                $0.add(isCounted ? Int64(page.emitted) : Int64.max)
            } read: {
                CommandRow.add($0, to: page.commands)
            }
        }
    }

    private func goesOn(behind position: Int64, _ session: Session) throws(StoreError) -> Bool {
        try session.first("SELECT 1 FROM outbox_log WHERE position > $1 LIMIT 1") {
            $0.add(position)
        } read: {
            _ in
            true
        } ?? false
    }

    private func readEvents(
        _ request: RecordRequest, into page: RecordPage, _ session: Session
    ) throws(StoreError) {
        page.through = request.end
        // Sizes first: they are known without fetching a payload, and one page is never much larger than
        // asked.
        let last = try session.first(Self.sizeSQL) {
            $0.add(request.after)
            $0.add(request.end)
            $0.add(request.bytes)
        } read: {
            $0.integerIfAny(0)
        }
        if let last = last ?? nil { page.through = last }
        try session.each(Self.eventSQL) {
            $0.add(request.after)
            $0.add(page.through)
        } read: {
            EventRow.add($0, to: page.events)
        }
    }

    /// The last position that fits, where not all do.
    private static let sizeSQL = """
        SELECT max(position) FILTER (WHERE size <= $3 OR place = 1) FROM (
            SELECT position, sum(octet_length(payload)) OVER (ORDER BY position) AS size,
                row_number() OVER (ORDER BY position) AS place
            FROM outbox_log WHERE position > $1 AND position <= $2
        ) sized HAVING max(size) > $3
        """
    private static let eventSQL = """
        SELECT \(EventRow.columns) FROM outbox_log WHERE position > $1 AND position <= $2 ORDER BY position
        """
    private static let decisionSQL = """
        SELECT \(DecisionRow.columns) FROM outbox_decision WHERE position > $1 AND position <= $2
        ORDER BY position, rule, item
        """
    /// Up to the first command, in the order of numbers, that lies behind the page; with a lookahead up to
    /// the one after so many.
    private static let commandSQL = """
        SELECT \(CommandRow.columns) FROM outbox_command WHERE number > $1 AND position <= $2
            AND number < coalesce((SELECT number FROM outbox_command
                WHERE number > $1 AND position > $2 ORDER BY number LIMIT 1 OFFSET $3), 9223372036854775807)
        ORDER BY number LIMIT $4
        """

    package func commandCount() throws(StoreError) -> Int64 {
        try snapshot { (session: Session) throws(StoreError) in
            try session.first("SELECT max(number) FROM outbox_command") { $0.integer(0) } ?? 0
        }
    }

    package func names(
        after place: NamePlace?, through position: Int64, limit: Int, into rows: RowBuffer
    ) throws(StoreError) {
        let condition = place == nil ? "" : "AND (id, source, position) > ($3, $4, $5)"
        let sql = """
            SELECT \(NameRow.columns) FROM outbox_log WHERE id IS NOT NULL AND position <= $1 \(condition)
            ORDER BY id, source, position LIMIT $2
            """
        try snapshot { (session: Session) throws(StoreError) in
            try session.each(sql) {
                $0.add(position)
                $0.add(limit)
                if let place {
                    $0.add(text: place.id)
                    $0.add(text: place.source)
                    $0.add(place.position)
                }
            } read: {
                NameRow.add($0, to: rows)
            }
        }
    }

    package func ledger(after key: LedgerPlace?, limit: Int, into rows: RowBuffer) throws(StoreError) {
        // The index holds the beginning of a key; keys that share it stand in the order of their digests.
        let condition =
            key == nil
            ? "" : "WHERE (left(key, 200), key_digest, slot, generation) > (left($2, 200), $3, $4, $5)"
        let sql = """
            SELECT \(LedgerRow.columns) FROM outbox_ledger \(condition)
            ORDER BY left(key, 200), key_digest, slot, generation LIMIT $1
            """
        try snapshot { (session: Session) throws(StoreError) in
            try session.each(sql) {
                $0.add(limit)
                if let key {
                    $0.add(text: key.key)
                    $0.add(bytes: key.digest)
                    $0.add(text: key.slot)
                    $0.add(key.generation)
                }
            } read: {
                LedgerRow.add($0, to: rows)
            }
        }
    }

    package func deliveries(_ numbers: ClosedRange<Int64>, into page: DeliveryPage) throws(StoreError) {
        page.removeAll()
        try snapshot { (session: Session) throws(StoreError) in
            for (sql, columns, rows) in [
                (Self.queuedSQL, Int32(1), page.queued), (Self.attemptSQL, 4, page.attempts),
                (Self.outcomeSQL, 3, page.outcomes), (Self.finishSQL, 2, page.finishes),
            ] {
                try session.each(sql) {
                    $0.add(numbers.lowerBound)
                    $0.add(numbers.upperBound)
                } read: {
                    NumberRow.add($0, columns: columns, to: rows)
                }
            }
        }
    }

    private static let queuedSQL =
        "SELECT command FROM outbox_queue WHERE command >= $1 AND command <= $2 ORDER BY command"
    private static let attemptSQL = """
        SELECT command, attempt, token, started_at FROM outbox_attempt WHERE command >= $1 AND command <= $2
        ORDER BY command, attempt
        """
    private static let outcomeSQL = """
        SELECT command, attempt, finished_at FROM outbox_outcome WHERE command >= $1 AND command <= $2
        ORDER BY command, attempt
        """
    private static let finishSQL =
        "SELECT command, at FROM outbox_finish WHERE command >= $1 AND command <= $2 ORDER BY command"
}
