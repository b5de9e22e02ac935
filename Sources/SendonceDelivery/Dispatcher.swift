// The dispatcher: settles what came back, claims what is due, hands it to the transports. One thread calls
// `turn`; what to do with each command is decided by pure values (`GateFacts`, `Provider`,
// `DeliveryHistory`), and everything that must survive a crash is in the store before a byte leaves.
package import SendonceCore
package import SendonceStore

/// Delivers commands over a set of routes. Belongs to one thread; any number of dispatchers may work on one
/// store.
package final class Dispatcher {
    private let queue: any CommandQueue
    private let requests: RequestBuilder
    private let settings: DispatchSettings
    private let answers: AnswerBox
    private var routes: [ActiveRoute]
    /// Attempts whose answer has not come yet, by the number that the transport knows.
    private var open: [UInt64: OpenAttempt] = [:]
    /// Outcomes that are not recorded yet. Kept until the store takes them: an outcome is never dropped.
    private var unrecorded: [Settlement] = []
    /// When the first of them came, by the monotonic clock.
    private var gatheringSince: UInt64 = 0
    private var lastNumber: UInt64 = 0
    /// When to look for lapsed leases again, by the monotonic clock.
    private var nextLapseCheck: UInt64 = 0

    /// `wake` is called on a transport's thread when answers have arrived.
    package init(
        queue: any CommandQueue, requests: RequestBuilder, routes: [ActiveRoute],
        settings: DispatchSettings = DispatchSettings(), wake: @escaping @Sendable () -> Void
    ) {
        self.queue = queue
        self.requests = requests
        self.routes = routes
        self.settings = settings
        answers = AnswerBox(wake: wake)
    }

    /// Attempts that are under way.
    package var inFlight: Int { open.count }
    /// Attempts whose outcome is not recorded yet: under way, or kept because the store could not take them.
    package var unsettled: Int { open.count + unrecorded.count }

    /// One round: record outcomes, recover lapsed leases, claim, submit. While outcomes wait for others (see
    /// `DispatchSettings.gatheringTime`) nothing of that is done. `isClaiming` is false while shutting down:
    /// then nothing waits.
    ///
    /// On a store error nothing is lost: outcomes that could not be recorded are kept for the next turn, and
    /// without a committed claim nothing is sent.
    package func turn(now: Timestamp, monotonic: UInt64, isClaiming: Bool = true) throws(StoreError)
        -> DispatchReport
    {
        var report = DispatchReport()
        if unrecorded.isEmpty { gatheringSince = monotonic }
        judgeAnswers(now: now, report: &report)
        report.rest = isClaiming ? rest(at: monotonic) : nil
        guard report.rest == nil else { return report }
        guard isClaiming else {
            try record(report: &report)
            return report
        }
        if monotonic >= nextLapseCheck {
            // Before: what has an outcome here must not be taken for lost.
            try record(report: &report)
            try recoverLapsed(now: now, report: &report)
            nextLapseCheck = monotonic + UInt64(settings.lapseCheckInterval.microseconds) * 1_000
        }
        try claim(now: now, monotonic: monotonic, report: &report)
        return report
    }

    /// When a turn without new answers may have something to do: the next due time, or, where a command is
    /// due already, the next moment at which a rate limit or a breaker lets one through. nil if nothing
    /// waits, or only for answers. Other processes emit commands and end attempts too, so callers also look
    /// in from time to time.
    package func nextTurn(after now: Timestamp) throws(StoreError) -> Timestamp? {
        guard let due = try queue.nextDue(of: routes.map(\.route.name)) else { return nil }
        if due > now { return due }
        return routes.compactMap { $0.nextAt(after: now) }.min()
    }

    /// Routes that take nothing now, with the reason in words.
    package var pausedRoutes: [(route: Text, words: String)] {
        routes.compactMap { active in active.opening.map { (active.route.name, $0.description) } }
    }

    /// Ends the transports and records every attempt that was open: released if it never left, unknown
    /// otherwise.
    package func close(now: Timestamp) throws(StoreError) -> DispatchReport {
        for route in routes { route.transport.close() }
        var report = DispatchReport()
        judgeAnswers(now: now, report: &report)
        try record(report: &report)
        return report
    }

    // MARK: Settling

    private func judgeAnswers(now: Timestamp, report: inout DispatchReport) {
        for answer in answers.takeAll() {
            guard let attempt = open.removeValue(forKey: answer.number) else { continue }
            let verdict = routes[attempt.route].judge(answer, bodyLength: attempt.bodyLength, now: now)
            let step = attempt.claimed.history.step(
                after: verdict, startedAt: attempt.claimed.startedAt, now: now,
                capability: routes[attempt.route].provider.capability,
                schedule: routes[attempt.route].route.schedule)
            report.add(verdict, step, issuedAt: answer.issuedAt)
            unrecorded.append(
                Settlement(
                    number: attempt.claimed.due.number, attempt: attempt.claimed.attempt,
                    token: attempt.claimed.token, verdict: verdict, step: step, status: answer.status,
                    issues: answer.issues, finishedAt: now))
        }
    }

    /// How long to wait for more outcomes; nil where those that are there are enough, or no more can come.
    private func rest(at monotonic: UInt64) -> Span? {
        guard !unrecorded.isEmpty, !open.isEmpty, unrecorded.count < settings.settleBatch else { return nil }
        let waited = Int64((monotonic - min(gatheringSince, monotonic)) / 1_000)
        let rest = settings.gatheringTime.microseconds - waited
        return rest > 0 ? Span(microseconds: rest) : nil
    }

    private func record(report: inout DispatchReport) throws(StoreError) {
        guard !unrecorded.isEmpty else { return }
        note(try queue.settle(unrecorded), report: &report)
    }

    /// They are recorded: only now may they be forgotten here.
    private func note(_ results: [SettlementResult], report: inout DispatchReport) {
        unrecorded.removeAll(keepingCapacity: true)
        report.stale += results.count { $0 == .stale }
        report.settled += results.count
    }

    /// Attempts of dispatchers that ended or stalled. Their outcome is unknown, whoever's they were.
    private func recoverLapsed(now: Timestamp, report: inout DispatchReport) throws(StoreError) {
        let lapsed = try queue.lapsed(now: now, limit: settings.settleBatch)
        guard !lapsed.isEmpty else { return }
        let settlements = lapsed.map { claimed in
            let route = routes.first { $0.route.name == claimed.due.command.route }
            // What a foreign route's provider can do, only a dispatcher of that route knows: it meets the
            // command again at its gates, which hold it there if no safe attempt is left.
            let step = claimed.history.step(
                after: .leaseLapsed, startedAt: claimed.startedAt, now: now,
                capability: route?.provider.capability ?? .idempotent,
                schedule: route?.route.schedule ?? RetrySchedule())
            report.add(.leaseLapsed, step, issuedAt: nil)
            return Settlement(
                number: claimed.due.number, attempt: claimed.attempt, token: claimed.token,
                verdict: .leaseLapsed, step: step, status: nil, issues: 0, finishedAt: now)
        }
        let results = try queue.settle(settlements)
        report.stale += results.count { $0 == .stale }
        report.settled += results.count
    }

    // MARK: Claiming

    /// Claims, and records in the same go what came back.
    private func claim(now: Timestamp, monotonic: UInt64, report: inout DispatchReport) throws(StoreError) {
        let shares = routes.indices.map { routes[$0].share(at: now) }
        let wanted = shares.filter { $0.commands > 0 }
        guard !wanted.isEmpty else { return try record(report: &report) }
        var prepared: [CommandID: PreparedRequest] = [:]
        var claim = ClaimReport()
        defer {
            for index in routes.indices where shares[index].commands > 0 {
                let used = claim.claimed.count { prepared[$0.due.command.id]?.route == index }
                routes[index].putBack(shares[index].commands - used, of: shares[index].commands)
            }
        }
        var trouble: StoreError?
        let settled = try queue.settle(
            unrecorded, thenClaim: wanted, now: now, lease: settings.lease, dispatcher: settings.dispatcher
        ) { due in
            do throws(StoreError) {
                return try prepare(due, now: now, into: &prepared)
            } catch {
                trouble = error
                return .leave
            }
        }
        note(settled.results, report: &report)
        claim = try settled.claim.get()
        for index in routes.indices where shares[index].commands > 0 {
            routes[index].note(claim.waits[shares[index].route], at: now)
        }
        report.claimed += claim.claimed.count
        report.finished += claim.finished
        report.held += claim.held
        submit(claim.claimed, prepared: prepared, now: now, monotonic: monotonic)
        if let trouble { throw trouble }
    }

    /// Gates, then the message, then the comparison with the first attempt's bytes.
    private func prepare(
        _ due: DueCommand, now: Timestamp, into prepared: inout [CommandID: PreparedRequest]
    ) throws(StoreError) -> Preparation {
        guard let index = routes.firstIndex(where: { $0.route.name == due.command.route }) else {
            return .leave
        }
        switch due.gates.check(at: now, capability: routes[index].provider.capability) {
        case .finish(let state, let cause): return .finish(state, cause: cause)
        case .hold(let reason): return .hold(reason, detail: "")
        case .open(let until):
            do throws(RequestBuilder.Failure) {
                let request = try requests.request(for: due, over: routes[index])
                if let first = due.requestDigest, first != request.digest {
                    return .hold(
                        .templateError, detail: "the message differs from what the first attempt sent")
                }
                prepared[due.command.id] = PreparedRequest(route: index, request: request, until: until)
                return .attempt(request: request.digest)
            } catch {
                switch error {
                case .hopeless(let words): return .hold(.templateError, detail: Text(words))
                case .store(let error): throw error
                }
            }
        }
    }

    private func submit(
        _ claimed: [ClaimedCommand], prepared: [CommandID: PreparedRequest], now: Timestamp, monotonic: UInt64
    ) {
        var batches: [Int: [TransportRequest]] = [:]
        for claimed in claimed {
            guard let prepared = prepared[claimed.due.command.id] else { continue }
            lastNumber += 1
            let route = routes[prepared.route].route
            routes[prepared.route].inFlight += 1
            open[lastNumber] = OpenAttempt(
                claimed: claimed, route: prepared.route, bodyLength: prepared.request.body.count)
            // A byte may leave only while the lease will outlast the whole transfer, and the gates stay open.
            let lastIssue = claimed.leaseEnd - .milliseconds(Int64(route.totalTimeout)) - settings.leaseMargin
            let deadline = prepared.until.map { min($0, lastIssue) } ?? lastIssue
            let nanoseconds = UInt64(max(0, (deadline - now).microseconds)) * 1_000
            batches[prepared.route, default: []].append(
                prepared.request.transportRequest(
                    number: lastNumber, issueDeadline: monotonic + nanoseconds, at: route))
        }
        for index in routes.indices {
            guard let batch = batches[index] else { continue }
            routes[index].transport.submit(batch, answered: answers.add)
        }
    }
}

/// An attempt that is under way.
private struct OpenAttempt {
    var claimed: ClaimedCommand
    var route: Int
    var bodyLength: Int
}

/// A request between its claim's preparation and its commit.
private struct PreparedRequest {
    var route: Int
    var request: ProviderRequest
    var until: Timestamp?
}
