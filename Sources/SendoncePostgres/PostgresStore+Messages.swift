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
        if let hold = filter.hold {
            texts.append(Text(hold.rawValue))
            conditions.append("q.hold_reason = $\(texts.count + 1)")
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

    private func messages(_ condition: String, _ bind: (Statement) -> Void) throws(StoreError)
        -> [MessageRecord]
    {
        try reader.use { (session: Session) throws(StoreError) in
            try session.rows(MessageRecord.selectSQL + condition, bind) { (row: Row) throws(StoreError) in
                try MessageRecord(row)
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
                (row.integer(10), try OutcomeRecord(row))
            }
            for (attempt, answer) in answers { late[attempt, default: []].append(answer) }
            return try session.rows(Self.attemptSQL) {
                $0.add(id)
            } read: { (row: Row) throws(StoreError) in
                try AttemptRecord(row, late: late)
            }
        }
    }

    private static let attemptSQL =
        AttemptRecord.selectSQL
        + "a.command = (SELECT number FROM outbox_command WHERE id = $1) ORDER BY a.attempt"
    private static let lateSQL =
        OutcomeRecord.lateSQL + "command = (SELECT number FROM outbox_command WHERE id = $1) ORDER BY number"
}

extension PostgresStore {
    package func acts(on id: CommandID) throws(StoreError) -> [ActRecord] {
        try reader.use { (session: Session) throws(StoreError) in
            try session.rows(
                """
                SELECT \(ActRecord.columns) FROM outbox_act_command t JOIN outbox_act a ON a.number = t.act
                WHERE t.command = (SELECT number FROM outbox_command WHERE id = $1) ORDER BY a.number
                """
            ) {
                $0.add(id)
            } read: { (row: Row) throws(StoreError) in
                try ActRecord(row)
            }
        }
    }
}
