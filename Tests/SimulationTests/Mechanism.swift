// Each safety mechanism, and a world without it. A mechanism that no test misses is one that nobody needs, or
// one that no test guards.
import GRDB
import SendonceCore
import SendonceSQLite
import SendonceStore
import Testing

enum Mechanism: String, CaseIterable, CustomTestStringConvertible {
    /// Settlements with an old token are refused.
    case fencing
    /// An attempt is committed before its request leaves.
    case recordedAttempt
    /// The start of the first attempt that may have arrived is remembered, so the provider's window has an
    /// end.
    case memoryOfTheUnsure
    /// A lease that ran out with an attempt open means unknown, not pending.
    case lapseIsUnknown
    /// A request is not issued after its deadline.
    case issueDeadline
    /// Expiry, cancelling and superseding are looked at before an attempt begins.
    case gates
    /// The projector asks the ledger who won a key before.
    case ledger
    /// The store counts what all dispatchers of a route are sending.
    case commonConcurrency
    /// The store counts what all dispatchers of a route have started.
    case commonRate
    /// A projector that dies in its transaction leaves nothing behind.
    case rollback

    var testDescription: String { rawValue }

    /// Words of a violation that its absence must cause, so that it is missed for the right reason.
    var symptom: String {
        switch self {
        case .fencing: "has the outcome of another attempt"
        case .recordedAttempt: "leaves without a recorded attempt"
        case .memoryOfTheUnsure: "leaves after the provider's window"
        case .lapseIsUnknown: "was accepted 2 times"
        case .issueDeadline: "may outlast its lease"
        case .gates: "has another attempt after it was called off"
        case .ledger: "replay: "
        case .commonConcurrency: "limit: more commands are being sent"
        case .commonRate: "limit: more attempts start"
        case .rollback: "G1: no decision"
        }
    }

    /// The store's queue as a dispatcher without this mechanism would see it.
    func queue(without store: SQLiteStore, path: String) throws -> any CommandQueue {
        switch self {
        case .issueDeadline, .ledger, .rollback: store
        case .gates, .fencing, .recordedAttempt, .memoryOfTheUnsure, .lapseIsUnknown, .commonConcurrency,
            .commonRate:
            UnsafeQueue(store, lacks: self, inspection: try Inspection(path: path))
        }
    }
}

/// A queue with one mechanism taken out.
private final class UnsafeQueue: CommandQueue {
    private let base: any CommandQueue
    private let lacks: Mechanism
    private let inspection: Inspection

    init(_ base: any CommandQueue, lacks: Mechanism, inspection: Inspection) {
        self.base = base
        self.lacks = lacks
        self.inspection = inspection
    }

    func claim(
        _ shares: [RouteShare], now: Timestamp, lease: Span, dispatcher: Text,
        prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> ClaimReport {
        switch lacks {
        case .memoryOfTheUnsure:
            var report = try base.claim(shares, now: now, lease: lease, dispatcher: dispatcher) { due in
                prepare(UnsafeQueue.forgetful(due))
            }
            report.claimed = report.claimed.map(UnsafeQueue.forgetful)
            return report
        case .gates:
            return try base.claim(shares, now: now, lease: lease, dispatcher: dispatcher) { due in
                var due = due
                due.gates.expiresAt = nil
                due.gates.cancelledBy = nil
                due.gates.supersededBy = nil
                return prepare(due)
            }
        case .recordedAttempt:
            var report = ClaimReport()
            _ = try base.claim(shares, now: now, lease: lease, dispatcher: dispatcher) { due in
                guard case .attempt = prepare(due) else { return .leave }
                report.claimed.append(
                    ClaimedCommand(
                        due: due, attempt: due.attempts + 1, token: due.token + 1, startedAt: now,
                        leaseEnd: now + lease))
                return .leave
            }
            return report
        case .commonConcurrency, .commonRate:
            let unlimited = shares.map { share in
                var share = share
                if lacks == .commonConcurrency { share.concurrency = nil } else { share.rate = nil }
                return share
            }
            return try base.claim(unlimited, now: now, lease: lease, dispatcher: dispatcher, prepare: prepare)
        default:
            return try base.claim(shares, now: now, lease: lease, dispatcher: dispatcher, prepare: prepare)
        }
    }

    func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettlementResult] {
        try base.settle(settlements.map(weakened))
    }

    private func weakened(_ settlement: Settlement) -> Settlement {
        var settlement = settlement
        switch lacks {
        case .fencing:
            guard let owner = owner(of: settlement.number) else { return settlement }
            settlement.token = owner.token
            settlement.attempt = owner.attempt
        case .lapseIsUnknown where settlement.verdict == .leaseLapsed:
            settlement.verdict = .neverLeft
            settlement.step = .retry(at: settlement.finishedAt, state: .pending)
        default: break
        }
        return settlement
    }

    /// Who holds the command now, whoever asks.
    private func owner(of number: Int64) -> (token: Int64, attempt: Int)? {
        let sql = "SELECT token, attempts FROM outbox_queue WHERE state = 'sending' AND command = ?"
        guard let row = try? inspection.rows(sql, [number]).first else { return nil }
        return (row["token"], row["attempts"])
    }

    func lapsed(now: Timestamp, limit: Int) throws(StoreError) -> [ClaimedCommand] {
        let lapsed = try base.lapsed(now: now, limit: limit)
        return lacks == .memoryOfTheUnsure ? lapsed.map(UnsafeQueue.forgetful) : lapsed
    }

    func nextDue(of routes: [Text]) throws(StoreError) -> Timestamp? {
        try base.nextDue(of: routes)
    }

    private static func forgetful(_ due: DueCommand) -> DueCommand {
        var due = due
        due.gates.firstUnsureAt = nil
        return due
    }

    private static func forgetful(_ claimed: ClaimedCommand) -> ClaimedCommand {
        var claimed = claimed
        claimed.due = forgetful(claimed.due)
        return claimed
    }
}
