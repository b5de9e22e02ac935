// Claiming: read what is due, let the dispatcher decide outside any write transaction, then record it in one.
// Each change is compared with what was read, so a command that changed meanwhile is left out.
package import SendonceCore
package import SendonceStore

extension SQLiteStore: CommandQueue {
    package func claim(
        _ shares: [RouteShare], now: Timestamp, lease: Span, dispatcher: Text,
        prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> ClaimReport {
        // What the limits leave here is only worth preparing: it is counted again under the write lock.
        var waits: [Text: RouteWait] = [:]
        let candidates = try reader.snapshot { (session: Session) throws(StoreError) -> [QueuedCommand] in
            var found: [QueuedCommand] = []
            for share in shares where share.commands > 0 {
                let budget = try session.budget(share, now: now)
                waits[share.route] = budget.wait
                found += try session.due(share.route, limit: budget.remaining, now: now)
            }
            return found
        }
        var intended: [(QueuedCommand, Preparation)] = []
        for candidate in candidates {
            let preparation = prepare(candidate.due)
            if preparation != .leave { intended.append((candidate, preparation)) }
        }
        guard !intended.isEmpty else { return ClaimReport(waits: waits) }
        return try writer.transaction { (session: Session) throws(StoreError) -> ClaimReport in
            try session.checkAuthority()
            var report = ClaimReport()
            var budgets: [Text: RouteBudget] = [:]
            for share in shares where share.commands > 0 {
                budgets[share.route] = try session.budget(share, now: now)
            }
            for (candidate, preparation) in intended {
                let route = candidate.due.command.route
                switch preparation {
                case .leave: break
                case .attempt(let request):
                    guard let budget = budgets[route], budget.remaining > 0,
                        try session.lease(candidate, until: now + lease, request: request)
                    else { continue }
                    budgets[route]?.spend()
                    report.claimed.append(
                        try session.open(
                            candidate, request: request, by: dispatcher, at: now, until: now + lease))
                case .finish(let state, let cause):
                    guard try session.dequeue(candidate) else { continue }
                    try session.finish(candidate.due.number, state, at: now, cause: cause)
                    try session.recordGate(
                        candidate.due.number, state.rawValue, at: now, cause: cause, detail: nil)
                    report.finished += 1
                case .hold(let reason, let detail):
                    guard try session.hold(candidate, reason, detail: detail, at: now) else { continue }
                    try session.recordGate(
                        candidate.due.number, reason.rawValue, at: now, cause: nil, detail: detail)
                    report.held += 1
                }
            }
            report.waits = budgets.compactMapValues(\.wait)
            return report
        }
    }

    package func lapsed(now: Timestamp, limit: Int) throws(StoreError) -> [ClaimedCommand] {
        try reader.use { (session: Session) throws(StoreError) in
            try session.rows(QueuedCommand.lapsedSQL) {
                $0.add(now)
                $0.add(limit)
            } read: { (row: Statement) throws(StoreError) in
                try ClaimedCommand(lapsed: row)
            }
        }
    }

    package func nextDue(of routes: [Text]) throws(StoreError) -> Timestamp? {
        try reader.use { (session: Session) throws(StoreError) in
            var times = [try session.first(Self.firstLeaseSQL) { $0.timeIfAny(0) } ?? nil]
            for route in routes {
                times.append(
                    try session.first(Self.firstDueSQL, { $0.add(route) }) { $0.timeIfAny(0) } ?? nil)
            }
            return times.compactMap(\.self).min()
        }
    }

    private static let firstLeaseSQL = "SELECT min(lease_end) FROM outbox_queue WHERE state = 'sending'"

    private static let firstDueSQL = """
        SELECT min(due_at) FROM outbox_queue WHERE state IN ('pending', 'unknown') AND route = ?
        """
}

extension Session {
    /// What the limits of a route leave. Final only inside a write transaction: nobody else claims then.
    fileprivate func budget(_ share: RouteShare, now: Timestamp) throws(StoreError) -> RouteBudget {
        var use = RouteUse()
        if let concurrency = share.concurrency {
            use.sending =
                try first(Self.sendingSQL) {
                    $0.add(share.route)
                    $0.add(concurrency)
                } read: {
                    Int($0.integer(0))
                } ?? 0
        }
        if let rate = share.rate {
            let window = rate.window(at: now)
            let started = try first(Self.startedSQL) {
                $0.add(share.route)
                $0.add(window.after)
                $0.add(window.through)
                $0.add(rate.count)
            } read: {
                (Int($0.integer(0)), $0.timeIfAny(1))
            }
            if let started { (use.started, use.oldestStart) = started }
        }
        return RouteBudget(share, used: use, at: now)
    }

    /// Never more rows than all routes' concurrency together.
    private static let sendingSQL = """
        SELECT count(*) FROM (
            SELECT 1 FROM outbox_queue WHERE state = 'sending' AND route = ? LIMIT ?
        )
        """

    private static let startedSQL = """
        SELECT count(*), min(started_at) FROM (
            SELECT started_at FROM outbox_attempt WHERE route = ? AND started_at > ? AND started_at <= ?
            ORDER BY started_at DESC LIMIT ?
        )
        """

    fileprivate func due(_ route: Text, limit: Int, now: Timestamp) throws(StoreError) -> [QueuedCommand] {
        guard limit > 0 else { return [] }
        return try rows(QueuedCommand.dueSQL) {
            $0.add(route)
            $0.add(now)
            $0.add(limit)
        } read: { (row: Statement) throws(StoreError) in
            try QueuedCommand(row)
        }
    }

    /// Compare and set: true if the queue row is still as it was read.
    private func change(_ sql: String, _ candidate: QueuedCommand, _ bind: (Statement) -> Void)
        throws(StoreError) -> Bool
    {
        let statement = try statement(sql)
        bind(statement)
        statement.add(candidate.due.number)
        statement.add(candidate.due.token)
        statement.add(candidate.state.rawValue)
        statement.add(candidate.due.gates.cancelledBy)
        statement.add(candidate.due.gates.supersededBy)
        return try statement.changes() == 1
    }

    private static let unchangedSQL =
        " WHERE command = ? AND token = ? AND state = ? AND cancelled_by IS ? AND superseded_by IS ?"
    private static let leaseSQL = """
        UPDATE outbox_queue SET state = 'sending', lease_end = ?, token = token + 1, attempts = attempts + 1,
            request_digest = coalesce(request_digest, ?)
        """ + unchangedSQL
    private static let dequeueSQL = "DELETE FROM outbox_queue" + unchangedSQL
    private static let holdSQL =
        "UPDATE outbox_queue SET state = 'held', hold_reason = ?, hold_detail = ?, held_at = ?" + unchangedSQL
    private static let attemptSQL = """
        INSERT INTO outbox_attempt (command, attempt, token, route, request_digest, dispatcher, started_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """

    fileprivate func lease(
        _ candidate: QueuedCommand, until end: Timestamp, request: Digest
    ) throws(StoreError) -> Bool {
        try change(Self.leaseSQL, candidate) {
            $0.add(end)
            $0.add(request)
        }
    }

    fileprivate func dequeue(_ candidate: QueuedCommand) throws(StoreError) -> Bool {
        try change(Self.dequeueSQL, candidate) { _ in }
    }

    fileprivate func hold(
        _ candidate: QueuedCommand, _ reason: HoldReason, detail: Text, at time: Timestamp
    ) throws(StoreError) -> Bool {
        try change(Self.holdSQL, candidate) {
            $0.add(reason.rawValue)
            $0.add(detail)
            $0.add(time)
        }
    }

    fileprivate func open(
        _ candidate: QueuedCommand, request: Digest, by dispatcher: Text, at start: Timestamp,
        until end: Timestamp
    ) throws(StoreError) -> ClaimedCommand {
        let claimed = ClaimedCommand(
            due: candidate.due, attempt: candidate.due.attempts + 1, token: candidate.due.token + 1,
            startedAt: start,
            leaseEnd: end)
        let statement = try statement(Self.attemptSQL)
        statement.add(candidate.due.number)
        statement.add(claimed.attempt)
        statement.add(claimed.token)
        statement.add(candidate.due.command.route)
        statement.add(request)
        statement.add(dispatcher)
        statement.add(start)
        try statement.run()
        return claimed
    }

    // MARK: Shared with settling

    func finish(_ number: Int64, _ state: FinishedState, at time: Timestamp, cause: Int64?) throws(StoreError)
    {
        let statement = try statement(
            "INSERT INTO outbox_finish (command, state, at, cause) VALUES (?, ?, ?, ?)")
        statement.add(number)
        statement.add(state.rawValue)
        statement.add(time)
        statement.add(cause)
        try statement.run()
    }

    func recordGate(
        _ number: Int64, _ gate: String, at time: Timestamp, cause: Int64?, detail: Text?
    ) throws(StoreError) {
        let statement = try statement(
            "INSERT INTO outbox_gate (command, at, gate, cause, detail) VALUES (?, ?, ?, ?, ?)")
        statement.add(number)
        statement.add(time)
        statement.add(gate)
        statement.add(cause)
        statement.add(detail)
        try statement.run()
    }
}
