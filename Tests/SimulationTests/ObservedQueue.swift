// What stands between a dispatcher and its store: it notes which attempt each claim opened, and fails on
// order.
import SendonceCore
import SendonceStore
import Synchronization

/// A store error at a chosen moment.
enum StoreFault: CaseIterable {
    case claimRefused, claimLostAfterCommit, settleRefused, settleLostAfterCommit
}

/// Passes everything on. Guarantee: it changes nothing but what a fault was ordered for.
final class ObservedQueue: CommandQueue {
    struct State {
        /// The newest attempt that this dispatcher claimed of each command.
        var attempts: [String: Int] = [:]
        var fault: StoreFault?
    }

    let state = Mutex(State())
    private let base: any CommandQueue

    init(_ base: any CommandQueue) {
        self.base = base
    }

    private func strikes(_ fault: StoreFault) -> Bool {
        state.withLock { state in
            guard state.fault == fault else { return false }
            state.fault = nil
            return true
        }
    }

    func claim(
        _ shares: [RouteShare], now: Timestamp, lease: Span, dispatcher: Text,
        prepare: (DueCommand) -> Preparation
    ) throws(StoreError) -> ClaimReport {
        if strikes(.claimRefused) { throw .busy("simulated") }
        let report = try base.claim(shares, now: now, lease: lease, dispatcher: dispatcher, prepare: prepare)
        if strikes(.claimLostAfterCommit) { throw .unavailable("simulated") }
        state.withLock { state in
            for claimed in report.claimed {
                state.attempts[claimed.due.command.id.description] = claimed.attempt
            }
        }
        return report
    }

    func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettlementResult] {
        if strikes(.settleRefused) { throw .busy("simulated") }
        let results = try base.settle(settlements)
        if strikes(.settleLostAfterCommit) { throw .unavailable("simulated") }
        return results
    }

    func lapsed(now: Timestamp, limit: Int) throws(StoreError) -> [ClaimedCommand] {
        try base.lapsed(now: now, limit: limit)
    }

    func nextDue(of routes: [Text]) throws(StoreError) -> Timestamp? {
        try base.nextDue(of: routes)
    }
}
