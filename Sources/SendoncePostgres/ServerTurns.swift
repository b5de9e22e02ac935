// The turns of a replay's connections: all at once where nobody else uses the server, one at a time, each
// with its rest, where somebody does.
import Dispatch
import Foundation
import Synchronization

/// Shared by the connections of one replay.
///
/// Not guaranteed: that a server is noticed on which others only read; and the first second beside a load.
final class ServerTurns: Sendable {
    private let state = Mutex((pace: ServerPace(), longest: Duration.zero))
    private let turn = DispatchSemaphore(value: 1)

    /// What every role may read, unless that was taken from it: all rows ever written, in all databases.
    static let writtenSQL =
        "SELECT sum(tup_inserted + tup_updated + tup_deleted)::bigint FROM pg_stat_database"

    /// The longest of what was `timed`.
    var longest: Duration { state.withLock { $0.longest } }

    /// Whether somebody else uses the server, as far as that is known.
    var isInUse: Bool { state.withLock { $0.pace.isInUse(at: .now) } }

    /// Runs `body`, which ends what it begins on the server, when its turn has come. Where it is the one that
    /// `looks`, it notes how many rows were written.
    func take<Result, Failure>(_ body: (_ looks: Bool) throws(Failure) -> Result) throws(Failure) -> Result {
        let looks = state.withLock { $0.pace.takesLook(at: .now) }
        guard isInUse else { return try body(looks) }
        turn.wait()
        defer { turn.signal() }
        let begin = ContinuousClock.now
        let result = try body(looks)
        rest(after: ContinuousClock.now - begin)
        return result
    }

    /// nil where the server did not tell.
    func note(written: Int64?) {
        state.withLock { state in
            guard let written else { return state.pace.lookInVain(at: .now) }
            state.pace.look(written, at: .now)
        }
    }

    func timed<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        let begin = ContinuousClock.now
        let result = try body()
        let took = ContinuousClock.now - begin
        state.withLock { $0.longest = max($0.longest, took) }
        return result
    }

    private func rest(after transaction: Duration) {
        let rest = state.withLock { $0.pace.rest(after: transaction, at: .now) }
        Thread.sleep(forTimeInterval: rest / .seconds(1))
    }
}
