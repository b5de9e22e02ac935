// Where the log is in force, and the fence around what may be a copy. One process writes at a time, so what a
// transaction finds here stays true until it ends.
import Foundation
package import SendonceCore
package import SendonceStore

extension SQLiteStore: FenceKeeper {
    /// A file is told from its copies on the same machine by its path. Its inode would change with every
    /// restore that is none, and its device with a restart.
    package func identity() throws(StoreError) -> DatabaseIdentity {
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
        return DatabaseIdentity(text: Text("sqlite \(place)"), place: Text(place), namesItsMachine: false)
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
            if try session.homeRecord() == nil { try session.append(record) }
        }
    }

    package func fence(_ record: HomeRecord, now: Timestamp) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            let last = try session.homeRecord()
            if last?.state == .fenced { return }
            var record = record.following(last?.recordedAt)
            record.suspectThrough = try session.first("SELECT max(seq) FROM outbox") { $0.integer(0) } ?? 0
            try session.append(record)
            try session.holdAll(record, at: now)
        }
    }

    package func lift(
        _ record: HomeRecord, _ order: ActOrder, confirmed: Int64
    ) throws(StoreError) -> ActResult {
        try writer.transaction { (session: Session) throws(StoreError) -> ActResult in
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
                SELECT ?, q.command, q.state, q.hold_reason FROM outbox_queue q
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
    func homeRecord() throws(StoreError) -> HomeRecord? {
        try first("SELECT \(HomeRecord.columns) FROM outbox_home ORDER BY number DESC LIMIT 1") {
            (row: Statement) throws(StoreError) in
            try HomeRecord(row)
        }
    }

    /// Lets nobody project or claim from a database that is fenced, or that lacks what this process has seen
    /// of it. Within the transaction.
    func checkHome() throws(StoreError) -> HomeRecord? {
        let expected = watch.expected
        let home = try homeRecord()
        if let refusal = home?.refusal { throw .fenced(refusal) }
        guard let expected else { return home }
        try expected.check(home)
        // Earlier claims were made sure of by earlier transactions.
        let newest = Sighting(head: expected.sighting.head, claims: expected.sighting.claims.suffix(1))
        if let missing = try missing(of: newest) { throw .fenced("the database went back: \(missing.words)") }
        watch.note(try head())
        return home
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
                WHERE command = ? AND attempt = ? AND token = ? AND started_at = ?
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
        try first("SELECT link FROM outbox_log WHERE position = ?") {
            $0.add(position)
        } read: { (row: Statement) throws(StoreError) in
            try row.digest(0)
        }
    }

    func head() throws(StoreError) -> LogHead {
        try first("SELECT position, link FROM outbox_log ORDER BY position DESC LIMIT 1") {
            (row: Statement) throws(StoreError) in LogHead(position: row.integer(0), link: try row.digest(1))
        } ?? .empty
    }

    fileprivate func append(_ record: HomeRecord) throws(StoreError) {
        try run(
            """
            INSERT INTO outbox_home (number, state, home, place, actor, reason, suspect_through, recorded_at)
            SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM outbox_home
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
        try run(
            """
            INSERT INTO outbox_outcome (command, attempt, outcome, counts, code, words, issues, finished_at)
            SELECT command, attempts, 'unknown', 1, 'fenced',
                'The log was fenced while this attempt was open.', 1, ?
            FROM outbox_queue WHERE state = 'sending' ORDER BY command
            """
        ) { $0.add(time) }
        try run(
            """
            INSERT INTO outbox_gate (command, at, gate, detail)
            SELECT command, ?, 'fence', ? FROM outbox_queue WHERE state <> 'held' ORDER BY command
            """
        ) {
            $0.add(time)
            $0.add(record.reason)
        }
        try run(
            """
            UPDATE outbox_queue SET first_unsure_at = coalesce(first_unsure_at,
                    CASE WHEN state = 'sending' THEN (SELECT started_at FROM outbox_attempt a
                        WHERE a.command = outbox_queue.command AND a.attempt = outbox_queue.attempts) END),
                counted = counted + (state = 'sending'), lease_end = NULL,
                state = 'held', hold_reason = 'fence', hold_detail = ?, held_at = ?
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
            SELECT number FROM outbox_command WHERE position <= ?1
                AND number > (SELECT max(number) FROM outbox_command) - ?2
            """
        let reason = "(SELECT reason FROM outbox_home WHERE state = 'fenced' ORDER BY number DESC LIMIT 1)"
        for sql in [
            """
            INSERT INTO outbox_gate (command, at, gate, detail)
            SELECT command, ?3, 'fence', \(reason) FROM outbox_queue WHERE command IN (\(suspects))
            ORDER BY command
            """,
            """
            UPDATE outbox_queue SET state = 'held', hold_reason = 'fence', held_at = ?3,
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
