// How much of a server a replay takes: values, then threads, then a server.
import Dispatch
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceCore
import SendonceStore
import Synchronization
import Testing

@testable import SendoncePostgres

/// A thread of its own, and whether it ends.
private struct Ending {
    private let end = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Void) {
        let end = end
        Thread {
            body()
            end.signal()
        }.start()
    }

    func ends() -> Bool { end.wait(timeout: .now() + 60) == .success }
}

@Suite("PostgreSQL: replay beside others")
struct ServerPaceTests {
    private let start = ContinuousClock.now

    /// A pace that has looked twice, with so many rows written between.
    private func pace(written: Int64) -> ServerPace {
        var pace = ServerPace()
        pace.look(1_000_000, at: start)
        pace.look(1_000_000 + written, at: start + ServerPace.interval)
        return pace
    }

    private var afterwards: ContinuousClock.Instant { start + ServerPace.interval + .milliseconds(1) }

    @Test("A look is due at once and then four times a second; behind the first a server counts as in use")
    func first() {
        var pace = ServerPace()
        let looks = [start, start].map { pace.takesLook(at: $0) }
        #expect(looks == [true, false])
        pace.look(1_000_000, at: start)
        let due = start + ServerPace.interval
        let later = [due - .nanoseconds(1), due].map { pace.takesLook(at: $0) }
        #expect(later == [false, true])
        #expect(pace.isInUse(at: start + ServerPace.interval - .nanoseconds(1)))
        #expect(!pace.isInUse(at: start + ServerPace.interval))
    }

    @Test("A server that does not tell counts as in use")
    func inVain() {
        var pace = ServerPace()
        pace.lookInVain(at: start)
        #expect(pace.isInUse(at: start + ServerPace.memory - .nanoseconds(1)))
    }

    @Test("Few rows are nobody; many are somebody, also where the count began anew")
    func others() {
        #expect(!pace(written: ServerPace.fewRows - 1).isInUse(at: afterwards))
        #expect(pace(written: ServerPace.fewRows).isInUse(at: afterwards))
        #expect(pace(written: -1).isInUse(at: afterwards))
    }

    @Test("A server counts as in use for three seconds after the last look that said so")
    func memory() {
        var pace = pace(written: 100)
        let end = start + ServerPace.interval + ServerPace.memory
        // Sessions report once a second: nothing new between two reports.
        pace.look(1_000_100, at: start + ServerPace.interval * 2)
        #expect(pace.isInUse(at: end - .nanoseconds(1)))
        #expect(!pace.isInUse(at: end))
    }

    @Test("A rest is three times the transaction, three seconds at most, and none where nobody else is")
    func rest() {
        let used = pace(written: 100)
        #expect(used.rest(after: .milliseconds(10), at: afterwards) == .milliseconds(30))
        #expect(used.rest(after: .seconds(10), at: afterwards) == .seconds(3))
        #expect(pace(written: 0).rest(after: .milliseconds(10), at: afterwards) == .zero)
    }

    @Test("Beside others, transactions of several threads are one at a time, with rests between")
    func turns() throws {
        let turns = ServerTurns()
        turns.note(written: 0)
        turns.note(written: ServerPace.fewRows)
        let inside = Mutex((now: 0, most: 0, written: ServerPace.fewRows))
        let (begin, spell) = (ContinuousClock.now, Duration.milliseconds(2))
        let threads = (0..<8).map { _ in
            Ending {
                turns.take { _ in
                    let entry = ContinuousClock.now
                    let written = inside.withLock { inside in
                        inside.now += 1
                        inside.most = max(inside.most, inside.now)
                        inside.written += ServerPace.fewRows
                        return inside.written
                    }
                    // Somebody else goes on.
                    turns.note(written: written)
                    turns.timed { while ContinuousClock.now - entry < spell {} }
                    inside.withLock { $0.now -= 1 }
                }
            }
        }
        for thread in threads { #expect(thread.ends()) }
        #expect(inside.withLock { $0.most } == 1)
        #expect(turns.longest > .zero)
        // At least: eight transactions and their rests, one behind the other.
        #expect(ContinuousClock.now - begin >= spell * 8 * (1 + ServerPace.restFactor))
    }

    @Test("Where nobody else is, all go at once")
    func atOnce() {
        let turns = ServerTurns()
        let (one, other) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let threads = [(one, other), (other, one)].map { mine, theirs in
            Ending {
                turns.take { _ in
                    // Each waits for the other inside.
                    mine.signal()
                    theirs.wait()
                }
            }
        }
        for thread in threads { #expect(thread.ends()) }
    }

    @Test("A role that may not read the server's figures replays all the same, as beside others")
    func refused() throws {
        let database = try PostgresCluster.shared().database()
        let role = "blind_\(database.name)"
        try database.plain.run("CREATE ROLE \(role) LOGIN")
        try database.plain.run(
            PostgresRoles(appender: "postgres", operator: "postgres", reader: role).sql)
        try database.plain.run("REVOKE SELECT ON pg_stat_database FROM PUBLIC")
        let log = try PostgresReplayLog(database.settings(user: role), givesWay: true)
        #expect(try log.head() == .empty)
        #expect(log.turns?.isInUse == true)
    }

    @Test("A log that gives way notices what others write on its server; another one does not look")
    func server() throws {
        let database = try PostgresCluster.shared().database()
        let log = try PostgresReplayLog(database.settings(), readers: 1, givesWay: true)
        let turns = try #require(log.turns)
        _ = try log.head()
        #expect((log.beside.first as? PostgresReplayLog)?.turns === turns)
        try eventually("nothing is known any more") { !turns.isInUse }
        let writer = Session(database.settings())
        _ = try writer.use { (session: Session) throws(StoreError) in
            try session.run(
                "INSERT INTO outbox (event_type, payload) SELECT 'a.b', '{}' FROM generate_series(1, 1000)")
        }
        // A session that ends reports what it wrote.
        writer.close()
        try eventually("it is noticed") {
            _ = try log.head()
            return turns.isInUse
        }
        #expect(log.longestMilliseconds ?? 0 > 0)
        #expect(try PostgresReplayLog(database.settings()).turns == nil)
    }
}
