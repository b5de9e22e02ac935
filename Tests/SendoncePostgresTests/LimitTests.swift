// Dispatchers at once, each on connections of its own, under limits that none of them may exceed.
import Foundation
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceStore
import Synchronization
import Testing

@Suite struct LimitTests {
    private static let rate = RouteRate(count: 25, per: .milliseconds(100))
    private static let concurrency = 7
    private static let commands = 300

    /// What several threads did.
    private struct Tally {
        var sending = 0
        var most = 0
        var ended = 0
        var errors: [StoreError] = []
    }

    private let database: PostgresDatabase

    init() throws {
        database = try PostgresCluster.shared().database()
    }

    private func fill(_ count: Int, due: Timestamp) throws {
        try database.plain.run(
            """
            INSERT INTO outbox_log SELECT n, NULL, 'a', '', NULL, '{}', 1, NULL, 1, sha256('')
            FROM generate_series(1, \(count)) AS n;
            INSERT INTO outbox_command SELECT n, ('0e4a4b1e-0000-8000-8000-' || lpad(n::text, 12, '0'))::uuid,
                n, 'r', 0, '["1"]', sha256(''), 'forever', 1, sha256(''), 'ann@x.test', 'a', 1, 1, NULL, NULL,
                NULL
            FROM generate_series(1, \(count)) AS n;
            INSERT INTO outbox_queue (command, state, due_at, route)
            SELECT n, 'pending', \(due.microseconds), 'a' FROM generate_series(1, \(count)) AS n;
            """)
    }

    @Test("Six dispatchers at once exceed neither concurrency nor rate, and none of them waits for ever")
    func atOnce() throws {
        let clock = try PostgresStore(database.settings())
        let begin = try clock.now()
        try fill(Self.commands, due: begin)
        let stores = try (1...6).map { _ in try PostgresStore(database.settings(lockTimeout: .minutes(1))) }
        let tally = Mutex(Tally())
        let ended = DispatchSemaphore(value: 0)
        for store in stores {
            Thread {
                do throws(StoreError) {
                    try Self.deliver(store, clock: clock, tally)
                } catch {
                    tally.withLock { $0.errors.append(error) }
                }
                ended.signal()
            }.start()
        }
        for _ in stores { ended.wait() }
        let result = tally.withLock { $0 }
        #expect(result.errors.isEmpty)
        #expect(result.ended == Self.commands)
        #expect(result.most <= Self.concurrency)
        let starts = try database.plain.run("SELECT started_at FROM outbox_attempt ORDER BY started_at")
            .compactMap { $0.first??.utf8 }.compactMap { Int64(String($0)) }
        #expect(starts.count == Self.commands)
        for (early, late) in zip(starts, starts.dropFirst(Self.rate.count)) {
            #expect(late - early >= Self.rate.per.microseconds)
        }
    }

    /// Until all commands are settled. Between a claim's return and the call that settles, a command is being
    /// sent whatever the database is doing at the moment.
    private static func deliver(
        _ store: PostgresStore, clock: PostgresStore, _ tally: borrowing Mutex<Tally>
    ) throws(StoreError) {
        let share = RouteShare(route: "a", commands: 3, concurrency: concurrency, rate: rate)
        while tally.withLock({ $0.ended < commands && $0.errors.isEmpty }) {
            let report = try store.claim(
                [share], now: try clock.now(), lease: .minutes(1), dispatcher: "test"
            ) { _ in .attempt(request: .zero) }
            let count = report.claimed.count
            tally.withLock {
                $0.sending += count
                $0.most = max($0.most, $0.sending)
            }
            // Others get their turn while these are being sent.
            let until = ContinuousClock.now + .milliseconds(count)
            while ContinuousClock.now < until { sched_yield() }
            tally.withLock { $0.sending -= count }
            _ = try store.settle(
                report.claimed.map {
                    Settlement(
                        number: $0.due.number, attempt: $0.attempt, token: $0.token,
                        verdict: Verdict(.accepted, code: "ok"), step: .finish(.accepted), status: 201,
                        issues: 1, finishedAt: $0.startedAt)
                })
            tally.withLock { $0.ended += count }
        }
    }

    @Test("A claim that finds nothing due, or no room, writes nothing that has to be flushed")
    func idle() throws {
        let store = try PostgresStore(database.settings())
        let share = RouteShare(route: "a", commands: 3, concurrency: 2)
        func claim() throws -> Int {
            try store.claim([share], now: .start, lease: .minutes(1), dispatcher: "test") { _ in
                .attempt(request: .zero)
            }.claimed.count
        }
        #expect(try claim() == 0)
        #expect(try database.plain.value("SELECT count(*) FROM outbox_route") == "0")
        try fill(5, due: .start)
        #expect(try claim() == 2)
        #expect(try database.plain.value("SELECT count(*) FROM outbox_attempt") == "2")
        let locked = try database.plain.value("SELECT xmax FROM outbox_route")
        #expect(try claim() == 0)
        #expect(try database.plain.value("SELECT xmax FROM outbox_route") == locked)
    }

    @Test("Counting begins where the last count found something, once that is dear, and never too late")
    func start() {
        let (dear, cheap) = (SearchStart.cheap, SearchStart.cheap - .microseconds(1))
        let step = SendingSearch.shortestStep
        #expect(SendingSearch.start(known: 0, lowest: step, given: 2 * step, cost: cheap) == 0)
        #expect(SendingSearch.start(known: 0, lowest: step, given: 2 * step, cost: dear) == step)
        #expect(SendingSearch.start(known: 0, lowest: step - 1, given: 2 * step, cost: dear) == 0)
        #expect(SendingSearch.start(known: 0, lowest: nil, given: 2 * step, cost: dear) == 2 * step)
        #expect(SendingSearch.start(known: 50, lowest: nil, given: 40, cost: cheap) == 40)
        #expect(SendingSearch.start(known: 50, lowest: 60, given: 40, cost: dear) == 40)
    }

    @Test("A lease that ends before the place where counting begins brings that place back")
    func shorterLease() throws {
        try fill(4, due: .start)
        try database.plain.run(
            "INSERT INTO outbox_route VALUES ('a', \((Timestamp.start + .minutes(5)).microseconds))")
        let store = try PostgresStore(database.settings())
        let share = RouteShare(route: "a", commands: 3, concurrency: 2)
        for expected in [2, 0] {
            let report = try store.claim([share], now: .start, lease: .minutes(1), dispatcher: "test") { _ in
                .attempt(request: .zero)
            }
            #expect(report.claimed.count == expected)
        }
        #expect(
            try database.plain.value("SELECT sending_from FROM outbox_route")
                == "\((Timestamp.start + .minutes(1)).microseconds)")
    }

    @Test("While an old snapshot keeps what was sent, counting soon begins behind it")
    func wading() throws {
        try fill(3, due: .start)
        let old = PlainConnection(database.connection)
        try old.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM outbox")
        // As if 200,000 had been sent and settled since.
        let lease = (Timestamp.start + .seconds(30)).microseconds
        try database.plain.run(
            """
            INSERT INTO outbox_queue (command, state, due_at, route, lease_end, token, attempts,
                request_digest)
            SELECT n, 'sending', 1, 'a', \(lease), 1, 1, sha256('') FROM generate_series(10, 200000) AS n
            """)
        try database.plain.run("DELETE FROM outbox_queue WHERE command >= 10")
        let store = try PostgresStore(database.settings())
        let share = RouteShare(route: "a", commands: 1, concurrency: 2)
        for _ in 1...2 {
            let report = try store.claim([share], now: .start, lease: .minutes(1), dispatcher: "test") { _ in
                .attempt(request: .zero)
            }
            #expect(report.claimed.count == 1)
        }
        #expect(
            try database.plain.value("SELECT sending_from FROM outbox_route")
                == "\((Timestamp.start + .minutes(1)).microseconds)")
        let full = try store.claim([share], now: .start, lease: .minutes(1), dispatcher: "test") { _ in
            .attempt(request: .zero)
        }
        #expect(full.waits == ["a": .concurrency])
    }
}
