// The intake: written as an application writes it, read as the projector takes it.
import GRDBSQLite
import SendonceCore
package import SendonceStore

extension SQLiteStore: IntakeWriter {
    package func append(_ event: NewEvent) throws(StoreError) -> Int64 {
        // Columns that are not named take the table's defaults, so each combination is a statement of its
        // own.
        var columns = ["event_type", "payload"]
        if event.id != nil { columns.append("id") }
        if event.source != nil { columns.append("source") }
        if event.subject != nil { columns.append("subject") }
        if event.occurredAt != nil { columns.append("occurred_at") }
        if event.traceparent != nil { columns.append("traceparent") }
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        let sql = "INSERT INTO outbox (\(columns.joined(separator: ", "))) VALUES (\(places)) RETURNING seq"
        return try writer.transaction { (session: Session) throws(StoreError) -> Int64 in
            let statement = try session.statement(sql)
            defer { statement.reset() }
            var sequence: Int64 = 0
            try event.payload.withStatic { payload throws(StoreError) in
                statement.add(event.type)
                statement.addStatic(text: payload)
                for text in [event.id, event.source, event.subject, event.occurredAt, event.traceparent] {
                    if let text { statement.add(text) }
                }
                while try statement.next() { sequence = statement.integer(0) }
            }
            return sequence
        }
    }
}

extension Session {
    /// The oldest intake rows; reading stops when the caller has enough.
    static let intakeSQL = """
        SELECT seq, id, event_type, source, subject, payload, occurred_at, traceparent FROM outbox
        ORDER BY seq LIMIT ?
        """
}

extension Statement {
    /// A row of `Session.intakeSQL`.
    func intakeEvent() throws(StoreError) -> IntakeEvent {
        let sequence = integer(0)
        guard let occurredAt = Timestamp(text(6).string) else {
            throw .damaged(
                "outbox row \(sequence): occurred_at cannot be read, which its CHECK should have refused")
        }
        return IntakeEvent(
            sequence: sequence,
            event: Event(
                id: textIfAny(1), type: text(2), source: text(3), subject: textIfAny(4), payload: bytes(5),
                occurredAt: occurredAt, traceparent: textIfAny(7)))
    }
}
