// Writes what the projector concluded, row by row through statements that are fetched once per batch.
import SendonceCore
import SendonceStore

/// Lives within one projector transaction.
struct BatchWriter {
    private let session: Session
    private let log: Statement
    private let decision: Statement
    private let command: Statement
    private let ledger: Statement
    private let queue: Statement
    /// Number of the last command; the next one gets one more.
    private var lastNumber: Int64
    /// Rule name to scope under the rule set in force.
    private let scopes: [Text: Text]

    init(session: Session) throws(StoreError) {
        self.session = session
        lastNumber = try session.first("SELECT max(number) FROM outbox_command") { $0.integer(0) } ?? 0
        scopes = try session.activation()?.scopes ?? [:]
        log = try session.statement(
            """
            INSERT INTO outbox_log (position, id, event_type, source, subject, payload, occurred_at,
                traceparent, recorded_at, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        decision = try session.statement(
            """
            INSERT INTO outbox_decision (position, rule, item, reason, key, recipient, winner, until, detail,
                command) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        command = try session.statement(
            """
            INSERT INTO outbox_command (number, id, position, rule, item, key, key_digest, slot, generation,
                rule_set, recipient, route, occurred_at, not_before, expires_at, on_unknown, supersede_digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        ledger = try session.statement(
            """
            INSERT INTO outbox_ledger (key_digest, slot, generation, scope, key, position, occurred_at,
                command) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """)
        queue = try session.statement(
            """
            INSERT INTO outbox_queue (command, state, due_at, route, supersede_digest)
            VALUES (?, 'pending', ?, ?, ?)
            """
        )
    }

    func write(_ logged: LoggedEvent) throws(StoreError) {
        let event = logged.event
        try event.payload.withStatic { payload throws(StoreError) in
            log.add(logged.position)
            log.add(event.id)
            log.add(event.type)
            log.add(event.source)
            log.add(event.subject)
            log.addStatic(text: payload)
            log.add(event.occurredAt)
            log.add(event.traceparent)
            log.add(logged.recordedAt)
            log.add(logged.link)
            try log.run()
        }
    }

    /// Table by table, because neighbouring rows of one table are written through pages that are at hand;
    /// only what changes the queue runs in the order of the decisions, so that each sees the commands before
    /// it and no later one.
    mutating func write(_ rows: [Decision]) throws(StoreError) {
        for row in rows { try write(row) }
        let firstNumber = lastNumber + 1
        for row in rows {
            guard case .emitted = row.reason else { continue }
            guard let emitted = row.command else { throw .failed("an emitted decision without a command") }
            lastNumber += 1
            try write(emitted, number: lastNumber)
        }
        for row in rows {
            if case .emitted = row.reason, let emitted = row.command { try claimKey(of: emitted) }
        }
        var number = firstNumber
        for row in rows {
            switch row.reason {
            case .emitted:
                if let emitted = row.command { try enqueue(emitted, number: number) }
                number += 1
            case .cancels(let cancelled):
                try session.run(Self.cancelSQL) {
                    $0.add(row.position)
                    $0.add(cancelled.description)
                }
            default: break
            }
        }
    }

    private func write(_ row: Decision) throws(StoreError) {
        let facts = ReasonColumns(row.reason, command: row.command?.id)
        decision.add(row.position)
        decision.add(row.rule)
        decision.add(row.item)
        decision.add(row.reason.word)
        decision.add(row.key?.text)
        decision.add(row.recipient)
        decision.add(facts.winner)
        decision.add(facts.until)
        decision.add(facts.detail)
        decision.add(facts.command?.description)
        try decision.run()
    }

    private func write(_ row: Command, number: Int64) throws(StoreError) {
        command.add(number)
        command.add(row.id.description)
        command.add(row.position)
        command.add(row.rule)
        command.add(row.item)
        command.add(row.key.text)
        command.add(row.key.digest)
        command.add(row.slot)
        command.add(row.generation)
        command.add(row.ruleSet)
        command.add(row.recipient.description)
        command.add(row.route)
        command.add(row.occurredAt)
        command.add(row.notBefore)
        command.add(row.expiresAt)
        command.add(row.onUnknown?.rawValue)
        command.add(row.supersedeDigest)
        try command.run()
    }

    private func claimKey(of row: Command) throws(StoreError) {
        ledger.add(row.key.digest)
        ledger.add(row.slot)
        ledger.add(row.generation)
        // Without an activation, as in a test, a rule's scope is its own name.
        ledger.add(scopes[row.rule] ?? row.rule)
        ledger.add(row.key.text)
        ledger.add(row.position)
        ledger.add(row.occurredAt)
        ledger.add(row.id.description)
        try ledger.run()
    }

    private func enqueue(_ row: Command, number: Int64) throws(StoreError) {
        if let superseding = row.supersedeDigest {
            try session.run(Self.supersedeSQL) {
                $0.add(row.position)
                $0.add(superseding)
                $0.add(row.occurredAt)
            }
        }
        queue.add(number)
        queue.add(row.notBefore)
        queue.add(row.route)
        queue.add(row.supersedeDigest)
        try queue.run()
        if let superseding = row.supersedeDigest {
            try session.run(Self.lateSQL) {
                $0.add(number)
                $0.add(superseding)
                $0.add(row.occurredAt)
            }
        }
    }

    private static let cancelSQL = """
        UPDATE outbox_queue SET cancelled_by = ?
        WHERE command = (SELECT number FROM outbox_command WHERE id = ?) AND cancelled_by IS NULL
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
