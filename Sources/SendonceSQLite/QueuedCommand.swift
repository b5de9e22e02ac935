// A queue row with its command and its event, as one join reads them.
import SendonceCore
import SendonceStore

struct QueuedCommand {
    var state: QueueState
    var due: DueCommand

    static let dueSQL = """
        SELECT \(DueCommand.columns), q.state
        FROM outbox_queue q
        JOIN outbox_command c ON c.number = q.command
        JOIN outbox_log l ON l.position = c.position
        WHERE q.route = ? AND q.state IN ('pending', 'unknown') AND q.due_at <= ?
        ORDER BY q.due_at LIMIT ?
        """

    static let lapsedSQL = """
        SELECT \(DueCommand.columns), a.started_at, q.lease_end
        FROM outbox_queue q
        JOIN outbox_command c ON c.number = q.command
        JOIN outbox_log l ON l.position = c.position
        JOIN outbox_attempt a ON a.command = q.command AND a.attempt = q.attempts
        WHERE q.state = 'sending' AND q.lease_end <= ?
        ORDER BY q.lease_end LIMIT ?
        """

    init(_ row: Statement) throws(StoreError) {
        due = try DueCommand(row)
        state = try row.word(DueCommand.furtherColumn)
    }
}
