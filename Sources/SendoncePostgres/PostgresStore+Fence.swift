// Where the log is in force, and the fence around what may be a copy. Each claim and each projector
// transaction reads the table of homes, and who puts up a fence locks it: so whoever saw no fence has ended
// before there is one.
package import SendonceCore
package import SendonceStore

extension PostgresStore: FenceKeeper {
    /// A cluster keeps its identifier when a replica is promoted, and every new one has another, also that
    /// into which a dump is restored. Within a cluster, a copied database or table has another number.
    package func identity() throws(StoreError) -> DatabaseIdentity {
        let (text, isKnown) = try reader.use { (session: Session) throws(StoreError) in
            // An engine that only speaks PostgreSQL's protocol may not have it.
            let isKnown =
                try session.first("SELECT to_regprocedure('pg_control_system()') IS NOT NULL") {
                    $0.boolean(0)
                } ?? false
            let sql = isKnown ? Session.identitySQL : Session.localIdentitySQL
            return (try session.first("SELECT \(sql)") { $0.text(0) }, isKnown)
        }
        guard let text else { throw .failed("the server does not say which database it is") }
        return DatabaseIdentity(text: text, place: try place(), namesItsMachine: isKnown)
    }

    package func logEnds() throws(StoreError) -> LogEnds? {
        try reader.snapshot { (session: Session) throws(StoreError) -> LogEnds? in
            guard let name = try session.link(at: 1) else { return nil }
            return LogEnds(name: name, head: try session.head())
        }
    }

    package func homeRecord() throws(StoreError) -> HomeRecord? {
        try reader.use { (session: Session) throws(StoreError) in try session.homeRecord() }
    }

    package func missing(of sighting: Sighting) throws(StoreError) -> Missing? {
        try reader.snapshot { (session: Session) throws(StoreError) in try session.missing(of: sighting) }
    }

    package func bind(_ record: HomeRecord) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            // Readers go on, such as a dump: they bind nothing.
            try session.run("LOCK TABLE outbox_home IN SHARE ROW EXCLUSIVE MODE")
            if try session.homeRecord() == nil { try session.append(record) }
        }
    }

    package func fence(_ record: HomeRecord, now: Timestamp) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            try session.run("LOCK TABLE outbox_home IN ACCESS EXCLUSIVE MODE")
            let last = try session.homeRecord()
            if last?.state == .fenced { return }
            var record = record.following(last?.recordedAt)
            record.suspectThrough =
                try session.first("SELECT coalesce(max(seq), 0) FROM outbox") { $0.integer(0) } ?? 0
            try session.append(record)
            try session.holdAll(record, at: now)
        }
    }

    package func lift(
        _ record: HomeRecord, _ order: ActOrder, confirmed: Int64
    ) throws(StoreError) -> ActResult {
        try writer.transaction { (session: Session) throws(StoreError) -> ActResult in
            try session.run("LOCK TABLE outbox_home IN ACCESS EXCLUSIVE MODE")
            if let known = try session.act(named: order.request) {
                try order.checkSame(as: known, record.place)
                return .repeated(known)
            }
            if let refusal = try session.authority()?.refusal { throw .fenced(refusal) }
            guard let fence = try session.homeRecord(), fence.state == .fenced else {
                throw .conflict("this log is not fenced here")
            }
            let suspect = "SELECT count(*) FROM outbox_queue q WHERE \(ActKind.liftFence.fitSQL)"
            let count = try session.first(suspect) { $0.integer(0) } ?? 0
            guard count == confirmed else { return .differs(count) }
            var record = record.following(fence.recordedAt)
            record.suspectThrough = fence.suspectThrough
            let act = try session.record(order, record.place, commands: count)
            try session.run(
                """
                INSERT INTO outbox_act_command (act, command, state, hold_reason)
                SELECT $1, q.command, q.state, q.hold_reason FROM outbox_queue q
                WHERE \(ActKind.liftFence.fitSQL) ORDER BY q.command
                """
            ) { $0.add(act.number) }
            // Whatever was emitted while the fence was put up.
            try session.holdAll(fence, at: order.now)
            try session.append(record)
            return .done(act)
        }
    }

    package func watch(_ expected: Expectation) throws(StoreError) { watch.begin(expected) }

    package func saw(_ claim: ClaimMark) { watch.note(claim) }
    package func sighting() -> Sighting? { watch.expected?.sighting }
}

extension Session {
    static let localIdentitySQL = """
        concat_ws(' ', 'database', (SELECT oid FROM pg_database WHERE datname = current_database()),
            'table', 'outbox_log'::regclass::oid)
        """
    static let identitySQL = """
        concat_ws(' ', 'cluster', (SELECT system_identifier FROM pg_control_system()), \(localIdentitySQL))
        """

    /// Of the newest rows of both tables; NULL where there is none.
    private static let standingSQL = """
        FROM (VALUES (1)) one
        LEFT JOIN (SELECT \(AuthorityRecord.columns) FROM outbox_authority ORDER BY number DESC LIMIT 1) a
            ON true
        LEFT JOIN (SELECT \(HomeRecord.columns) FROM outbox_home ORDER BY number DESC LIMIT 1) h ON true
        """
    private static let standingColumns = """
        a.state, a.transfer, a.place, a.actor, a.reason, a.digest, a.recorded_at,
            h.state, h.home, h.place, h.actor, h.reason, h.suspect_through, h.recorded_at,
            h.number
        """
    private static let standingOnlySQL = "SELECT \(standingColumns) \(standingSQL)"

    /// The same with what must be there: whether this is the database that it was, what stands where the log
    /// ended, whether the last claim is there, and where the log ends now.
    private static func watchedSQL(_ identity: String) -> String {
        """
        SELECT \(standingColumns), \(identity) = $1, seen.link, EXISTS (
            SELECT 1 FROM outbox_attempt t WHERE t.command = $3::bigint AND t.attempt = $4::bigint
                AND t.token = $5::bigint AND t.started_at = $6::bigint), head.position, head.link
        \(standingSQL)
        LEFT JOIN (SELECT link FROM outbox_log WHERE position = $2::bigint) seen ON true
        LEFT JOIN (SELECT position, link FROM outbox_log ORDER BY position DESC LIMIT 1) head ON true
        """
    }
    private static let watchedClusterSQL = watchedSQL(identitySQL)
    private static let watchedLocalSQL = watchedSQL(localIdentitySQL)

    /// Lets nobody project or claim who is not where the log is in force, from a database that is fenced, or
    /// that lacks what this process has seen of it. Within the transaction, in one round trip. Returns the
    /// home, if one is recorded.
    @discardableResult
    func checkAuthority() throws(StoreError) -> HomeRecord? {
        let watched = watch.expected
        let sql = watched.map { $0.identity.namesItsMachine ? Self.watchedClusterSQL : Self.watchedLocalSQL }
        let standing = try first(sql ?? Self.standingOnlySQL) {
            guard let watched else { return }
            let claim = watched.sighting.claims.last
            $0.add(watched.identity.text)
            $0.add(watched.sighting.head.position)
            $0.add(claim?.command)
            $0.add(claim?.attempt)
            $0.add(claim?.token)
            $0.add(claim?.startedAt)
        } read: { (row: Row) throws(StoreError) in
            if !row.isNull(0), let refusal = try AuthorityRecord(row).refusal { throw .fenced(refusal) }
            let home = row.isNull(7) ? nil : try HomeRecord(row, from: 7)
            if let refusal = home?.refusal { throw .fenced(refusal) }
            guard let watched else { return (home, false) }
            try watched.check(home)
            return (home, try lacks(row, watched.sighting))
        }
        guard let (home, isLacking) = standing else { return nil }
        guard isLacking, let sighting = watched?.sighting else { return home }
        let words = try missing(of: sighting)?.words ?? "what this host has seen was not there for a moment"
        throw .fenced("the database went back: \(words)")
    }

    /// Whether the row of `watchedSQL` lacks any of what was seen; notes where the log ends.
    private func lacks(_ row: Row, _ sighting: Sighting) throws(StoreError) -> Bool {
        guard row.boolean(15) else { throw .fenced("the database changed: \(Missing.identity.words)") }
        if sighting.head.position > 0, try row.digestIfAny(16) != sighting.head.link { return true }
        if !sighting.claims.isEmpty, !row.boolean(17) { return true }
        if !row.isNull(18) { watch.note(LogHead(position: row.integer(18), link: try row.digest(19))) }
        return false
    }

    func homeRecord() throws(StoreError) -> HomeRecord? {
        try first("SELECT \(HomeRecord.columns) FROM outbox_home ORDER BY number DESC LIMIT 1") {
            (row: Row) throws(StoreError) in
            try HomeRecord(row)
        }
    }

    func missing(of sighting: Sighting) throws(StoreError) -> Missing? {
        let seen = sighting.head
        if seen.position > 0 {
            guard let link = try link(at: seen.position) else {
                return .position(seen: seen.position, last: try head().position)
            }
            if link != seen.link { return .event(seen.position) }
        }
        for claim in sighting.claims {
            let found = try first(
                """
                SELECT 1 FROM outbox_attempt
                WHERE command = $1 AND attempt = $2 AND token = $3 AND started_at = $4
                """
            ) {
                $0.add(claim.command)
                $0.add(claim.attempt)
                $0.add(claim.token)
                $0.add(claim.startedAt)
            } read: {
                $0.integer(0)
            }
            if found == nil { return .claim(claim) }
        }
        return nil
    }

    fileprivate func link(at position: Int64) throws(StoreError) -> Digest? {
        try first("SELECT link FROM outbox_log WHERE position = $1") {
            $0.add(position)
        } read: { (row: Row) throws(StoreError) in
            try row.digest(0)
        }
    }

    func head() throws(StoreError) -> LogHead {
        try first("SELECT position, link FROM outbox_log ORDER BY position DESC LIMIT 1") {
            (row: Row) throws(StoreError) in LogHead(position: row.integer(0), link: try row.digest(1))
        } ?? .empty
    }

    fileprivate func append(_ record: HomeRecord) throws(StoreError) {
        try run(
            """
            INSERT INTO outbox_home (number, state, home, place, actor, reason, suspect_through, recorded_at)
            SELECT coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7 FROM outbox_home
            """
        ) {
            $0.add(record.state.rawValue)
            $0.add(record.home)
            $0.add(record.place)
            $0.add(record.actor)
            $0.add(record.reason)
            $0.add(record.suspectThrough)
            $0.add(record.recordedAt)
        }
    }

    /// Holds everything that is queued and not held. What a person or a gate holds already stays so.
    fileprivate func holdAll(_ record: HomeRecord, at time: Timestamp) throws(StoreError) {
        // In the order in which settling locks them.
        try run("SELECT 1 FROM outbox_queue WHERE state <> 'held' ORDER BY command FOR UPDATE")
        try run(
            """
            INSERT INTO outbox_outcome (command, attempt, outcome, counts, code, words, issues, finished_at)
            SELECT command, attempts, 'unknown', 1, 'fenced',
                'The log was fenced while this attempt was open.', 1, $1
            FROM outbox_queue WHERE state = 'sending' ORDER BY command
            """
        ) { $0.add(time) }
        try run(
            """
            INSERT INTO outbox_gate (command, at, gate, detail)
            SELECT command, $1, 'fence', $2 FROM outbox_queue WHERE state <> 'held' ORDER BY command
            """
        ) {
            $0.add(time)
            $0.add(record.reason)
        }
        try run(
            """
            UPDATE outbox_queue q SET first_unsure_at = coalesce(first_unsure_at,
                    CASE WHEN state = 'sending' THEN (SELECT started_at FROM outbox_attempt a
                        WHERE a.command = q.command AND a.attempt = q.attempts) END),
                counted = counted + (state = 'sending')::int, lease_end = NULL,
                state = 'held', hold_reason = 'fence', hold_detail = $1, held_at = $2
            WHERE state <> 'held'
            """
        ) {
            $0.add(record.reason)
            $0.add(time)
        }
    }

    /// Holds those of the newest commands that came of events up to a position, for the reason of the last
    /// fence.
    func holdSuspects(among newest: Int, through position: Int64, at time: Timestamp) throws(StoreError) {
        let suspects = """
            SELECT number FROM outbox_command WHERE position <= $1
                AND number > (SELECT max(number) FROM outbox_command) - $2
            """
        let reason = "(SELECT reason FROM outbox_home WHERE state = 'fenced' ORDER BY number DESC LIMIT 1)"
        for sql in [
            """
            INSERT INTO outbox_gate (command, at, gate, detail)
            SELECT command, $3, 'fence', \(reason) FROM outbox_queue WHERE command IN (\(suspects))
            ORDER BY command
            """,
            """
            UPDATE outbox_queue SET state = 'held', hold_reason = 'fence', held_at = $3,
                hold_detail = \(reason)
            WHERE command IN (\(suspects))
            """,
        ] {
            try run(sql) {
                $0.add(position)
                $0.add(newest)
                $0.add(time)
            }
        }
    }
}
