// What a backfill's plan reads: past events page by page, and what the ledger knows of their keys.
package import SendonceCore
package import SendonceStore

extension SQLiteStore: PastReader {
    package func head() throws(StoreError) -> LogHead {
        try asking { (open: SQLiteProjection) throws(StoreError) in try open.head() }
    }

    package func events(
        after position: Int64, through last: Int64, types: [Text], limit: Int, bytes: Int
    ) throws(StoreError) -> [LoggedEvent] {
        guard !types.isEmpty else { return [] }
        let types = types.reduce(into: [Text]()) { if !$0.contains($1) { $0.append($1) } }
        let condition = types.map { _ in "event_type = ?" }.joined(separator: " OR ")
        let sql = """
            SELECT \(LoggedEvent.columns) FROM outbox_log WHERE position > ? AND position <= ?
                AND (\(condition)) ORDER BY position LIMIT ?
            """
        return try reader.use { (session: Session) throws(StoreError) -> [LoggedEvent] in
            let statement = try session.statement(sql)
            defer { statement.reset() }
            statement.add(position)
            statement.add(last)
            for type in types { statement.add(type) }
            statement.add(limit)
            var found: [LoggedEvent] = []
            var size = 0
            while try statement.next() {
                size += statement.byteCount(5)
                if size > bytes, !found.isEmpty { break }
                found.append(try LoggedEvent(statement))
            }
            return found
        }
    }

    package func positions(of names: [EventName]) throws(StoreError) -> [EventName: Int64] {
        try asking { (open: SQLiteProjection) throws(StoreError) in try open.positions(of: names) }
    }

    package func winners(_ questions: [LedgerQuestion]) throws(StoreError) -> [LedgerQuestion: [Winner]] {
        try asking { (open: SQLiteProjection) throws(StoreError) in try open.winners(questions) }
    }

    package func latestEvent(type: Text, subject: Text) throws(StoreError) -> LoggedEvent? {
        let sql = """
            SELECT \(LoggedEvent.columns) FROM outbox_log
            WHERE subject = ? AND subject IS NOT NULL AND event_type = ? ORDER BY position DESC LIMIT 1
            """
        return try reader.use { (session: Session) throws(StoreError) in
            try session.rows(sql) {
                $0.add(subject)
                $0.add(type)
            } read: { (row: Statement) throws(StoreError) in
                try LoggedEvent(row)
            }.first
        }
    }

    /// The projector's own questions, asked by one who cannot write.
    private func asking<Result>(
        _ body: (SQLiteProjection) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try reader.use { (session: Session) throws(StoreError) in
            try body(SQLiteProjection(session: session, home: nil))
        }
    }
}
