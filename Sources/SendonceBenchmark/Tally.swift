// What a pipeline has done so far, for the thread that waits for it.
import SendonceClock
import SendonceCore
import SendonceDelivery
import Synchronization

/// Counts settled attempts and keeps the times of their first bytes.
final class Tally: Sendable {
    private let state = Mutex(State())
    private let alarm = Alarm()

    private struct State {
        var settled = 0
        var accepted = 0
        var lastIssue: UInt64 = 0
        var failure: (any Error)?
    }

    func add(_ report: DispatchReport) {
        guard report.settled > 0 || !report.outcomes.isEmpty else { return }
        state.withLock { state in
            state.settled += report.settled
            state.accepted += report.outcomes[.accepted] ?? 0
            state.lastIssue = report.issuedAt.max() ?? state.lastIssue
        }
        alarm.ring()
    }

    func fail(_ error: any Error) {
        state.withLock { $0.failure = $0.failure ?? error }
        alarm.ring()
    }

    /// Waits until that many attempts are recorded, all of them accepted, and gives the time of the latest
    /// first byte.
    func wait(for settled: Int, seconds: Double) throws -> UInt64 {
        let end = Monotonic.now() + UInt64(seconds * 1e9)
        var state = state.withLock { $0 }
        while state.settled < settled {
            if let failure = state.failure { throw failure }
            let now = Monotonic.now()
            guard now < end else {
                throw BenchmarkError("only \(state.settled) of \(settled) outcomes were recorded in time")
            }
            alarm.wait(seconds: Double(end - now) / 1e9)
            state = self.state.withLock { $0 }
        }
        guard state.accepted == state.settled else {
            throw BenchmarkError("\(state.settled - state.accepted) of \(state.settled) were not accepted")
        }
        return state.lastIssue
    }
}
