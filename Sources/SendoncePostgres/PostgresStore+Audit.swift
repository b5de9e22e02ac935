// Reading what was recorded about events and decisions. Every read is short, lists are bounded and go on by
// key, so that no reader holds back vacuum.
package import SendonceCore
package import SendonceStore

extension PostgresStore: AuditReader {
    package func events(after position: Int64, type: Text?, limit: Int) throws(StoreError) -> [LoggedEvent] {
        try events(
            "position > $1 AND ($2::text IS NULL OR event_type = $2) ORDER BY position LIMIT $3", position,
            type,
            limit)
    }

    package func events(before position: Int64, type: Text?, limit: Int) throws(StoreError) -> [LoggedEvent] {
        try events(
            "position < $1 AND ($2::text IS NULL OR event_type = $2) ORDER BY position DESC LIMIT $3",
            position,
            type, limit)
    }

    package func event(at position: Int64) throws(StoreError) -> LoggedEvent? {
        try events("position = $1 AND $2::text IS NULL LIMIT $3", position, nil, 1).first
    }

    private func events(
        _ condition: String, _ position: Int64, _ type: Text?, _ limit: Int
    ) throws(StoreError) -> [LoggedEvent] {
        let sql = "SELECT \(LoggedEvent.columns) FROM outbox_log WHERE \(condition)"
        return try reader.use { (session: Session) throws(StoreError) in
            try session.rows(sql) {
                $0.add(position)
                $0.add(type)
                $0.add(limit)
            } read: { (row: Row) throws(StoreError) in
                try LoggedEvent(row)
            }
        }
    }

    package func positions(ofEvent id: Text, limit: Int) throws(StoreError) -> [Int64] {
        try positions(
            "SELECT position FROM outbox_log WHERE id = $1 AND id IS NOT NULL ORDER BY position LIMIT $2", id,
            limit)
    }

    package func positions(ofSubject subject: Text, limit: Int) throws(StoreError) -> [Int64] {
        try positions(
            """
            SELECT position FROM outbox_log WHERE subject = $1 AND subject IS NOT NULL
            ORDER BY position DESC LIMIT $2
            """, subject, limit)
    }

    private func positions(_ sql: String, _ text: Text, _ limit: Int) throws(StoreError) -> [Int64] {
        try reader.use { (session: Session) throws(StoreError) in
            try session.rows(sql) {
                $0.add(text)
                $0.add(limit)
            } read: {
                $0.integer(0)
            }
        }
    }

    // MARK: Decisions

    package func decisions(at position: Int64) throws(StoreError) -> [DecisionRecord] {
        try decisions("position = $1 AND event IS NULL ORDER BY rule, item") { $0.add(position) }
            + decisions("event = $1 AND event IS NOT NULL ORDER BY position, rule, item") { $0.add(position) }
    }

    package func decisions(losingTo winner: Int64, limit: Int) throws(StoreError) -> [DecisionRecord] {
        try decisions("winner = $1 AND winner IS NOT NULL ORDER BY position, rule, item LIMIT $2") {
            $0.add(winner)
            $0.add(limit)
        }
    }

    package func refusals(
        of recipient: Text, rule: Text?, limit: Int
    ) throws(StoreError) -> [DecisionRecord] {
        try decisions(
            """
            left(recipient, 300) = left($1, 300) AND recipient = $1
            AND winner IS NULL AND command IS NULL AND recipient IS NOT NULL
            AND ($2::text IS NULL OR rule = $2) ORDER BY position DESC, rule, item LIMIT $3
            """
        ) {
            $0.add(recipient)
            $0.add(rule)
            $0.add(limit)
        }
    }

    private func decisions(
        _ condition: String, _ bind: (Statement) -> Void
    ) throws(StoreError) -> [DecisionRecord] {
        let sql = "SELECT \(DecisionRecord.columns) FROM outbox_decision WHERE \(condition)"
        return try reader.use { (session: Session) throws(StoreError) in
            try session.rows(sql, bind) { (row: Row) throws(StoreError) in
                try DecisionRecord(row)
            }
        }
    }

    // MARK: Intake and figures

    package func intake(limit: Int) throws(StoreError) -> [IntakeEvent] {
        try reader.use { (session: Session) throws(StoreError) in
            try session.rows(Session.intakeSQL) {
                $0.add(Int64.min)
                $0.add(limit)
                $0.add(Int64.max)
            } read: {
                $0.intakeEvent()
            }
        }
    }

    package func counts() throws(StoreError) -> StoreCounts {
        try reader.snapshot { (session: Session) throws(StoreError) -> StoreCounts in
            func number(_ sql: String) throws(StoreError) -> Int64? {
                try session.first(sql) { $0.integerIfAny(0) } ?? nil
            }
            func numbers(_ sql: String) throws(StoreError) -> [String: Int64] {
                var counted: [String: Int64] = [:]
                for (word, count) in try session.rows(sql, read: { ($0.text(0).string, $0.integer(1)) }) {
                    counted[word] = count
                }
                return counted
            }
            let oldestIntake = try session.first("SELECT occurred_at FROM outbox ORDER BY seq LIMIT 1") {
                $0.instant(0)
            }
            let oldestDue = try number(
                "SELECT min(due_at) FROM outbox_queue WHERE state IN ('pending', 'unknown')")
            return StoreCounts(
                intake: try number("SELECT count(*) FROM outbox") ?? 0,
                logged: try number("SELECT max(position) FROM outbox_log") ?? 0,
                commands: try number("SELECT max(number) FROM outbox_command") ?? 0,
                queued: try numbers("SELECT state, count(*) FROM outbox_queue GROUP BY state"),
                finished: try numbers("SELECT state, count(*) FROM outbox_finish GROUP BY state"),
                oldestIntakeAt: oldestIntake,
                oldestHeldAt: try number("SELECT min(held_at) FROM outbox_queue WHERE state = 'held'")
                    .map(Timestamp.init(microseconds:)),
                oldestDueAt: oldestDue.map(Timestamp.init(microseconds:)))
        }
    }
}
