// A queue whose claims are remembered outside the database before anything is sent on the strength of them.
package import SendonceCore
package import SendonceStore

/// Stands between dispatcher and store.
package struct GuardedQueue: CommandQueue {
    private let queue: any CommandQueue
    private let fence: FenceGuard

    package init(_ queue: any CommandQueue, fence: FenceGuard) {
        self.queue = queue
        self.fence = fence
    }

    package func claim(
        _ shares: [RouteShare], now: Timestamp, lease: Span, dispatcher: Text,
        prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> ClaimReport {
        try arm()
        let report = try queue.claim(
            shares, now: now, lease: lease, dispatcher: dispatcher, prepare: prepare)
        try remember(report, now: now)
        return report
    }

    package func settle(
        _ settlements: [Settlement], thenClaim shares: [RouteShare], now: Timestamp, lease: Span,
        dispatcher: Text, prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> SettledClaim {
        do throws(StoreError) {
            try arm()
        } catch {
            return SettledClaim(results: try queue.settle(settlements), claim: .failure(error))
        }
        var round = try queue.settle(
            settlements, thenClaim: shares, now: now, lease: lease, dispatcher: dispatcher,
            prepare: prepare)
        guard case .success(let report) = round.claim else { return round }
        do throws(StoreError) {
            try remember(report, now: now)
        } catch {
            round.claim = .failure(error)
        }
        return round
    }

    /// Until the log has an event, it has no name under which anything could be remembered of it.
    private func arm() throws(StoreError) {
        if !fence.isArmed { try fence.enter() }
    }

    /// What cannot be remembered is given back, and not sent.
    private func remember(_ report: ClaimReport, now: Timestamp) throws(StoreError) {
        // All were committed at once, so one of them tells of all.
        guard let first = report.claimed.first else { return }
        do throws(StoreError) {
            try fence.remember(
                ClaimMark(
                    command: first.due.number, attempt: Int64(first.attempt), token: first.token,
                    startedAt: first.startedAt))
        } catch {
            try giveBack(report.claimed, now: now)
            throw error
        }
    }

    /// Nothing of them left: their attempts do not count, and they are due again soon.
    private func giveBack(_ claimed: [ClaimedCommand], now: Timestamp) throws(StoreError) {
        let settlements = claimed.map { claimed in
            let state: QueueState = claimed.due.gates.firstUnsureAt == nil ? .pending : .unknown
            return Settlement(
                number: claimed.due.number, attempt: claimed.attempt, token: claimed.token,
                verdict: .neverLeft, step: .retry(at: now + .seconds(5), state: state), status: nil,
                issues: 0,
                finishedAt: now)
        }
        _ = try queue.settle(settlements)
    }

    package func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettlementResult] {
        try queue.settle(settlements)
    }

    package func lapsed(now: Timestamp, limit: Int) throws(StoreError) -> [ClaimedCommand] {
        try queue.lapsed(now: now, limit: limit)
    }

    package func nextDue(of routes: [Text]) throws(StoreError) -> Timestamp? {
        try queue.nextDue(of: routes)
    }
}
