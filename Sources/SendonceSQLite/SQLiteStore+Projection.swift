// The projector's port: everything that one batch changes is written by one transaction on the writer
// connection.
import SendonceCore
package import SendonceStore

extension SQLiteStore: ProjectionStore {
    package func project<Result>(
        _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try writer.transaction { (session: Session) throws(StoreError) -> Result in
            let home = try session.checkAuthority()
            return try body(SQLiteProjection(session: session, home: home))
        }
    }

    package func hasIntake() throws(StoreError) -> Bool {
        try reader.use { (session: Session) throws(StoreError) in
            try session.first("SELECT 1 FROM outbox LIMIT 1") { $0.integer(0) } != nil
        }
    }
}

/// The open transaction; lives no longer than the call that it is given to.
final class SQLiteProjection: ProjectionTransaction {
    let session: Session
    /// Kept from one batch to the next: within the transaction nobody else writes.
    private var writer: BatchWriter?
    private let home: HomeRecord?

    init(session: Session, home: HomeRecord?) {
        self.session = session
        self.home = home
    }

    func head() throws(StoreError) -> LogHead {
        try session.head()
    }

    func activation() throws(StoreError) -> Activation? {
        try session.activation()
    }

    func take(events: Int, bytes: Int) throws(StoreError) -> [IntakeEvent] {
        let statement = try session.statement(Session.intakeSQL)
        defer { statement.reset() }
        statement.add(events)
        var taken: [IntakeEvent] = []
        taken.reserveCapacity(min(events, 4_096))
        var size = 0
        while try statement.next() {
            size += statement.byteCount(5)
            if size > bytes, !taken.isEmpty { break }
            taken.append(try statement.intakeEvent())
        }
        return taken
    }

    func positions(of names: [EventName]) throws(StoreError) -> [EventName: Int64] {
        guard !names.isEmpty else { return [:] }
        var found: [EventName: Int64] = [:]
        let statement = try session.statement(
            "SELECT min(position) FROM outbox_log WHERE id = ? AND source = ? AND id IS NOT NULL")
        defer { statement.reset() }
        for name in names {
            statement.add(name.id)
            statement.add(name.source)
            while try statement.next() {
                if let position = statement.integerIfAny(0) { found[name] = position }
            }
        }
        return found
    }

    func winners(_ questions: [LedgerQuestion]) throws(StoreError) -> [LedgerQuestion: [Winner]] {
        var answers: [LedgerQuestion: [Winner]] = [:]
        let first = questions.filter { $0.range == .first }
        let whole = first.count - first.count % Self.keysAtOnce
        for start in stride(from: 0, to: whole, by: Self.keysAtOnce) {
            try addFirstWinners(first[start..<start + Self.keysAtOnce], to: &answers)
        }
        for question in first[whole...] + questions.filter({ $0.range != .first }) {
            let winners = try self.winners(question)
            if !winners.isEmpty { answers[question] = winners }
        }
        return answers
    }

    /// Most keys are new: for those, sixteen at once cost little more than one.
    private func addFirstWinners(
        _ questions: ArraySlice<LedgerQuestion>, to answers: inout [LedgerQuestion: [Winner]]
    ) throws(StoreError) {
        let statement = try session.statement(Self.firstWinnersSQL)
        defer { statement.reset() }
        for question in questions {
            statement.add(question.key.text)
            statement.add(question.key.digest)
        }
        while try statement.next() {
            let question = questions[questions.startIndex + Int(statement.integer(5))]
            let winner = try statement.winner()
            if let known = answers[question]?.first, known.position < winner.position { continue }
            answers[question] = [winner]
        }
    }

    /// A key has few rows, all side by side, so that ordering them costs next to nothing.
    private func winners(_ question: LedgerQuestion) throws(StoreError) -> [Winner] {
        let statement: Statement
        switch question.range {
        case .first:
            statement = try session.statement(Self.firstWinnerSQL)
            statement.add(question.key.text)
            statement.add(question.key.digest)
        case .latest:
            statement = try session.statement(Self.latestWinnerSQL)
            statement.add(question.key.text)
            statement.add(question.key.digest)
        case .between(let from, let end):
            statement = try session.statement(Self.winnersBetweenSQL)
            statement.add(question.key.text)
            statement.add(question.key.digest)
            statement.add(from)
            statement.add(end)
        }
        defer { statement.reset() }
        var winners: [Winner] = []
        while try statement.next() { winners.append(try statement.winner()) }
        return winners
    }

    private static let keysAtOnce = 16
    private static let firstWinnersSQL = """
        WITH asked (key, digest, place) AS (
            VALUES \((0..<keysAtOnce).map { "(?, ?, \($0))" }.joined(separator: ", "))
        )
        SELECT l.position, l.occurred_at, l.slot, l.generation, l.command, asked.place
        FROM asked CROSS JOIN outbox_ledger l ON l.key = asked.key AND l.key_digest = asked.digest
        """

    private static let firstWinnerSQL = """
        SELECT position, occurred_at, slot, generation, command FROM outbox_ledger WHERE key = ?
            AND key_digest = ?
        ORDER BY position LIMIT 1
        """
    private static let latestWinnerSQL = """
        SELECT position, occurred_at, slot, generation, command FROM outbox_ledger WHERE key = ?
            AND key_digest = ?
        ORDER BY position DESC LIMIT 1
        """
    private static let winnersBetweenSQL = """
        SELECT position, occurred_at, slot, generation, command FROM outbox_ledger WHERE key = ?
            AND key_digest = ?
            AND occurred_at >= ? AND occurred_at < ? ORDER BY position
        """

    func write(_ batch: ProjectedBatch) throws(StoreError) {
        var writer = if let kept = self.writer { kept } else { try BatchWriter(session: session) }
        try writer.write(batch)
        try writer.remove(moved: batch.moved)
        self.writer = writer
        if let home, let position = batch.lastSuspect(home) {
            try session.holdSuspects(among: batch.emittedCount, through: position, at: home.recordedAt)
        }
    }

    func write(
        _ activation: Activation, event: LoggedEvent, decision: Decision, files: [RuleSetFile]
    ) throws(StoreError) {
        var batch = ProjectedBatch()
        batch.events = [event]
        batch.decisions = [decision]
        try write(batch)
        // The scopes are others from here on.
        writer = nil
        let isKnown = try session.ruleSetRows(activation.ruleSet) != nil
        for file in isKnown ? [] : files {
            let statement = try session.statement(
                "INSERT INTO outbox_rule_set (digest, name, content) VALUES (?, ?, ?)")
            statement.add(activation.ruleSet)
            statement.add(file.name)
            try file.content.withStatic { bytes throws(StoreError) in
                statement.addStatic(blob: bytes)
                try statement.run()
            }
        }
        try session.run(
            """
            INSERT INTO outbox_activation (position, digest, actor, reason, recorded_at)
            VALUES (?, ?, ?, ?, ?)
            """
        ) {
            $0.add(activation.position)
            $0.add(activation.ruleSet)
            $0.add(activation.actor)
            $0.add(activation.reason)
            $0.add(activation.recordedAt)
        }
        for (rule, scope) in activation.scopes.sorted(by: { $0.key < $1.key }) {
            try session.run("INSERT INTO outbox_scope (position, rule, scope) VALUES (?, ?, ?)") {
                $0.add(activation.position)
                $0.add(rule)
                $0.add(scope)
            }
        }
    }
}

extension Statement {
    /// The first five columns of a ledger row.
    fileprivate func winner() throws(StoreError) -> Winner {
        Winner(
            position: integer(0), occurredAt: time(1), slot: text(2), generation: integer(3),
            command: try commandID(4))
    }
}

extension [UInt8] {
    /// The bytes in place, for a statement that runs within `body`.
    func withStatic(_ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void) throws(StoreError) {
        let outcome = withUnsafeBytes { bytes -> Result<Void, StoreError> in
            do throws(StoreError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        try outcome.get()
    }
}
