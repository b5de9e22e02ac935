// How much of a server a replay takes. The server's processes know nothing of the priority of this one, so it
// holds itself back while others write there.
import Dispatch
import Foundation
import Synchronization

/// What is known of others, and what follows from it.
package struct ServerPace: Sendable {
    /// Rows that others wrote on the whole server between two looks, from which on it is taken to be in use.
    package static let fewRows: Int64 = 20
    /// From one look to the next.
    package static let interval = Duration.milliseconds(250)
    /// How long a server counts as in use after a look that said so. Its sessions report what they wrote once
    /// a second at most (https://www.postgresql.org/docs/15/monitoring-stats.html).
    package static let memory = Duration.seconds(3)
    /// A rest, beside the transaction before it: what is left is a quarter of one of the server's processors.
    package static let restFactor = 3
    package static let longestRest = Duration.milliseconds(500)

    private var last: (written: Int64, at: ContinuousClock.Instant)?
    private var inUseUntil: ContinuousClock.Instant?

    package init() {}

    package func wantsLook(at now: ContinuousClock.Instant) -> Bool {
        last.map { now - $0.at >= ServerPace.interval } ?? true
    }

    /// Takes in how many rows were ever written on the server. The first look says nothing yet.
    package mutating func look(_ written: Int64, at now: ContinuousClock.Instant) {
        defer { last = (written, now) }
        guard let last else {
            // Until the next look tells.
            inUseUntil = now + ServerPace.interval
            return
        }
        // Fewer than before: the figures were reset, or the server was started anew.
        let isInUse = written < last.written || written - last.written >= ServerPace.fewRows
        if isInUse { inUseUntil = now + ServerPace.memory }
    }

    /// Whether somebody else uses the server, as far as that is known.
    package func isInUse(at now: ContinuousClock.Instant) -> Bool { inUseUntil.map { now < $0 } ?? false }

    /// How long to leave the server alone after a transaction.
    package func rest(after transaction: Duration, at now: ContinuousClock.Instant) -> Duration {
        isInUse(at: now) ? min(transaction * ServerPace.restFactor, ServerPace.longestRest) : .zero
    }
}

/// The turns of a replay's connections: all at once where nobody else uses the server, one at a time, each
/// with its rest, where somebody does.
///
/// Not guaranteed: that a server is noticed on which others only read; and the first second beside a load.
final class ServerTurns: Sendable {
    private let state = Mutex((pace: ServerPace(), longest: Duration.zero))
    private let turn = DispatchSemaphore(value: 1)

    /// What every role may read: all rows ever written, in all databases.
    static let writtenSQL =
        "SELECT sum(tup_inserted + tup_updated + tup_deleted)::bigint FROM pg_stat_database"

    /// The longest transaction.
    var longest: Duration { state.withLock { $0.longest } }

    /// Runs a transaction when its turn has come; where it `looks`, it reads `writtenSQL` for `note`.
    func take<Result, Failure>(_ body: (_ looks: Bool) throws(Failure) -> Result) throws(Failure) -> Result {
        guard isInUse else { return try timed(body).result }
        turn.wait()
        defer { turn.signal() }
        let (result, took) = try timed(body)
        rest(after: took)
        return result
    }

    func note(written: Int64) { state.withLock { $0.pace.look(written, at: .now) } }

    /// Whether somebody else uses the server, as far as that is known.
    var isInUse: Bool { state.withLock { $0.pace.isInUse(at: .now) } }

    private func timed<Result, Failure>(
        _ body: (_ looks: Bool) throws(Failure) -> Result
    ) throws(Failure) -> (result: Result, took: Duration) {
        let begin = ContinuousClock.now
        let result = try body(state.withLock { $0.pace.wantsLook(at: begin) })
        let took = ContinuousClock.now - begin
        state.withLock { $0.longest = max($0.longest, took) }
        return (result, took)
    }

    private func rest(after transaction: Duration) {
        let rest = state.withLock { $0.pace.rest(after: transaction, at: .now) }
        Thread.sleep(forTimeInterval: rest / .seconds(1))
    }
}
