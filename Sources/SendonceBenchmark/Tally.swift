// What a pipeline has done so far, for the thread that waits for it.
import Foundation
import SendonceCore
import SendonceDelivery

/// Counts settled attempts and keeps the times of their first bytes.
final class Tally: Sendable {
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()  // only touched while `condition` is locked

    private struct State {
        var settled = 0
        var accepted = 0
        var lastIssue: UInt64 = 0
        var failure: (any Error)?
    }

    func add(_ report: DispatchReport) {
        guard report.settled > 0 || !report.outcomes.isEmpty else { return }
        condition.lock()
        state.settled += report.settled
        state.accepted += report.outcomes[.accepted] ?? 0
        state.lastIssue = report.issuedAt.max() ?? state.lastIssue
        condition.signal()
        condition.unlock()
    }

    func fail(_ error: any Error) {
        condition.lock()
        state.failure = state.failure ?? error
        condition.signal()
        condition.unlock()
    }

    /// Waits until that many attempts are recorded, all of them accepted, and gives the time of the latest
    /// first byte.
    func wait(for settled: Int, seconds: Double) throws -> UInt64 {
        condition.lock()
        defer { condition.unlock() }
        let end = Date(timeIntervalSinceNow: seconds)
        while state.settled < settled {
            if let failure = state.failure { throw failure }
            guard condition.wait(until: end) else {
                throw BenchmarkError("only \(state.settled) of \(settled) outcomes were recorded in time")
            }
        }
        guard state.accepted == state.settled else {
            throw BenchmarkError("\(state.settled - state.accepted) of \(state.settled) were not accepted")
        }
        return state.lastIssue
    }
}
