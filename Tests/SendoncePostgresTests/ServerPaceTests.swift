// How much of a server a replay takes: values, then threads, then a server.
import Dispatch
import PostgresSupport
import ProcessSupport
import SendonceStore
import Synchronization
import Testing

@testable import SendoncePostgres

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

    @Test("Until there were two looks a server counts as in use, and its first look is due at once")
    func first() {
        var pace = ServerPace()
        #expect(pace.wantsLook(at: start) && !pace.isInUse(at: start))
        pace.look(1_000_000, at: start)
        #expect(!pace.wantsLook(at: start + ServerPace.interval - .nanoseconds(1)))
        #expect(pace.wantsLook(at: start + ServerPace.interval))
        #expect(pace.isInUse(at: start + ServerPace.interval - .nanoseconds(1)))
        #expect(!pace.isInUse(at: start + ServerPace.interval))
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

    @Test("A rest is three times the transaction, half a second at most, and none where nobody else is")
    func rest() {
        let used = pace(written: 100)
        #expect(used.rest(after: .milliseconds(10), at: afterwards) == .milliseconds(30))
        #expect(used.rest(after: .seconds(10), at: afterwards) == .milliseconds(500))
        #expect(pace(written: 0).rest(after: .milliseconds(10), at: afterwards) == .zero)
    }

    @Test("Beside others, transactions of several threads are one at a time, with rests between")
    func turns() throws {
        let turns = ServerTurns()
        turns.note(written: 0)
        turns.note(written: ServerPace.fewRows)
        let inside = Mutex((now: 0, most: 0))
        let (begin, spell) = (ContinuousClock.now, Duration.milliseconds(2))
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            turns.take { _ in
                let entry = ContinuousClock.now
                inside.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                }
                while ContinuousClock.now - entry < spell {}
                inside.withLock { $0.now -= 1 }
            }
        }
        #expect(inside.withLock { $0.most } == 1)
        #expect(turns.longest >= spell)
        // At least: eight transactions and their rests, one behind the other.
        #expect(ContinuousClock.now - begin >= spell * 8 * (1 + ServerPace.restFactor))
    }

    @Test("Where nobody else is, all go at once")
    func atOnce() {
        let turns = ServerTurns()
        let together = DispatchSemaphore(value: 0)
        let other = DispatchSemaphore(value: 0)
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            turns.take { _ in
                // Each waits for the other inside.
                (index == 0 ? together : other).signal()
                (index == 0 ? other : together).wait()
            }
        }
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
