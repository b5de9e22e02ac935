// The projector's port: everything that one batch changes is written by one transaction on the projector's
// connection, by whoever holds the lease.
import SendonceCore
package import SendonceStore
import Synchronization

extension PostgresStore: ProjectionStore {
    package func project<Result>(
        _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try projector.transaction { (session: Session) throws(StoreError) -> Result in
            let home = try session.checkAuthority()
            try lease.enter(session, for: settings.lease)
            mayProject.store(true, ordering: .relaxed)
            return try run(body, on: session, home)
        }
    }

    /// Waits for the lease's holder to end its transaction and goes between two of them.
    package func act<Result>(
        _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try projector.transaction { (session: Session) throws(StoreError) -> Result in
            let home = try session.checkAuthority()
            _ = try session.first(ProjectorLease.lockSQL) { $0.integer(1) }
            return try run(body, on: session, home)
        }
    }

    private func run<Result>(
        _ body: (any ProjectionTransaction) throws(StoreError) -> Result, on session: Session,
        _ home: HomeRecord?
    ) throws(StoreError) -> Result {
        let open = PostgresProjection(session: session, store: self, home: home)
        let result = try body(open)
        try open.flush()
        return result
    }

    /// Gives the lease back, so that another process takes over at once.
    package func resign() throws(StoreError) {
        guard mayProject.load(ordering: .relaxed) else { return }
        try projector.transaction { (session: Session) throws(StoreError) in try lease.resign(session) }
    }

    package func hasIntake() throws(StoreError) -> Bool {
        if searches.hasLate { return true }
        return try reader.use { (session: Session) throws(StoreError) in
            try searches.first(.intake, session) != nil
        }
    }
}

/// The open transaction; lives no longer than the call that it is given to.
final class PostgresProjection: ProjectionTransaction {
    let session: Session
    let store: PostgresStore
    /// Kept from one batch to the next: within the transaction nobody else writes.
    private var writer: BatchWriter?
    private let home: HomeRecord?
    /// Of what is gathered: the last event that the fence makes suspect, and how many commands there are.
    private var suspects: (position: Int64?, emitted: Int) = (nil, 0)

    init(session: Session, store: PostgresStore, home: HomeRecord?) {
        self.session = session
        self.store = store
        self.home = home
    }

    /// Writes what was gathered, so that the database has all of it.
    func flush() throws(StoreError) {
        try writer?.flush()
        if let home, let position = suspects.position {
            try session.holdSuspects(among: suspects.emitted, through: position, at: home.recordedAt)
        }
        suspects = (nil, 0)
    }

    func head() throws(StoreError) -> LogHead {
        try flush()
        return try session.head()
    }

    func activation() throws(StoreError) -> Activation? {
        try session.activation()
    }

    func take(events: Int, bytes: Int) throws(StoreError) -> [IntakeEvent] {
        try flush()
        let late = try takeLate(events: events, bytes: bytes)
        guard late.isEmpty, let start = try store.searches.start(.intake) else { return late }
        return try session.rows(Session.intakeSQL) {
            $0.add(start)
            $0.add(events)
            $0.add(bytes)
        } read: {
            $0.intakeEvent()
        }
    }

    private func takeLate(events: Int, bytes: Int) throws(StoreError) -> [IntakeEvent] {
        var numbers = Column(.integer)
        let late = store.searches.takeLate(events)
        for number in late { numbers.add(number) }
        return try late.isEmpty
            ? []
            : session.rows(Session.lateIntakeSQL) {
                $0.add(numbers)
                $0.add(events)
                $0.add(bytes)
            } read: {
                $0.intakeEvent()
            }
    }

    func positions(of names: [EventName]) throws(StoreError) -> [EventName: Int64] {
        guard !names.isEmpty else { return [:] }
        try flush()
        var (ids, sources) = (Column(.text), Column(.text))
        for name in names {
            ids.add(name.id)
            sources.add(name.source)
        }
        var found: [EventName: Int64] = [:]
        let rows = try session.rows(
            """
            SELECT name.id, name.source, min(log.position)
            FROM unnest($1::text[], $2::text[]) AS name (id, source)
            JOIN outbox_log log ON log.id = name.id AND log.source = name.source AND log.id IS NOT NULL
            GROUP BY name.id, name.source
            """
        ) {
            $0.add(ids)
            $0.add(sources)
        } read: {
            (EventName(source: $0.text(1), id: $0.text(0)), $0.integer(2))
        }
        for (name, position) in rows { found[name] = position }
        return found
    }

    func winners(_ questions: [LedgerQuestion]) throws(StoreError) -> [LedgerQuestion: [Winner]] {
        var (first, latest, between): ([LedgerQuestion], [LedgerQuestion], [LedgerQuestion]) = ([], [], [])
        for question in questions {
            switch question.range {
            case .first: first.append(question)
            case .latest: latest.append(question)
            case .between: between.append(question)
            }
        }
        var answers: [LedgerQuestion: [Winner]] = [:]
        try answer(first, "ORDER BY l.position LIMIT 1", into: &answers)
        try answer(latest, "ORDER BY l.position DESC LIMIT 1", into: &answers)
        try answer(
            between, "AND l.occurred_at >= q.start AND l.occurred_at < q.ending ORDER BY l.position",
            into: &answers)
        return answers
    }

    /// Asks for all at once. A key has few rows, all side by side, so that ordering them costs next to
    /// nothing.
    private func answer(
        _ questions: [LedgerQuestion], _ condition: String,
        into answers: inout [LedgerQuestion: [Winner]]
    ) throws(StoreError) {
        guard !questions.isEmpty else { return }
        var (keys, digests) = (Column(.text), Column(.bytes))
        var (starts, ends) = (Column(.integer), Column(.integer))
        for question in questions {
            keys.add(question.key.text)
            digests.add(question.key.digest)
            if case .between(let start, let end) = question.range {
                starts.add(start)
                ends.add(end)
            } else {
                starts.addNull()
                ends.addNull()
            }
        }
        let sql = """
            SELECT q.place, w.position, w.occurred_at, w.slot, w.generation, w.command
            FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[])
                WITH ORDINALITY AS q (key, digest, start, ending, place)
            CROSS JOIN LATERAL (
                SELECT l.position, l.occurred_at, l.slot, l.generation, l.command FROM outbox_ledger l
                WHERE left(l.key, 200) = left(q.key, 200) AND l.key_digest = q.digest \(condition)
            ) w
            ORDER BY q.place, w.position
            """
        let rows = try session.rows(sql) {
            $0.add(keys)
            $0.add(digests)
            $0.add(starts)
            $0.add(ends)
        } read: { (row: Row) throws(StoreError) in
            (
                Int(row.integer(0)) - 1,
                Winner(
                    position: row.integer(1), occurredAt: row.time(2), slot: row.text(3),
                    generation: row.integer(4), command: try row.commandID(5))
            )
        }
        // The same question may be asked twice; its answer is one.
        var answered: [LedgerQuestion: Int] = [:]
        for (place, winner) in rows where answered[questions[place], default: place] == place {
            answered[questions[place]] = place
            answers[questions[place], default: []].append(winner)
        }
    }

    func write(_ batch: ProjectedBatch) throws(StoreError) {
        var writer = if let kept = self.writer { kept } else { try BatchWriter(session: session) }
        try writer.add(batch)
        self.writer = writer
        guard let home else { return }
        suspects.emitted += batch.emittedCount
        suspects.position = batch.lastSuspect(home) ?? suspects.position
    }

    func write(
        _ activation: Activation, event: LoggedEvent, decision: Decision, files: [RuleSetFile]
    ) throws(StoreError) {
        var batch = ProjectedBatch()
        batch.events = [event]
        batch.decisions = [decision]
        try write(batch)
        try flush()
        // The scopes are others from here on.
        writer = nil
        let isKnown = try session.ruleSetFiles(activation.ruleSet) != nil
        for file in isKnown ? [] : files {
            try session.run("INSERT INTO outbox_rule_set (digest, name, content) VALUES ($1, $2, $3)") {
                $0.add(activation.ruleSet)
                $0.add(file.name)
                $0.add(bytes: file.content)
            }
        }
        try session.run(
            """
            INSERT INTO outbox_activation (position, digest, actor, reason, recorded_at)
            VALUES ($1, $2, $3, $4, $5)
            """
        ) {
            $0.add(activation.position)
            $0.add(activation.ruleSet)
            $0.add(activation.actor)
            $0.add(activation.reason)
            $0.add(activation.recordedAt)
        }
        for (rule, scope) in activation.scopes.sorted(by: { $0.key < $1.key }) {
            try session.run("INSERT INTO outbox_scope (position, rule, scope) VALUES ($1, $2, $3)") {
                $0.add(activation.position)
                $0.add(rule)
                $0.add(scope)
            }
        }
    }
}
