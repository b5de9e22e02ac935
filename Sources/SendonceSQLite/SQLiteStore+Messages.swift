// Reading commands with where they stand, and the attempts behind them.
package import SendonceCore
package import SendonceStore

extension SQLiteStore {
    package func messages(
        _ filter: MessageFilter, before number: Int64?, limit: Int
    ) throws(StoreError) -> [MessageRecord] {
        // The recipient comes first, because the candidates' query asks for parameter 1.
        let filters = [
            ("c.recipient = ?1 AND c.number IN (\(CommandLookup.candidatesSQL))", filter.recipient),
            ("c.rule = ?", filter.rule), ("c.route = ?", filter.route),
            ("coalesce(f.state, q.state) = ?", filter.state.map { Text($0) }),
            ("q.hold_reason = ?", filter.hold.map { Text($0.rawValue) }),
        ]
        let conditions = filters.compactMap { $0.1 == nil ? nil : $0.0 } + ["c.number < ?"]
        return try messages(conditions.joined(separator: " AND ") + " ORDER BY c.number DESC LIMIT ?") {
            for text in filters.compactMap(\.1) { $0.add(text) }
            $0.add(number ?? .max)
            $0.add(limit)
        }
    }

    package func message(_ id: CommandID) throws(StoreError) -> MessageRecord? {
        try messages("c.id = ?1 AND c.number IN (\(CommandLookup.candidatesSQL))") {
            $0.add(id.description)
        }.first
    }

    package func message(providerID: Text) throws(StoreError) -> MessageRecord? {
        let condition = """
            c.number = coalesce(
                (SELECT max(command) FROM outbox_outcome WHERE message_id = ?1 AND message_id IS NOT NULL),
                (SELECT max(command) FROM outbox_late_answer
                    WHERE message_id = ?1 AND message_id IS NOT NULL))
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
                WHERE key = ?1 || ']' OR (key >= ?1 || ',' AND key < ?1 || '-'))
            ORDER BY c.number DESC LIMIT ?2
            """
        ) {
            $0.add(beginning)
            $0.add(limit)
        }
        let scanned = """
            c.number IN (
                SELECT number FROM (SELECT number, key FROM outbox_command ORDER BY number DESC LIMIT ?2)
                WHERE instr(key, ',' || ?1 || ',') > 0 OR instr(key, ',' || ?1 || ']') > 0
                ORDER BY number DESC LIMIT ?3)
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
            let statement = try session.statement(
                "SELECT key FROM outbox_command ORDER BY number DESC LIMIT ?")
            defer { statement.reset() }
            statement.add(AuditLimits.scannedKeys)
            var similar: [Text] = []
            while similar.count < limit, try statement.next() {
                for candidate in keyParts(statement.text(0))
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
            try session.rows(MessageRecord.selectSQL + condition, bind) {
                (row: Statement) throws(StoreError) in
                try MessageRecord(row)
            }
        }
    }

    // MARK: Attempts

    package func attempts(of id: CommandID) throws(StoreError) -> [AttemptRecord] {
        try reader.snapshot { (session: Session) throws(StoreError) -> [AttemptRecord] in
            var late: [Int64: [OutcomeRecord]] = [:]
            guard let number = try session.number(of: id) else { return [] }
            let answers = try session.rows(Self.lateSQL) {
                $0.add(number)
            } read: { (row: Statement) throws(StoreError) in
                (row.integer(10), try OutcomeRecord(row))
            }
            for (attempt, answer) in answers { late[attempt, default: []].append(answer) }
            return try session.rows(Self.attemptSQL) {
                $0.add(number)
            } read: { (row: Statement) throws(StoreError) in
                try AttemptRecord(row, late: late)
            }
        }
    }

    private static let attemptSQL =
        AttemptRecord.selectSQL + "a.command = ? ORDER BY a.attempt"
    private static let lateSQL =
        OutcomeRecord.lateSQL + "command = ? ORDER BY number"
}

extension SQLiteStore {
    package func acts(on id: CommandID) throws(StoreError) -> [ActRecord] {
        try reader.snapshot { (session: Session) throws(StoreError) -> [ActRecord] in
            guard let number = try session.number(of: id) else { return [] }
            return try session.rows(
                """
                SELECT \(ActRecord.columns) FROM outbox_act_command t JOIN outbox_act a ON a.number = t.act
                WHERE t.command = ? ORDER BY a.number
                """
            ) {
                $0.add(number)
            } read: { (row: Statement) throws(StoreError) in
                try ActRecord(row)
            }
        }
    }
}
