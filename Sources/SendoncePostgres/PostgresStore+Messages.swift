// Reading commands with where they stand, and the attempts behind them.
package import SendonceCore
package import SendonceStore

extension PostgresStore {
    package func messages(
        _ filter: MessageFilter, before number: Int64?, limit: Int
    ) throws(StoreError) -> [MessageRecord] {
        var conditions = ["c.number < $1"]
        var texts: [Text] = []
        for (column, text) in [
            ("c.recipient", filter.recipient), ("c.rule", filter.rule), ("c.route", filter.route),
        ] {
            guard let text else { continue }
            texts.append(text)
            conditions.append("\(column) = $\(texts.count + 1)")
        }
        if let state = filter.state {
            texts.append(Text(state))
            conditions.append("coalesce(f.state, q.state) = $\(texts.count + 1)")
        }
        return try messages(
            conditions.joined(separator: " AND ") + " ORDER BY c.number DESC LIMIT $\(texts.count + 2)"
        ) {
            $0.add(number ?? .max)
            for text in texts { $0.add(text) }
            $0.add(limit)
        }
    }

    package func message(_ id: CommandID) throws(StoreError) -> MessageRecord? {
        try messages("c.id = $1") { $0.add(id) }.first
    }

    package func message(providerID: Text) throws(StoreError) -> MessageRecord? {
        let condition = """
            c.number = coalesce(
                (SELECT max(command) FROM outbox_outcome WHERE left(message_id, 500) = left($1, 500)
                    AND message_id = $1 AND message_id IS NOT NULL),
                (SELECT max(command) FROM outbox_late_answer WHERE left(message_id, 500) = left($1, 500)
                    AND message_id = $1 AND message_id IS NOT NULL))
            """
        return try messages(condition) { $0.add(providerID) }.first
    }

    package func messages(keyPart: Text, limit: Int) throws(StoreError) -> [MessageRecord] {
        // A key is a JSON array of strings: one that begins with this part begins with these bytes, and what
        // follows the closing quote is a comma or a bracket.
        let quoted = JSONValue.quoted(keyPart.string)
        let beginning = "[" + quoted
        let byFirstPart = try messages(
            """
            c.number IN (SELECT number FROM outbox_ledger
                WHERE (left(key, 200) = left($1 || ']', 200) AND key = $1 || ']')
                    OR (left(key, 200) >= left($1 || ',', 200) AND left(key, 200) <= left($1 || '-', 200)
                        AND key >= $1 || ',' AND key < $1 || '-'))
            ORDER BY c.number DESC LIMIT $2
            """
        ) {
            $0.add(beginning)
            $0.add(limit)
        }
        let scanned = """
            c.number IN (
                SELECT number FROM (
                    SELECT number, key FROM outbox_command ORDER BY number DESC LIMIT $2) newest
                WHERE strpos(key, ',' || $1 || ',') > 0 OR strpos(key, ',' || $1 || ']') > 0
                ORDER BY number DESC LIMIT $3)
            ORDER BY c.number DESC
            """
        let byLaterPart = try messages(scanned) {
            $0.add(quoted)
            $0.add(AuditLimits.scannedKeys)
            $0.add(limit)
        }.filter { record in
            // `,"b"]` may also stand inside a part that holds quotes and commas.
            keyParts(record.key).contains(keyPart)
        }
        var seen = Set(byFirstPart.map(\.number))
        let all = byFirstPart + byLaterPart.filter { seen.insert($0.number).inserted }
        return Array(all.sorted { $0.number > $1.number }.prefix(limit))
    }

    package func similarKeys(to part: Text, limit: Int) throws(StoreError) -> [Text] {
        let wanted = folded(part)
        return try reader.use { (session: Session) throws(StoreError) -> [Text] in
            let keys = try session.rows("SELECT key FROM outbox_command ORDER BY number DESC LIMIT $1") {
                $0.add(AuditLimits.scannedKeys)
            } read: {
                $0.text(0)
            }
            var similar: [Text] = []
            for key in keys where similar.count < limit {
                for candidate in keyParts(key)
                where candidate != part && folded(candidate) == wanted && !similar.contains(candidate) {
                    similar.append(candidate)
                }
            }
            return Array(similar.prefix(limit))
        }
    }

    private static let messageColumns = """
        SELECT c.number, c.id, c.position, c.rule, c.key, c.slot, c.generation, c.rule_set, c.recipient,
            c.route, c.not_before, c.expires_at, c.on_unknown,
            (SELECT count(*) FROM outbox_attempt a WHERE a.command = c.number),
            f.state, f.at, f.cause, q.state, q.due_at, q.lease_end, q.hold_reason, q.hold_detail, q.held_at,
            q.cancelled_by, q.superseded_by
        FROM outbox_command c
        LEFT JOIN outbox_finish f ON f.command = c.number
        LEFT JOIN outbox_queue q ON q.command = c.number
        WHERE\u{20}
        """

    private func messages(_ condition: String, _ bind: (Statement) -> Void) throws(StoreError)
        -> [MessageRecord]
    {
        try reader.use { (session: Session) throws(StoreError) in
            try session.rows(Self.messageColumns + condition, bind) { (row: Row) throws(StoreError) in
                MessageRecord(
                    number: row.integer(0), id: try row.commandID(1), position: row.integer(2),
                    rule: row.text(3),
                    key: row.text(4), slot: row.text(5), generation: row.integer(6),
                    ruleSet: try row.digest(7),
                    recipient: row.text(8), route: row.text(9), notBefore: row.time(10),
                    expiresAt: row.timeIfAny(11),
                    onUnknown: try row.wordIfAny(12), attempts: Int(row.integer(13)),
                    standing: try row.standing())
            }
        }
    }

    // MARK: Attempts

    package func attempts(of id: CommandID) throws(StoreError) -> [AttemptRecord] {
        try reader.snapshot { (session: Session) throws(StoreError) -> [AttemptRecord] in
            var late: [Int64: [OutcomeRecord]] = [:]
            let answers = try session.rows(Self.lateSQL) {
                $0.add(id)
            } read: { (row: Row) throws(StoreError) in
                (row.integer(10), try row.outcome(from: 0))
            }
            for (attempt, answer) in answers { late[attempt, default: []].append(answer) }
            return try session.rows(Self.attemptSQL) {
                $0.add(id)
            } read: { (row: Row) throws(StoreError) in
                AttemptRecord(
                    attempt: Int(row.integer(10)), token: row.integer(11), route: row.text(12),
                    dispatcher: row.text(13), requestDigest: try row.digest(14), startedAt: row.time(15),
                    outcome: row.isNull(0) ? nil : try row.outcome(from: 0),
                    lateAnswers: late[row.integer(10)] ?? [])
            }
        }
    }

    private static let attemptSQL = """
        SELECT o.outcome, o.counts, o.code, o.words, o.message_id, o.retry_after, o.trouble, o.status,
            o.issues, o.finished_at, a.attempt, a.token, a.route, a.dispatcher, a.request_digest, a.started_at
        FROM outbox_attempt a LEFT JOIN outbox_outcome o ON o.command = a.command AND o.attempt = a.attempt
        WHERE a.command = (SELECT number FROM outbox_command WHERE id = $1) ORDER BY a.attempt
        """
    private static let lateSQL = """
        SELECT outcome, counts, code, words, message_id, retry_after, trouble, status, issues,
            finished_at, attempt
        FROM outbox_late_answer WHERE command = (SELECT number FROM outbox_command WHERE id = $1)
        ORDER BY number
        """
}

extension Row {
    /// Columns 14 to 24 of a message.
    fileprivate func standing() throws(StoreError) -> CommandStanding {
        if let state = try wordIfAny(14, FinishedState.self) {
            return .finished(state, at: time(15), cause: integerIfAny(16))
        }
        guard !isNull(17) else { throw .damaged("command \(integer(0)) is neither queued nor finished") }
        return .queued(
            QueueStanding(
                state: try word(17), dueAt: time(18), leaseEnd: timeIfAny(19), hold: try wordIfAny(20),
                holdDetail: textIfAny(21), heldAt: timeIfAny(22), cancelledBy: integerIfAny(23),
                supersededBy: integerIfAny(24)))
    }

    /// Ten columns of an outcome or a late answer.
    fileprivate func outcome(from column: Int32) throws(StoreError) -> OutcomeRecord {
        let verdict = Verdict(
            try word(column), counts: integer(column + 1) == 1, messageID: textIfAny(column + 4),
            code: text(column + 2), words: text(column + 3),
            retryAfter: integerIfAny(column + 5).map(Span.init(microseconds:)),
            trouble: try wordIfAny(column + 6))
        return OutcomeRecord(
            verdict: verdict, status: integerIfAny(column + 7).map { Int($0) },
            issues: Int(integer(column + 8)),
            finishedAt: time(column + 9))
    }
}
