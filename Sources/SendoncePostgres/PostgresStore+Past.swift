// What a backfill's plan reads: past events page by page, and what the ledger knows of their keys.
package import SendonceCore
package import SendonceStore

extension PostgresStore: PastReader {
    package func head() throws(StoreError) -> LogHead {
        try asking { (open: PostgresProjection) throws(StoreError) in try open.head() }
    }

    package func events(
        after position: Int64, through last: Int64, types: [Text], limit: Int, bytes: Int
    ) throws(StoreError) -> [LoggedEvent] {
        guard !types.isEmpty else { return [] }
        var names = Column(.text)
        for type in types { names.add(type) }
        let sql = """
            SELECT \(LoggedEvent.columns) FROM (
                SELECT *, sum(octet_length(payload)) OVER (ORDER BY position) AS size,
                    row_number() OVER (ORDER BY position) AS row
                FROM (
                    SELECT * FROM outbox_log WHERE position > $1 AND position <= $2
                        AND event_type = ANY ($3::text[]) ORDER BY position LIMIT $4
                ) page
            ) sized WHERE size <= $5 OR row = 1 ORDER BY position
            """
        return try reader.use { (session: Session) throws(StoreError) in
            try session.rows(sql) {
                $0.add(position)
                $0.add(last)
                $0.add(names)
                $0.add(limit)
                $0.add(bytes)
            } read: { (row: Row) throws(StoreError) in
                try LoggedEvent(row)
            }
        }
    }

    package func positions(of names: [EventName]) throws(StoreError) -> [EventName: Int64] {
        try asking { (open: PostgresProjection) throws(StoreError) in try open.positions(of: names) }
    }

    package func winners(_ questions: [LedgerQuestion]) throws(StoreError) -> [LedgerQuestion: [Winner]] {
        try asking { (open: PostgresProjection) throws(StoreError) in try open.winners(questions) }
    }

    package func latestEvent(type: Text, subject: Text) throws(StoreError) -> LoggedEvent? {
        let sql = """
            SELECT \(LoggedEvent.columns) FROM outbox_log
            WHERE subject = $1 AND subject IS NOT NULL AND event_type = $2 ORDER BY position DESC LIMIT 1
            """
        return try reader.use { (session: Session) throws(StoreError) in
            try session.rows(sql) {
                $0.add(subject)
                $0.add(type)
            } read: { (row: Row) throws(StoreError) in
                try LoggedEvent(row)
            }.first
        }
    }

    /// The projector's own questions, asked by one who cannot write.
    private func asking<Result>(
        _ body: (PostgresProjection) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try reader.use { (session: Session) throws(StoreError) in
            try body(PostgresProjection(session: session, store: self, home: nil))
        }
    }
}
