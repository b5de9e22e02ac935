// A queue row with its command and its event, as one join reads them.
import SendonceCore
import SendonceStore

struct QueuedCommand {
    var dueAt: Timestamp
    var due: DueCommand

    /// Locked for the transaction, and passed over where somebody else has them locked.
    static let dueSQL = """
        SELECT \(DueCommand.columns), q.due_at
        FROM (
            SELECT * FROM outbox_queue
            WHERE route = $1 AND state IN ('pending', 'unknown') AND due_at <= $2 AND due_at >= $3
            ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED
        ) q
        JOIN outbox_command c ON c.number = q.command
        JOIN outbox_log l ON l.position = c.position
        ORDER BY q.due_at, q.command
        """

    static let lapsedSQL = """
        SELECT \(DueCommand.columns), a.started_at, q.lease_end
        FROM (
            SELECT * FROM outbox_queue WHERE state = 'sending' AND lease_end <= $1 AND lease_end >= $3
            ORDER BY lease_end LIMIT $2
        ) q
        JOIN outbox_command c ON c.number = q.command
        JOIN outbox_log l ON l.position = c.position
        JOIN outbox_attempt a ON a.command = q.command AND a.attempt = q.attempts
        ORDER BY q.lease_end, q.command
        """

    init(_ row: Row) throws(StoreError) {
        due = try DueCommand(row)
        dueAt = row.time(DueCommand.furtherColumn)
    }
}
