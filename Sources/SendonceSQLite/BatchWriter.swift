// Writes what the projector concluded.
import SendonceCore
import SendonceStore

/// Lives within one projector transaction.
struct BatchWriter {
    private let session: Session
    private let log: RowInsert
    private let decision: RowInsert
    private let command: RowInsert
    private let ledger: RowInsert
    private let queue: RowInsert
    /// Number of the last command; the next one gets one more.
    private var lastNumber: Int64
    /// Rule name to scope under the rule set in force.
    private let scopes: [Text: Text]

    init(session: Session) throws(StoreError) {
        self.session = session
        lastNumber = try session.first("SELECT max(number) FROM outbox_command") { $0.integer(0) } ?? 0
        scopes = try session.activation()?.scopes ?? [:]
        log = try RowInsert(
            session,
            into: """
                outbox_log (position, id, event_type, source, subject, payload, occurred_at, traceparent,
                    recorded_at, link)
                """, values: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        decision = try RowInsert(
            session,
            into: """
                outbox_decision (position, rule, item, reason, key, recipient, winner, until, detail, command,
                    event)
                """, values: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        command = try RowInsert(
            session,
            into: """
                outbox_command (number, id, position, rule, item, key, key_digest, slot, generation, rule_set,
                    recipient, route, occurred_at, not_before, expires_at, on_unknown, supersede_digest)
                """, values: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        ledger = try RowInsert(
            session,
            into: """
                outbox_ledger (key_digest, slot, generation, scope, key, position, occurred_at, command,
                    number)
                """, values: "(?, ?, ?, ?, ?, ?, ?, ?, ?)")
        queue = try RowInsert(
            session,
            into: "outbox_queue (command, state, due_at, route, supersede_digest)",
            values: "(?, 'pending', ?, ?, ?)")
    }

    /// Adds events to the log.
    private func append(_ events: [LoggedEvent]) throws(StoreError) {
        try log.insert(events) { statement, logged in
            let event = logged.event
            statement.add(logged.position)
            statement.add(event.id)
            statement.add(event.type)
            statement.add(event.source)
            statement.add(event.subject)
            statement.add(text: event.payload)
            statement.add(event.occurredAt)
            statement.add(event.traceparent)
            statement.add(logged.recordedAt)
            statement.add(logged.link)
        }
    }

    /// Table by table, because neighbouring rows of one table are written through pages that are at hand;
    /// only what changes the queue runs in the order of the decisions, so that each sees the commands before
    /// it and no later one.
    mutating func write(_ batch: ProjectedBatch) throws(StoreError) {
        try append(batch.events)
        try record(batch.decisions)
        let emitted = try number(batch)
        try record(emitted)
        try claimKeys(of: emitted)
        try changeQueue(batch.decisions, emitted)
        try session.writeRun(upTo: lastNumber)
    }

    private mutating func number(_ batch: ProjectedBatch) throws(StoreError) -> [NumberedCommand] {
        var emitted: [NumberedCommand] = []
        emitted.reserveCapacity(batch.decisions.count)
        for row in batch.decisions {
            guard case .emitted = row.reason else { continue }
            guard let command = row.command else { throw .failed("an emitted decision without a command") }
            lastNumber += 1
            emitted.append(
                NumberedCommand(
                    number: lastNumber, id: command.id.description, command: command,
                    dueAt: batch.earliestDue.map { max($0, command.notBefore) } ?? command.notBefore,
                    supersededBy: batch.superseded.isEmpty ? nil : batch.superseded[command.id]))
        }
        return emitted
    }

    private func record(_ rows: [Decision]) throws(StoreError) {
        try decision.insert(rows) { statement, row in
            let facts = ReasonColumns(row.reason, command: row.command?.id)
            statement.add(row.position)
            statement.add(row.rule)
            statement.add(row.item)
            statement.add(row.reason.word)
            statement.add(row.key?.text)
            statement.add(row.recipient)
            statement.add(facts.winner)
            statement.add(facts.until)
            statement.add(facts.detail)
            statement.add(facts.command?.description)
            statement.add(row.event)
        }
    }

    private func record(_ emitted: [NumberedCommand]) throws(StoreError) {
        try command.insert(emitted) { statement, row in
            let command = row.command
            statement.add(row.number)
            statement.add(row.id)
            statement.add(command.position)
            statement.add(command.rule)
            statement.add(command.item)
            statement.add(command.key.text)
            statement.add(command.key.digest)
            statement.add(command.slot)
            statement.add(command.generation)
            statement.add(command.ruleSet)
            statement.add(command.recipient.description)
            statement.add(command.route)
            statement.add(command.occurredAt)
            statement.add(command.notBefore)
            statement.add(command.expiresAt)
            statement.add(command.onUnknown?.rawValue)
            statement.add(command.supersedeDigest)
        }
    }

    private func claimKeys(of emitted: [NumberedCommand]) throws(StoreError) {
        try ledger.insert(emitted) { statement, row in
            let command = row.command
            statement.add(command.key.digest)
            statement.add(command.slot)
            statement.add(command.generation)
            // Without an activation, as in a test, a rule's scope is its own name.
            statement.add(scopes[command.rule] ?? command.rule)
            statement.add(command.key.text)
            statement.add(command.position)
            statement.add(command.occurredAt)
            statement.add(row.id)
            statement.add(row.number)
        }
    }

    private func changeQueue(_ rows: [Decision], _ emitted: [NumberedCommand]) throws(StoreError) {
        // Together as long as none of them asks what is queued.
        var together: [NumberedCommand] = []
        var next = emitted.startIndex
        func insertTogether() throws(StoreError) {
            try queue.insert(together) { $0.add($1) }
            together.removeAll(keepingCapacity: true)
        }
        for row in rows {
            switch row.reason {
            case .emitted:
                let numbered = emitted[next]
                next += 1
                if let superseding = numbered.command.supersedeDigest {
                    try insertTogether()
                    try supersede(superseding, by: numbered) { () throws(StoreError) in
                        try queue.insert([numbered]) { $0.add($1) }
                    }
                } else {
                    together.append(numbered)
                }
            case .cancels(let cancelled):
                try insertTogether()
                try cancel(cancelled, by: row)
            default: break
            }
        }
        try insertTogether()
    }

    /// Marks older commands, has the new one inserted, and marks it if a newer one is known or queued.
    private func supersede(
        _ digest: Digest, by row: NumberedCommand, insert: () throws(StoreError) -> Void
    ) throws(StoreError) {
        try session.run(Self.supersedeSQL) {
            $0.add(row.command.position)
            $0.add(digest)
            $0.add(row.command.occurredAt)
        }
        try insert()
        if let newer = row.supersededBy {
            try session.run("UPDATE outbox_queue SET superseded_by = ? WHERE command = ?") {
                $0.add(newer)
                $0.add(row.number)
            }
            return
        }
        try session.run(Self.lateSQL) {
            $0.add(row.number)
            $0.add(digest)
            $0.add(row.command.occurredAt)
        }
    }

    private func cancel(_ command: CommandID, by row: Decision) throws(StoreError) {
        guard let key = row.key else { throw .failed("a cancelling decision without a key") }
        try session.run(Self.cancelSQL) {
            $0.add(row.about)
            $0.add(key.text)
            $0.add(key.digest)
            $0.add(command.description)
        }
    }

    private static let cancelSQL = """
        UPDATE outbox_queue SET cancelled_by = ?
        WHERE cancelled_by IS NULL AND command = (
            SELECT number FROM outbox_ledger WHERE key = ? AND key_digest = ? AND command = ?)
        """
    /// What one event says to several people is equally new: its commands do not supersede each other.
    private static let supersedeSQL = """
        UPDATE outbox_queue SET superseded_by = ?1 WHERE supersede_digest = ?2 AND superseded_by IS NULL
            AND EXISTS (SELECT 1 FROM outbox_command c
                WHERE c.number = outbox_queue.command AND c.position < ?1 AND c.occurred_at <= ?3)
        """
    /// Newer is what happened later: an event that comes late does not displace one that happened after it,
    /// but is displaced by it.
    private static let lateSQL = """
        UPDATE outbox_queue SET superseded_by = (
            SELECT max(c.position) FROM outbox_queue q JOIN outbox_command c ON c.number = q.command
            WHERE q.supersede_digest = ?2 AND q.superseded_by IS NULL AND q.command <> ?1
                AND c.occurred_at > ?3)
        WHERE command = ?1
        """

    /// Deletes intake rows, each run of neighbouring numbers by one statement.
    func remove(moved: [Int64]) throws(StoreError) {
        let statement = try session.statement("DELETE FROM outbox WHERE seq BETWEEN ? AND ?")
        let ordered = moved.sorted()
        var deleted = 0
        var start = 0
        while start < ordered.count {
            var end = start
            while end + 1 < ordered.count, ordered[end + 1] == ordered[end] + 1 { end += 1 }
            statement.add(ordered[start])
            statement.add(ordered[end])
            deleted += try statement.changes()
            start = end + 1
        }
        guard deleted == moved.count else {
            throw .conflict("an intake row that was moved is no longer there")
        }
    }
}

/// An emitted command with its number and the text of its id.
private struct NumberedCommand {
    var number: Int64
    var id: String
    var command: Command
    var dueAt: Timestamp
    /// Known before it is queued.
    var supersededBy: Int64?
}

extension Statement {
    /// The parameters of a queue row.
    fileprivate func add(_ row: NumberedCommand) {
        add(row.number)
        add(row.dueAt)
        add(row.command.route)
        add(row.command.supersedeDigest)
    }
}
