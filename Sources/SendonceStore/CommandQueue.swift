// The port of the dispatcher: claim commands, record attempts, settle outcomes.
package import SendonceCore

/// A command whose turn has come, with all that is needed to build its message and to judge its gates.
package struct DueCommand: Sendable {
    /// By which queue, attempts and outcomes name the command: counts commands as they were emitted, from 1.
    package var number: Int64
    package var command: Command
    package var event: Event
    package var gates: GateFacts
    /// Attempts so far, and those that counted.
    package var attempts: Int
    package var counted: Int
    /// Digest of the request that the first attempt sent; every later one must have the same.
    package var requestDigest: Digest?
    /// Fencing token of the last claim; 0 before the first.
    package var token: Int64

    package init(
        number: Int64, command: Command, event: Event, gates: GateFacts, attempts: Int, counted: Int,
        requestDigest: Digest?, token: Int64
    ) {
        self.number = number
        self.command = command
        self.event = event
        self.gates = gates
        self.attempts = attempts
        self.counted = counted
        self.requestDigest = requestDigest
        self.token = token
    }
}

/// What the dispatcher wants to do with a due command.
package enum Preparation: Hashable, Sendable {
    /// Begin an attempt with this request.
    case attempt(request: Digest)
    /// End it without an attempt.
    case finish(FinishedState, cause: Int64?)
    case hold(HoldReason, detail: Text)
    /// Leave it as it is.
    case leave
}

/// A command under a lease with an open attempt. Only after this was committed may bytes leave.
package struct ClaimedCommand: Sendable {
    package var due: DueCommand
    /// Number of the open attempt, from 1.
    package var attempt: Int
    package var token: Int64
    package var startedAt: Timestamp
    package var leaseEnd: Timestamp

    package init(due: DueCommand, attempt: Int, token: Int64, startedAt: Timestamp, leaseEnd: Timestamp) {
        self.due = due
        self.attempt = attempt
        self.token = token
        self.startedAt = startedAt
        self.leaseEnd = leaseEnd
    }

    /// The history that the state machine judges after this attempt.
    package var history: DeliveryHistory {
        DeliveryHistory(
            command: due.command.id, attempt: attempt, counted: due.counted,
            firstUnsureAt: due.gates.firstUnsureAt, expiresAt: due.command.expiresAt,
            onUnknown: due.command.onUnknown)
    }
}

/// The end of one attempt, with what follows from it.
package struct Settlement: Sendable {
    /// The command's number.
    package var number: Int64
    package var attempt: Int
    package var token: Int64
    package var verdict: Verdict
    package var step: DeliveryStep
    /// HTTP status, if an answer came.
    package var status: Int?
    /// How often the request was issued: 0 proves that nothing left.
    package var issues: Int
    package var finishedAt: Timestamp

    package init(
        number: Int64, attempt: Int, token: Int64, verdict: Verdict, step: DeliveryStep, status: Int?,
        issues: Int, finishedAt: Timestamp
    ) {
        self.number = number
        self.attempt = attempt
        self.token = token
        self.verdict = verdict
        self.step = step
        self.status = status
        self.issues = issues
        self.finishedAt = finishedAt
    }
}

/// What became of a settlement.
package enum SettlementResult: Hashable, Sendable {
    case recorded
    /// The token is old: somebody else owns the command now. The late answer is kept in the audit
    /// (`outbox_late_answer`), the command is not touched.
    case stale
}

/// The right to claim and to settle.
package protocol CommandQueue: Sendable {
    /// Claims due commands of the given routes, oldest due time first. `prepare` is called for each, at most
    /// once, outside or inside the transaction; it must be pure. What it returns is recorded in one durable
    /// transaction: a lease, a higher token and an attempt row; or the end; or the hold. A command that
    /// changed meanwhile is left out, and so is what the limits of its route do not admit: `prepare` may have
    /// been called for it in vain.
    ///
    /// Guarantee: by the recorded rows there are never more commands being sent than a route's `concurrency`,
    /// and no span of its rate's length holds more starts than its count, whoever claims and whatever time
    /// each believes it is, as long as all who claim of a route name the same limits. A start is recorded
    /// with `now`: a claim that waits for a lock begins that much later than it is recorded.
    ///
    /// `dispatcher` names who claims, for the audit.
    func claim(
        _ shares: [RouteShare], now: Timestamp, lease: Span, dispatcher: Text,
        prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> ClaimReport

    /// Records outcomes durably in one transaction. The order of results is that of the settlements.
    func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettlementResult]

    /// Records outcomes and then claims, as `settle` and `claim` do one after the other. A store may do both
    /// in one transaction, which spares a flush.
    ///
    /// Guarantee: if it returns, the outcomes are recorded durably, whatever became of the claim. Errors:
    /// those of `settle`; then nothing was claimed that the caller could send.
    func settle(
        _ settlements: [Settlement], thenClaim shares: [RouteShare], now: Timestamp, lease: Span,
        dispatcher: Text, prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> SettledClaim

    /// Commands whose lease ran out with an attempt open, oldest first: their outcome is unknown, and whoever
    /// reads this may settle them so, under the token that is given.
    func lapsed(now: Timestamp, limit: Int) throws(StoreError) -> [ClaimedCommand]

    /// The earliest due time of a command of these routes that is neither finished nor held, or the earliest
    /// end of any lease; for knowing how long to sleep. What was committed late may be missing for a while.
    func nextDue(of routes: [Text]) throws(StoreError) -> Timestamp?
}

extension CommandQueue {
    package func settle(
        _ settlements: [Settlement], thenClaim shares: [RouteShare], now: Timestamp, lease: Span,
        dispatcher: Text, prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> SettledClaim {
        try settle(
            settlements, beforeClaiming: shares, now: now, lease: lease, dispatcher: dispatcher,
            prepare: prepare)
    }

    /// In a transaction each.
    package func settle(
        _ settlements: [Settlement], beforeClaiming shares: [RouteShare], now: Timestamp, lease: Span,
        dispatcher: Text, prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> SettledClaim {
        let results = try settle(settlements)
        do throws(StoreError) {
            let report = try claim(
                shares, now: now, lease: lease, dispatcher: dispatcher, prepare: prepare)
            return SettledClaim(results: results, claim: .success(report))
        } catch {
            return SettledClaim(results: results, claim: .failure(error))
        }
    }
}

/// Recorded outcomes, and what became of the claim after them.
package struct SettledClaim: Sendable {
    /// In the order of the settlements.
    package var results: [SettlementResult]
    package var claim: Result<ClaimReport, StoreError>

    package init(results: [SettlementResult], claim: Result<ClaimReport, StoreError>) {
        self.results = results
        self.claim = claim
    }
}

/// What one claim did.
package struct ClaimReport: Sendable {
    package var claimed: [ClaimedCommand] = []
    package var finished: Int = 0
    package var held: Int = 0
    /// Routes of which no more can be claimed because a limit is used up; what it takes to go on.
    package var waits: [Text: RouteWait]

    package init(waits: [Text: RouteWait] = [:]) {
        self.waits = waits
    }
}
