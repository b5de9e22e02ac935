// People's acts on commands: chosen, changed and recorded in one transaction.
package import SendonceCore
package import SendonceStore

extension SQLiteStore: ActWriter {
    package func act(named request: Text) throws(StoreError) -> ActRecord? {
        try reader.use { (session: Session) throws(StoreError) in try session.act(named: request) }
    }

    package func plan(_ kind: ActKind, _ selection: CommandSelection) throws(StoreError) -> ActPlan {
        let (counts, unfit) = try reader.snapshot { (session: Session) throws(StoreError) in
            let chosen = try ChosenCommands(selection, session)
            let fitting = chosen.sql("q.first_unsure_at AS unsure", kind.fitSQL)
            let counts = try session.first("SELECT count(*), count(unsure) FROM (\(fitting))") {
                chosen.bind($0)
            } read: {
                ($0.integer(0), $0.integer(1))
            }
            var unfit = chosen.absent
            let words = try session.rows(
                """
                SELECT word, count(*) FROM (
                    \(chosen.sql(stateSQL, "NOT (\(kind.fitSQL))"))
                ) GROUP BY word
                """
            ) {
                chosen.bind($0)
            } read: {
                ($0.text(0).string, $0.integer(1))
            }
            for (word, count) in words { unfit[word, default: 0] += count }
            return (counts ?? (0, 0), unfit)
        }
        return ActPlan(
            count: counts.0, unsure: counts.1, unfit: unfit, sample: try sample(of: selection, kind))
    }

    private var stateSQL: String { "q.state || coalesce(' ' || q.hold_reason, '') AS word" }

    private func sample(
        of selection: CommandSelection, _ kind: ActKind
    ) throws(StoreError) -> [MessageRecord] {
        var few = selection
        few.limit = min(selection.limit ?? ActLimits.sample, ActLimits.sample)
        return try reader.snapshot { (session: Session) throws(StoreError) -> [MessageRecord] in
            let chosen = try ChosenCommands(few, session)
            let condition = "c.number IN (\(chosen.sql("q.command", kind.fitSQL))) ORDER BY c.number"
            return try session.rows(MessageRecord.selectSQL + condition) {
                chosen.bind($0)
            } read: { (row: Statement) throws(StoreError) in
                try MessageRecord(row)
            }
        }
    }

    package func act(
        _ order: ActOrder, on selection: CommandSelection, confirmed: Int64
    ) throws(StoreError) -> ActResult {
        try writer.transaction { (session: Session) throws(StoreError) -> ActResult in
            if let known = try session.act(named: order.request) {
                try order.checkSame(as: known, selection.words)
                return .repeated(known)
            }
            try session.checkAuthority()
            let chosen = try ChosenCommands(selection, session)
            let commands = try session.rows(
                chosen.sql("q.command, q.state, q.hold_reason", order.kind.fitSQL, ActLimits.commands + 1)
            ) {
                chosen.bind($0)
            } read: { (row: Statement) throws(StoreError) in
                try ActedCommand(row)
            }
            try ActOrder.checkCount(commands.count)
            guard commands.count == confirmed else { return .differs(Int64(commands.count)) }
            let record = try session.record(order, selection.words, commands: confirmed)
            for command in commands {
                try session.run(
                    "INSERT INTO outbox_act_command (act, command, state, hold_reason) VALUES (?, ?, ?, ?)"
                ) {
                    $0.add(record.number)
                    $0.add(command.number)
                    $0.add(command.state.rawValue)
                    $0.add(command.hold?.rawValue)
                }
                try session.apply(order, to: command.number)
            }
            return .done(record)
        }
    }
}

/// Rows of the queue that a selection means. Parameters 1 to 4 are its texts, 5 is its limit.
private struct ChosenCommands {
    private let selection: CommandSelection
    private let numbers: [Int64]
    /// Commands that were named and are not in the queue, by the word of their state.
    let absent: [String: Int64]

    init(_ selection: CommandSelection, _ session: Session) throws(StoreError) {
        self.selection = selection
        var numbers: [Int64] = []
        var absent: [String: Int64] = [:]
        for id in selection.ids {
            guard let number = try session.number(of: id) else {
                absent["not known", default: 0] += 1
                continue
            }
            numbers.append(number)
            let finished = try session.first("SELECT state FROM outbox_finish WHERE command = ?") {
                $0.add(number)
            } read: {
                $0.text(0).string
            }
            if let finished { absent[finished, default: 0] += 1 }
        }
        self.numbers = numbers
        self.absent = absent
    }

    func sql(_ columns: String, _ fit: String, _ atMost: Int? = nil) -> String {
        let ids = selection.ids.isEmpty ? "" : " AND q.command IN (\(Self.list(numbers)))"
        return """
            SELECT \(columns) FROM outbox_queue q JOIN outbox_command c ON c.number = q.command
            WHERE (?1 IS NULL OR q.hold_reason = ?1) AND (?2 IS NULL OR c.rule = ?2)
                AND (?3 IS NULL OR q.route = ?3) AND (?4 IS NULL OR c.recipient = ?4)\(ids) AND \(fit)
            ORDER BY q.command LIMIT min(?5, \(atMost.map { "\($0)" } ?? "9223372036854775807"))
            """
    }

    func bind(_ statement: Statement) {
        statement.add(selection.hold?.rawValue)
        statement.add(selection.rule)
        statement.add(selection.route)
        statement.add(selection.recipient)
        statement.add(selection.limit.map(Int64.init) ?? .max)
    }

    private static func list(_ numbers: [Int64]) -> String {
        numbers.map { "\($0)" }.joined(separator: ", ")
    }
}

extension Session {
    func act(named request: Text) throws(StoreError) -> ActRecord? {
        try first("SELECT \(ActRecord.columns) FROM outbox_act a WHERE a.request = ?") {
            $0.add(request)
        } read: { (row: Statement) throws(StoreError) in
            try ActRecord(row)
        }
    }

    /// Writes the act itself.
    func record(
        _ order: ActOrder, _ selection: Text, commands: Int64
    ) throws(StoreError) -> ActRecord {
        let sql = """
            INSERT INTO outbox_act (request, act, actor, reason, selection, commands, recorded_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """
        try run(sql) {
            $0.add(order.request)
            $0.add(order.kind.rawValue)
            $0.add(order.actor)
            $0.add(order.reason)
            $0.add(selection)
            $0.add(commands)
            $0.add(order.now)
        }
        guard let record = try act(named: order.request) else { throw .failed("an act was not recorded") }
        return record
    }

    fileprivate func apply(_ order: ActOrder, to number: Int64) throws(StoreError) {
        switch order.kind {
        case .hold:
            try run(
                """
                UPDATE outbox_queue SET state = 'held', hold_reason = 'operator', hold_detail = ?, held_at = ?
                WHERE command = ?
                """
            ) {
                $0.add(order.reason)
                $0.add(order.now)
                $0.add(number)
            }
            try recordGate(
                number, HoldReason.operator.rawValue, at: order.now, cause: nil, detail: order.reason)
        case .release:
            try run(
                """
                UPDATE outbox_queue SET hold_reason = NULL, hold_detail = NULL, held_at = NULL,
                    due_at = max(due_at, ?),
                    state = CASE WHEN first_unsure_at IS NULL THEN 'pending' ELSE 'unknown' END
                WHERE command = ?
                """
            ) {
                $0.add(order.now)
                $0.add(number)
            }
        case .resolveNotAccepted:
            try run(
                """
                UPDATE outbox_queue SET hold_reason = NULL, hold_detail = NULL, held_at = NULL,
                    due_at = CASE WHEN attempts > 0 THEN ?1 ELSE max(due_at, ?1) END, state = 'pending',
                    first_unsure_at = NULL
                WHERE command = ?
                """
            ) {
                $0.add(order.now)
                $0.add(number)
            }
        case .cancel: try end(number, .cancelled, order)
        case .resolveAccepted: try end(number, .accepted, order)
        case .liftFence: throw .failed("a fence is lifted by `lift`")
        }
    }

    private func end(_ number: Int64, _ state: FinishedState, _ order: ActOrder) throws(StoreError) {
        try run("DELETE FROM outbox_queue WHERE command = ?") { $0.add(number) }
        try finish(number, state, at: order.now, cause: nil)
        try recordGate(number, state.rawValue, at: order.now, cause: nil, detail: order.reason)
    }
}
