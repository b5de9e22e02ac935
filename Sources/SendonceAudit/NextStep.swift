// What happens next to a message, and when. Judged by the same gates that the dispatcher uses.
package import SendonceCore
import SendonceStore

package enum NextStep: Hashable, Sendable {
    /// It is finished.
    case nothing
    /// An attempt with nothing unsure before it.
    case attempt(number: Int, at: Timestamp)
    /// An attempt is open under a lease.
    case outcome(attempt: Int, leaseEnd: Timestamp?)
    /// The lease ran out with an attempt open: it will be recorded as unknown.
    case lapse(attempt: Int, leaseEnd: Timestamp)
    /// Another attempt under the same key, which the provider recognises until then (nil: always).
    case repeatUnderKey(number: Int, at: Timestamp, safeUntil: Timestamp?)
    /// Another attempt although it may send a second copy, because the rule says so.
    case repeatWithoutProof(number: Int, at: Timestamp)
    /// Another attempt or a hold: the route is not configured where the question is asked, so its provider is
    /// unknown.
    case dependsOnRoute(at: Timestamp)
    /// At its next turn a gate ends it.
    case finish(FinishedState, at: Timestamp, cause: Int64?)
    /// At its next turn it is held.
    case hold(HoldReason, at: Timestamp)
    /// It waits for a person, who may do one of these.
    case person([PersonAct])
}

/// Acts of DESIGN 5.6 that move a held command on.
package enum PersonAct: String, Hashable, Sendable, CaseIterable {
    case release, cancel, resolve
}

extension MessageRecord {
    /// What follows from where the command stands.
    func nextStep(
        attempts: [AttemptRecord], acts: [ActRecord], now: Timestamp, capability: Capability?
    ) -> NextStep {
        guard case .queued(let queue) = standing else { return .nothing }
        switch queue.state {
        case .held: return .person(queue.hold.map(\.acts) ?? PersonAct.allCases)
        case .sending:
            let attempt = attempts.last?.attempt ?? self.attempts
            guard let leaseEnd = queue.leaseEnd, leaseEnd <= now else {
                return .outcome(attempt: attempt, leaseEnd: queue.leaseEnd)
            }
            return .lapse(attempt: attempt, leaseEnd: leaseEnd)
        case .pending, .unknown:
            return turn(
                queue, firstUnsureAt: MessageHistory.firstUnsureAt(attempts, acts), now: now, capability)
        }
    }

    private func turn(
        _ queue: QueueStanding, firstUnsureAt: Timestamp?, now: Timestamp, _ capability: Capability?
    ) -> NextStep {
        let at = max(now, queue.dueAt)
        let gates = GateFacts(
            expiresAt: expiresAt, cancelledBy: queue.cancelledBy, supersededBy: queue.supersededBy,
            firstUnsureAt: firstUnsureAt, onUnknown: onUnknown)
        switch gates.check(at: at, capability: capability ?? .idempotent) {
        case .finish(let state, let cause): return .finish(state, at: queue.dueAt, cause: cause)
        case .hold(let reason): return .hold(reason, at: queue.dueAt)
        case .open:
            let number = attempts + 1
            guard let firstUnsureAt else { return .attempt(number: number, at: queue.dueAt) }
            if onUnknown == .retry { return .repeatWithoutProof(number: number, at: queue.dueAt) }
            guard let capability else { return .dependsOnRoute(at: queue.dueAt) }
            let safeUntil =
                capability == .idempotent ? nil : capability.safeUntil(firstUnsureAt: firstUnsureAt)
            return .repeatUnderKey(number: number, at: queue.dueAt, safeUntil: safeUntil)
        }
    }
}

extension HoldReason {
    /// What a person can do about it.
    package var acts: [PersonAct] {
        switch self {
        case .operator, .templateError: [.release, .cancel]
        case .unknownOutcome: [.resolve]
        case .restored, .fence: [.release, .resolve, .cancel]
        }
    }
}
