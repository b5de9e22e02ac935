// Claiming: lock what is due and nobody else has locked, let the dispatcher decide, record it, all in one
// transaction. Nothing can change a command between reading and claiming it.
package import SendonceCore
package import SendonceStore

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
            } else if try searches.first(.due(share.route), through: now, session) != nil {
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

    private func due(_ route: Text, limit: Int, now: Timestamp, _ session: Session) throws(StoreError)
        -> [QueuedCommand]
    {
        guard limit > 0, let start = try searches.start(.due(route)) else { return [] }
        let asked = ContinuousClock.now
        let locked = try session.answer(QueuedCommand.lockDueSQL) {
            $0.add(route)
            $0.add(now)
            $0.add(start)
            $0.add(limit)
        }
        // Locking the rows themselves is no part of the search.
        let cost = session.cost(since: asked) - .microseconds(5) * locked.count
        let first = locked.first.map { $0.integer(DueCommand.furtherQueueColumn) }
        searches.note(.due(route), first: first, begun: start, end: now, cost: cost)
        return try QueuedCommand.read(locked, session)
    }

    package func lapsed(now: Timestamp, limit: Int) throws(StoreError) -> [ClaimedCommand] {
        // Also leases that still run: the next search begins at the first of them.
        let first = try reader.use { (session: Session) throws(StoreError) in
            try searches.first(.leases, session)
        }
        guard let first, first <= now.microseconds else { return [] }
        return try writer.transaction { (session: Session) throws(StoreError) in
            try session.rows(QueuedCommand.lapsedSQL) {
                $0.add(now)
                $0.add(limit)
                $0.add(first)
            } read: { (row: Row) throws(StoreError) in
                try ClaimedCommand(lapsed: row)
            }
        }
    }

    package func nextDue(of routes: [Text]) throws(StoreError) -> Timestamp? {
        var (names, starts) = (Column(.text), Column(.integer))
        for route in routes {
            guard let start = try searches.start(.due(route)) else { continue }
            names.add(route)
            starts.add(start)
        }
        // None can end so late: nothing is looked for.
        let leases = try searches.start(.leases) ?? .max
        let next = try reader.use { (session: Session) throws(StoreError) in
            try session.first(Self.nextDueSQL) {
                $0.add(names)
                $0.add(starts)
                $0.add(leases)
            } read: {
                (due: $0.timeIfAny(0), leaseEnd: $0.timeIfAny(1))
            }
        }
        guard let next else { return nil }
        searches.note(.leases, first: next.leaseEnd?.microseconds, begun: leases)
        return [next.due, next.leaseEnd].compactMap(\.self).min()
    }

    private static let nextDueSQL = """
        SELECT (SELECT min(first.due_at) FROM unnest($1::text[], $2::bigint[]) AS known (route, start)
            CROSS JOIN LATERAL (SELECT q.due_at FROM outbox_queue q
                WHERE q.route = known.route AND q.state IN ('pending', 'unknown') AND q.due_at >= known.start
                ORDER BY q.due_at LIMIT 1) first),
            (SELECT lease_end FROM outbox_queue WHERE state = 'sending' AND lease_end >= $3
                ORDER BY lease_end LIMIT 1)
        """
}
