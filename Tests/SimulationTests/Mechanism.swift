// Each safety mechanism, and a world without it. A mechanism that no test misses is one that nobody needs, or one that
// no test guards.
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
    /// The start of the first attempt that may have arrived is remembered, so the provider's window has an end.
    case memoryOfTheUnsure
    /// A lease that ran out with an attempt open means unknown, not pending.
    case lapseIsUnknown
    /// A request is not issued after its deadline.
    case issueDeadline
    /// The projector asks the ledger who won a key before.
    case ledger

    var testDescription: String { rawValue }

    /// The store's queue as a dispatcher without this mechanism would see it.
    func queue(without store: SQLiteStore, path: String) throws -> any CommandQueue {
        switch self {
        case .issueDeadline, .ledger: store
        case .fencing, .recordedAttempt, .memoryOfTheUnsure, .lapseIsUnknown:
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
            guard let owner = owner(of: settlement.command) else { return settlement }
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
    private func owner(of command: CommandID) -> (token: Int64, attempt: Int)? {
        let sql = """
            SELECT token, attempts FROM outbox_queue WHERE state = 'sending'
                AND command = (SELECT number FROM outbox_command WHERE id = ?)
            """
        guard let row = try? inspection.rows(sql, [command.description]).first else { return nil }
        return (row["token"], row["attempts"])
    }

    func lapsed(now: Timestamp, limit: Int) throws(StoreError) -> [ClaimedCommand] {
        let lapsed = try base.lapsed(now: now, limit: limit)
        return lacks == .memoryOfTheUnsure ? lapsed.map(UnsafeQueue.forgetful) : lapsed
    }

    func nextDue() throws(StoreError) -> Timestamp? { try base.nextDue() }

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
