// A queue row with its command and its event, as one join reads them.
import SendonceCore
import SendonceStore

struct QueuedCommand {
    var state: QueueState
    var due: DueCommand

    private static let columns = """
        SELECT q.command, q.state, q.token, q.attempts, q.counted, q.first_unsure_at, q.request_digest,
            q.cancelled_by, q.superseded_by, c.id, c.position, c.rule, c.item, c.key, c.key_digest, c.slot,
            c.generation, c.rule_set, c.recipient, c.route, c.occurred_at, c.not_before, c.expires_at,
            c.on_unknown, c.supersede_digest,
            l.id, l.event_type, l.source, l.subject, l.payload, l.occurred_at, l.traceparent
        """

    /// Where a query's further columns begin.
    static let extraColumn: Int32 = 32

    static let dueSQL =
        columns + """
            \nFROM outbox_queue q
            JOIN outbox_command c ON c.number = q.command
            JOIN outbox_log l ON l.position = c.position
            WHERE q.route = ? AND q.state IN ('pending', 'unknown') AND q.due_at <= ?
            ORDER BY q.due_at LIMIT ?
            """

    static let lapsedSQL =
        columns + """
            , a.started_at, q.lease_end
            FROM outbox_queue q
            JOIN outbox_command c ON c.number = q.command
            JOIN outbox_log l ON l.position = c.position
            JOIN outbox_attempt a ON a.command = q.command AND a.attempt = q.attempts
            WHERE q.state = 'sending' AND q.lease_end <= ?
            ORDER BY q.lease_end LIMIT ?
            """

    init(_ row: Statement) throws(StoreError) {
        state = try row.word(1)
        // Checked again when the message is built: one address that no longer passes must not stop the
        // others.
        let recipient = EmailAddress(recorded: row.text(18))
        let command = Command(
            id: try row.commandID(9), position: row.integer(10), rule: row.text(11), item: row.integer(12),
            key: Key(text: row.text(13), digest: try row.digest(14)), slot: row.text(15),
            generation: row.integer(16),
            ruleSet: try row.digest(17), recipient: recipient, route: row.text(19), occurredAt: row.time(20),
            notBefore: row.time(21), expiresAt: row.timeIfAny(22), onUnknown: try row.wordIfAny(23),
            supersedeDigest: try row.digestIfAny(24))
        let event = Event(
            id: row.textIfAny(25), type: row.text(26), source: row.text(27), subject: row.textIfAny(28),
            payload: row.bytes(29), occurredAt: row.time(30), traceparent: row.textIfAny(31))
        due = DueCommand(
            number: row.integer(0), command: command, event: event,
            gates: GateFacts(
                expiresAt: command.expiresAt, cancelledBy: row.integerIfAny(7),
                supersededBy: row.integerIfAny(8),
                firstUnsureAt: row.timeIfAny(5), onUnknown: command.onUnknown),
            attempts: Int(row.integer(3)), counted: Int(row.integer(4)),
            requestDigest: try row.digestIfAny(6),
            token: row.integer(2))
    }
}
