// A queue row with its command and its event: what a dispatcher judges, read alike from every store.
import SendonceCore

extension DueCommand {
    /// Of `outbox_queue q`, `outbox_command c` and `outbox_log l`.
    package static let columns = """
        q.command, q.token, q.attempts, q.counted, q.first_unsure_at, q.request_digest, q.cancelled_by,
            q.superseded_by, c.id, c.position, c.rule, c.item, c.key, c.key_digest, c.slot, c.generation,
            c.rule_set, c.recipient, c.route, c.occurred_at, c.not_before, c.expires_at, c.on_unknown,
            c.supersede_digest, l.id, l.event_type, l.source, l.subject, l.payload, l.occurred_at,
            l.traceparent
        """

    /// Where a query's further columns begin.
    package static let furtherColumn: Int32 = 31

    package init(_ row: some RecordedRow) throws(StoreError) {
        let command = try Command(row, from: 8)
        self.init(
            number: row.integer(0), command: command,
            event: Event(
                id: row.textIfAny(24), type: row.text(25), source: row.text(26), subject: row.textIfAny(27),
                payload: row.bytes(28), occurredAt: row.time(29), traceparent: row.textIfAny(30)),
            gates: GateFacts(
                expiresAt: command.expiresAt, cancelledBy: row.integerIfAny(6),
                supersededBy: row.integerIfAny(7), firstUnsureAt: row.timeIfAny(4),
                onUnknown: command.onUnknown),
            attempts: Int(row.integer(2)), counted: Int(row.integer(3)),
            requestDigest: try row.digestIfAny(5), token: row.integer(1))
    }
}

extension ClaimedCommand {
    /// A row of `DueCommand.columns`, then the start of the open attempt and the end of the lease: the
    /// command as it was when the attempt began, which is what the claim returned then.
    package init(lapsed row: some RecordedRow) throws(StoreError) {
        var due = try DueCommand(row)
        let (attempt, token) = (due.attempts, due.token)
        due.attempts -= 1
        due.token -= 1
        self.init(
            due: due, attempt: attempt, token: token, startedAt: row.time(DueCommand.furtherColumn),
            leaseEnd: row.time(DueCommand.furtherColumn + 1))
    }
}

extension Command {
    fileprivate init(_ row: some RecordedRow, from first: Int32) throws(StoreError) {
        self.init(
            id: try row.commandID(first), position: row.integer(first + 1), rule: row.text(first + 2),
            item: row.integer(first + 3),
            key: Key(text: row.text(first + 4), digest: try row.digest(first + 5)),
            slot: row.text(first + 6), generation: row.integer(first + 7),
            ruleSet: try row.digest(first + 8),
            // Checked again when the message is built: one address that no longer passes must not stop the
            // others.
            recipient: EmailAddress(recorded: row.text(first + 9)), route: row.text(first + 10),
            occurredAt: row.time(first + 11), notBefore: row.time(first + 12),
            expiresAt: row.timeIfAny(first + 13), onUnknown: try row.wordIfAny(first + 14),
            supersedeDigest: try row.digestIfAny(first + 15))
    }
}
