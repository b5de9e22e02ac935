// People's acts on commands: chosen, changed and recorded in one transaction, which locks the rows of the
// queue first, in the order of their numbers, as settling does.
package import SendonceCore
package import SendonceStore

extension PostgresStore: ActWriter {
    package func act(named request: Text) throws(StoreError) -> ActRecord? {
        try reader.use { (session: Session) throws(StoreError) in try session.act(named: request) }
    }

    package func plan(_ kind: ActKind, _ selection: CommandSelection) throws(StoreError) -> ActPlan {
        let chosen = ChosenCommands(selection)
        let (counts, unfit) = try reader.snapshot { (session: Session) throws(StoreError) in
            let counts = try session.first(
                """
                SELECT count(*), count(unsure)
                FROM (\(chosen.sql("q.first_unsure_at AS unsure", kind.fitSQL))) chosen
                """
            ) {
                chosen.bind($0)
            } read: {
                ($0.integer(0), $0.integer(1))
            }
            var unfit = try chosen.absent(session)
            let words = try session.rows(
                """
                SELECT word, count(*) FROM (
                    \(chosen.sql(stateSQL, "NOT (\(kind.fitSQL))"))
                ) chosen GROUP BY word
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
        let chosen = ChosenCommands(few)
        return try reader.snapshot { (session: Session) throws(StoreError) -> [MessageRecord] in
            let condition = "c.number IN (\(chosen.sql("q.command", kind.fitSQL))) ORDER BY c.number"
            return try session.rows(MessageRecord.selectSQL + condition) {
                chosen.bind($0)
            } read: { (row: Row) throws(StoreError) in
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
            let chosen = ChosenCommands(selection)
            let commands = try session.rows(
                chosen.sql("q.command, q.state, q.hold_reason", order.kind.fitSQL, ActLimits.commands + 1)
                    + " FOR UPDATE OF q"
            ) {
                chosen.bind($0)
            } read: { (row: Row) throws(StoreError) in
                try ActedCommand(row)
            }
            try ActOrder.checkCount(commands.count)
            guard commands.count == confirmed else { return .differs(Int64(commands.count)) }
            let record = try session.record(order, selection.words, commands: confirmed)
            var (numbers, states, holds) = (Column(.integer), Column(.text), Column(.text))
            for command in commands {
                numbers.add(command.number)
                states.add(command.state.rawValue)
                holds.add(command.hold?.rawValue)
            }
            try session.run(
                """
                INSERT INTO outbox_act_command (act, command, state, hold_reason)
                SELECT $1, unnest($2::bigint[]), unnest($3::text[]), unnest($4::text[])
                """
            ) {
                $0.add(record.number)
                for column in [numbers, states, holds] { $0.add(column) }
            }
            try session.apply(order, to: commands.map(\.number))
            return .done(record)
        }
    }
}

/// Rows of the queue that a selection means. Its parameters are 1 to 6.
private struct ChosenCommands {
    private let selection: CommandSelection

    init(_ selection: CommandSelection) {
        self.selection = selection
    }

    func sql(_ columns: String, _ fit: String, _ atMost: Int? = nil) -> String {
        """
        SELECT \(columns) FROM outbox_queue q JOIN outbox_command c ON c.number = q.command
        WHERE ($1::text IS NULL OR q.hold_reason = $1) AND ($2::text IS NULL OR c.rule = $2)
            AND ($3::text IS NULL OR q.route = $3) AND ($4::text IS NULL OR c.recipient = $4)
            AND (cardinality($6::uuid[]) = 0 OR c.id = ANY ($6::uuid[])) AND \(fit)
        ORDER BY q.command LIMIT least($5::bigint, \(atMost.map { "\($0)" } ?? "9223372036854775807"))
        """
    }

    func bind(_ statement: Statement) {
        statement.add(selection.hold?.rawValue)
        statement.add(selection.rule)
        statement.add(selection.route)
        statement.add(selection.recipient)
        statement.add(selection.limit)
        statement.add(ids)
    }

    private var ids: Column {
        var ids = Column(.uuid)
        for id in selection.ids { ids.add(id) }
        return ids
    }

    /// Commands that were named and are not in the queue, by the word of their state.
    func absent(_ session: Session) throws(StoreError) -> [String: Int64] {
        guard !selection.ids.isEmpty else { return [:] }
        let words = try session.rows(
            """
            SELECT CASE WHEN c.number IS NULL THEN 'not known' ELSE f.state END, count(*)
            FROM unnest($1::uuid[]) AS named (id) LEFT JOIN outbox_command c ON c.id = named.id
            LEFT JOIN outbox_finish f ON f.command = c.number
            WHERE c.number IS NULL OR f.state IS NOT NULL GROUP BY 1
            """
        ) {
            $0.add(ids)
        } read: {
            ($0.text(0).string, $0.integer(1))
        }
        return Dictionary(uniqueKeysWithValues: words)
    }
}

extension Session {
    func act(named request: Text) throws(StoreError) -> ActRecord? {
        try first("SELECT \(ActRecord.columns) FROM outbox_act a WHERE a.request = $1") {
            $0.add(request)
        } read: { (row: Row) throws(StoreError) in
            try ActRecord(row)
        }
    }

    /// Writes the act itself.
    func record(
        _ order: ActOrder, _ selection: Text, commands: Int64
    ) throws(StoreError) -> ActRecord {
        let sql = """
            INSERT INTO outbox_act (request, act, actor, reason, selection, commands, recorded_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
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

    fileprivate func apply(_ order: ActOrder, to commands: [Int64]) throws(StoreError) {
        var numbers = Column(.integer)
        for command in commands { numbers.add(command) }
        switch order.kind {
        case .hold:
            try run(
                """
                UPDATE outbox_queue SET state = 'held', hold_reason = 'operator', hold_detail = $2,
                    held_at = $3 WHERE command = ANY ($1::bigint[])
                """
            ) {
                $0.add(numbers)
                $0.add(order.reason)
                $0.add(order.now)
            }
            try record(
                commands.map {
                    Gate(
                        number: $0, word: HoldReason.operator.rawValue, at: order.now, cause: nil,
                        detail: order.reason)
                })
        case .release:
            try run(
                """
                UPDATE outbox_queue SET hold_reason = NULL, hold_detail = NULL, held_at = NULL,
                    due_at = greatest(due_at, $2),
                    state = CASE WHEN first_unsure_at IS NULL THEN 'pending' ELSE 'unknown' END
                WHERE command = ANY ($1::bigint[])
                """
            ) {
                $0.add(numbers)
                $0.add(order.now)
            }
        case .resolveNotAccepted:
            try run(
                """
                UPDATE outbox_queue SET hold_reason = NULL, hold_detail = NULL, held_at = NULL,
                    due_at = CASE WHEN attempts > 0 THEN $2 ELSE greatest(due_at, $2) END, state = 'pending',
                    first_unsure_at = NULL
                WHERE command = ANY ($1::bigint[])
                """
            ) {
                $0.add(numbers)
                $0.add(order.now)
            }
        case .cancel: try end(commands, .cancelled, order)
        case .resolveAccepted: try end(commands, .accepted, order)
        case .liftFence: throw .failed("a fence is lifted by `lift`")
        }
    }

    private func end(_ commands: [Int64], _ state: FinishedState, _ order: ActOrder) throws(StoreError) {
        try dequeue(commands)
        try finish(commands.map { Ending(number: $0, state: state, at: order.now, cause: nil) })
        try record(
            commands.map {
                Gate(number: $0, word: state.rawValue, at: order.now, cause: nil, detail: order.reason)
            })
    }
}
