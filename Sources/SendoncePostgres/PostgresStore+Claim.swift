// Claiming: lock what is due and nobody else has locked, let the dispatcher decide, record it, all in one
// transaction. Nothing can change a command between reading and claiming it.
package import SendonceCore
package import SendonceStore
import Synchronization

extension PostgresStore: CommandQueue {
    package func claim(
        _ shares: [RouteShare], now: Timestamp, lease: Span, dispatcher: Text,
        prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> ClaimReport {
        let batch = ClaimBatch(start: now, leaseEnd: now + lease, dispatcher: dispatcher)
        return try writer.transaction { (session: Session) throws(StoreError) -> ClaimReport in
            try session.checkAuthority()
            return try claim(shares, as: batch, session, prepare: prepare)
        }
    }

    /// Both in one transaction, but for routes with limits: there an outcome gives a place back that others
    /// wait for, and who took it again before they could see it would keep it for ever. Nor does an outcome
    /// wait for a route's lock.
    ///
    /// Whoever puts up a fence locks the tables that say so before he locks a command: so they are read first
    /// here too, and the two cannot wait for each other.
    package func settle(
        _ settlements: [Settlement], thenClaim shares: [RouteShare], now: Timestamp, lease: Span,
        dispatcher: Text, prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> SettledClaim {
        guard !shares.contains(where: \.isLimited) else {
            return try settle(
                settlements, beforeClaiming: shares, now: now, lease: lease, dispatcher: dispatcher,
                prepare: prepare)
        }
        let batch = ClaimBatch(start: now, leaseEnd: now + lease, dispatcher: dispatcher)
        do throws(StoreError) {
            return try settling(settlements) { (session: Session) throws(StoreError) in
                try session.checkAuthority()
            } then: { (session: Session, results) throws(StoreError) -> SettledClaim in
                let report = try claim(shares, as: batch, session, prepare: prepare)
                return SettledClaim(results: results, claim: .success(report))
            }
        } catch {
            // Outcomes are recorded also where nobody may claim, or where a claim waited in vain.
            return SettledClaim(results: try settle(settlements), claim: .failure(error))
        }
    }

    private func claim(
        _ shares: [RouteShare], as empty: ClaimBatch, _ session: Session,
        prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> ClaimReport {
        var batch = empty
        let now = batch.start
        let lock = RouteLock(session, now: now, leaseEnd: batch.leaseEnd)
        var wanted: [RouteShare] = []
        for share in shares where share.commands > 0 {
            guard share.isLimited else {
                wanted.append(share)
                continue
            }
            // Nobody is made to wait, and nothing is written, where nothing can be claimed anyway.
            if try lock.isFull(share) {
                batch.note(.concurrency, of: share.route)
            } else if try hasDue(share.route, now: now, session) {
                wanted.append(share)
            }
        }
        try lock.take(Set(wanted.filter(\.isLimited).map(\.route)))
        for share in wanted {
            var budget =
                share.isLimited
                ? try lock.budget(share) : RouteBudget(share, used: RouteUse(), at: now)
            for candidate in try due(share.route, limit: budget.remaining, now: now, session) {
                if batch.add(candidate, prepare(candidate.due)) { budget.spend() }
            }
            batch.note(budget.wait, of: share.route)
        }
        return try batch.write(session)
    }

    /// Where it finds nothing, a claim locks nothing and its end needs no flush.
    private func hasDue(_ route: Text, now: Timestamp, _ session: Session) throws(StoreError) -> Bool {
        let asked = ContinuousClock.now
        let start = dueSearch.withLock { $0.start(route.string, at: asked) }
        let lowest = try session.first(Self.firstDueSQL) {
            $0.add(route)
            $0.add(now)
            $0.add(start ?? Int64.min)
        } read: {
            $0.integer(0)
        }
        dueSearch.withLock {
            $0.note(
                route.string, lowest: lowest ?? now.microseconds, wasWhole: start == nil, from: asked,
                to: .now)
        }
        return lowest != nil
    }

    private static let firstDueSQL = """
        SELECT due_at FROM outbox_queue
        WHERE route = $1 AND state IN ('pending', 'unknown') AND due_at <= $2 AND due_at >= $3
        ORDER BY due_at LIMIT 1
        """

    private func due(_ route: Text, limit: Int, now: Timestamp, _ session: Session) throws(StoreError)
        -> [QueuedCommand]
    {
        guard limit > 0 else { return [] }
        let asked = ContinuousClock.now
        let start = dueSearch.withLock { $0.start(route.string, at: asked) }
        let locked = try session.answer(QueuedCommand.lockDueSQL) {
            $0.add(route)
            $0.add(now)
            $0.add(start ?? Int64.min)
            $0.add(limit)
        }
        // What it took beyond locking the rows themselves.
        let wading = asked + max(.zero, (.now - asked) - .microseconds(5) * locked.count)
        let lowest = locked.first.map { $0.integer(DueCommand.furtherQueueColumn) } ?? now.microseconds
        dueSearch.withLock {
            $0.note(route.string, lowest: lowest, wasWhole: start == nil, from: asked, to: wading)
        }
        return try QueuedCommand.read(locked, session)
    }

    package func lapsed(now: Timestamp, limit: Int) throws(StoreError) -> [ClaimedCommand] {
        let asked = ContinuousClock.now
        let start = leaseSearch.withLock { $0.start("", at: asked) }
        let lowest = try reader.use { (session: Session) throws(StoreError) in
            try session.first(Self.firstLapsedSQL) {
                $0.add(start ?? Int64.min)
                $0.add(now)
            } read: {
                $0.integer(0)
            }
        }
        leaseSearch.withLock {
            $0.note("", lowest: lowest ?? now.microseconds, wasWhole: start == nil, from: asked, to: .now)
        }
        guard let lowest else { return [] }
        return try writer.transaction { (session: Session) throws(StoreError) in
            try session.rows(QueuedCommand.lapsedSQL) {
                $0.add(now)
                $0.add(limit)
                $0.add(lowest)
            } read: { (row: Row) throws(StoreError) in
                try ClaimedCommand(lapsed: row)
            }
        }
    }

    private static let firstLapsedSQL = """
        SELECT lease_end FROM outbox_queue WHERE state = 'sending' AND lease_end >= $1 AND lease_end <= $2
        ORDER BY lease_end LIMIT 1
        """

    package func nextDue() throws(StoreError) -> Timestamp? {
        let asked = ContinuousClock.now
        guard nextPace.withLock({ $0.isWholeSearchDue(at: asked) }) else { return try nextKnownDue() }
        let next = try reader.use { (session: Session) throws(StoreError) in
            try session.first(Self.nextDueSQL) { $0.timeIfAny(0) } ?? nil
        }
        nextPace.withLock { $0.noteWholeSearch(from: asked, to: .now) }
        return next
    }

    /// The same from where the last searches of our own routes and of leases began.
    private func nextKnownDue() throws(StoreError) -> Timestamp? {
        var (routes, starts) = (Column(.text), Column(.integer))
        for (route, start) in dueSearch.withLock({ $0.hints }) {
            routes.add(route)
            starts.add(start)
        }
        let lease = leaseSearch.withLock { $0.hints[""] }
        return try reader.use { (session: Session) throws(StoreError) in
            try session.first(Self.nextKnownSQL) {
                $0.add(routes)
                $0.add(starts)
                $0.add(lease ?? Int64.min)
            } read: {
                $0.timeIfAny(0)
            } ?? nil
        }
    }

    private static let nextKnownSQL = """
        SELECT min(time) FROM (
            SELECT (SELECT q.due_at FROM outbox_queue q
                WHERE q.route = known.route AND q.state IN ('pending', 'unknown') AND q.due_at >= known.start
                ORDER BY q.due_at LIMIT 1) AS time
            FROM unnest($1::text[], $2::bigint[]) AS known (route, start)
            UNION ALL
            SELECT (SELECT lease_end FROM outbox_queue WHERE state = 'sending' AND lease_end >= $3
                ORDER BY lease_end LIMIT 1)
        ) times
        """

    /// Walks from route to route along the index, so that a queue of a million costs no more than one of ten.
    private static let nextDueSQL = """
        WITH RECURSIVE routes (route) AS (
            SELECT (SELECT min(route) FROM outbox_queue WHERE state IN ('pending', 'unknown'))
            UNION ALL
            SELECT (SELECT min(q.route) FROM outbox_queue q
                WHERE q.state IN ('pending', 'unknown') AND q.route > routes.route)
            FROM routes WHERE routes.route IS NOT NULL
        )
        SELECT min(time) FROM (
            SELECT (SELECT min(q.due_at) FROM outbox_queue q
                WHERE q.state IN ('pending', 'unknown') AND q.route = routes.route) AS time
            FROM routes WHERE routes.route IS NOT NULL
            UNION ALL
            SELECT (SELECT min(lease_end) FROM outbox_queue WHERE state = 'sending')
        ) times
        """
}
