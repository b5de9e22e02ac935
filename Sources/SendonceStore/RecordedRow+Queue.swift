// A queue row with its command and its event: what a dispatcher judges, read alike from every store.
import SendonceCore

extension DueCommand {
    /// Of `outbox_queue q`.
    package static let queueColumns = """
        q.command, q.token, q.attempts, q.counted, q.first_unsure_at, q.request_digest, q.cancelled_by,
            q.superseded_by
        """

    /// Of `outbox_command c`.
    package static let commandColumns = """
        c.id, c.position, c.rule, c.item, c.key, c.key_digest, c.slot, c.generation, c.rule_set, c.recipient,
            c.route, c.occurred_at, c.not_before, c.expires_at, c.on_unknown, c.supersede_digest
        """

    /// Of `outbox_log l`.
    package static let eventColumns =
        "l.id, l.event_type, l.source, l.subject, l.payload, l.occurred_at, l.traceparent"

    /// All three, of a join.
    package static let columns = "\(queueColumns), \(commandColumns), \(eventColumns)"

    /// Where further columns begin behind those of a queue row, of a command, of an event, of the join.
    package static let furtherQueueColumn: Int32 = 8
    package static let furtherCommandColumn: Int32 = 16
    package static let furtherEventColumn: Int32 = 7
    package static let furtherColumn = furtherQueueColumn + furtherCommandColumn + furtherEventColumn

    /// A row of the join.
    package init(_ row: some RecordedRow) throws(StoreError) {
        try self.init(
            queue: row, command: row, from: Self.furtherQueueColumn,
            event: row, from: Self.furtherQueueColumn + Self.furtherCommandColumn)
    }

    /// A row of each table; `from` is where its columns begin.
    package init<Recorded: RecordedRow>(
        queue: Recorded, command: Recorded, from commandColumn: Int32 = 0, event: Recorded,
        from first: Int32 = 0
    ) throws(StoreError) {
        let command = try Command(command, from: commandColumn)
        self.init(
            number: queue.integer(0), command: command,
            event: Event(
                id: event.textIfAny(first), type: event.text(first + 1), source: event.text(first + 2),
                subject: event.textIfAny(first + 3), payload: event.bytes(first + 4),
                occurredAt: event.time(first + 5), traceparent: event.textIfAny(first + 6)),
            gates: GateFacts(
                expiresAt: command.expiresAt, cancelledBy: queue.integerIfAny(6),
                supersededBy: queue.integerIfAny(7), firstUnsureAt: queue.timeIfAny(4),
                onUnknown: command.onUnknown),
            attempts: Int(queue.integer(2)), counted: Int(queue.integer(3)),
            requestDigest: try queue.digestIfAny(5), token: queue.integer(1))
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
