// The intake: written as an application writes it, read as the projector takes it.
import SendonceCore
package import SendonceStore

extension PostgresStore: IntakeWriter {
    package func append(_ event: NewEvent) throws(StoreError) -> Int64 {
        // Columns that are not named take the table's defaults, so each combination is a statement of its
        // own.
        var columns = ["event_type", "payload"]
        var places = ["$1", "$2"]
        func name(_ column: String, cast: String = "") {
            columns.append(column)
            places.append("$\(places.count + 1)\(cast)")
        }
        if event.id != nil { name("id") }
        if event.source != nil { name("source") }
        if event.subject != nil { name("subject") }
        if event.occurredAt != nil { name("occurred_at", cast: "::timestamptz") }
        if event.traceparent != nil { name("traceparent") }
        let sql = """
            INSERT INTO outbox (\(columns.joined(separator: ", ")))
            VALUES (\(places.joined(separator: ", "))) RETURNING seq
            """
        return try writer.transaction { (session: Session) throws(StoreError) -> Int64 in
            try session.first(sql) {
                $0.add(event.type)
                $0.add(text: event.payload)
                for text in [event.id, event.source, event.subject, event.occurredAt, event.traceparent] {
                    if let text { $0.add(text) }
                }
            } read: {
                $0.integer(0)
            } ?? 0
        }
    }
}

extension Session {
    /// The oldest intake rows from a number on: at most so many, and, but for the first, of at most so many
    /// bytes. `octet_length` of a long text reads its header only.
    static let intakeSQL = intakeSQL(where: "seq >= $1")
    /// The same of rows with certain numbers.
    static let lateIntakeSQL = intakeSQL(where: "seq = ANY ($1::bigint[])")

    private static func intakeSQL(where condition: String) -> String {
        """
        SELECT seq, id, event_type, source, subject, payload, occurred_at, traceparent FROM (
            SELECT *, sum(octet_length(payload)) OVER (ORDER BY seq) AS size,
                row_number() OVER (ORDER BY seq) AS row
            FROM (SELECT * FROM outbox WHERE \(condition) ORDER BY seq LIMIT $2) oldest
        ) sized WHERE size <= $3 OR row = 1 ORDER BY seq
        """
    }
}

extension Row {
    /// A row of `Session.intakeSQL`.
    func intakeEvent() -> IntakeEvent {
        IntakeEvent(
            sequence: integer(0),
            event: Event(
                id: textIfAny(1), type: text(2), source: text(3), subject: textIfAny(4), payload: bytes(5),
                occurredAt: instant(6), traceparent: textIfAny(7)))
    }
}
