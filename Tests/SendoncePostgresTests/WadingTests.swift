// While an old snapshot holds back vacuum, searches do not wade through what is gone, and find what was
// committed late, wherever it lies.
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceStore
import Testing

@Suite struct WadingTests {
    private static let gone = 200_000

    private let database: PostgresDatabase
    private let old: PlainConnection
    private let insert = "INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')"
    private let now = Timestamp.start + .minutes(20)

    init() throws {
        database = try PostgresCluster.shared().database()
        old = PlainConnection(database.connection)
        try old.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM outbox")
    }

    /// As if so many events had been moved.
    private func moveAway() throws {
        try database.plain.run(
            """
            INSERT INTO outbox (event_type, payload) SELECT 'a', '{}' FROM generate_series(1, \(Self.gone))
            """)
        try database.plain.run("DELETE FROM outbox")
    }

    /// As if so many commands had been sent, all of them before `now`.
    private func sendAway() throws {
        let start = Timestamp.start.microseconds
        for (state, facts) in [
            ("pending", "NULL, 0, 0, NULL"), ("sending", "\(start) + n, 1, 1, sha256('')"),
        ] {
            try database.plain.run(
                """
                INSERT INTO outbox_queue (command, state, due_at, route, lease_end, token, attempts,
                    request_digest)
                SELECT 1000 + n, '\(state)', \(start) + n, 'a', \(facts)
                FROM generate_series(1, \(Self.gone)) AS n
                """)
            try database.plain.run("DELETE FROM outbox_queue WHERE command > 1000")
        }
    }

    /// Commands that wait since a time, with what stands behind them.
    private func queue(_ numbers: ClosedRange<Int>, since due: Timestamp) throws {
        try database.plain.run(
            """
            INSERT INTO outbox_log SELECT n, NULL, 'a', '', NULL, '{}', 1, NULL, 1, sha256('')
            FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) AS n;
            INSERT INTO outbox_command SELECT n, ('0e4a4b1e-0000-8000-8000-' || lpad(n::text, 12, '0'))::uuid,
                n, 'r', 0, '["1"]', sha256(''), 'forever', 1, sha256(''), 'ann@x.test', 'a', 1, 1, NULL, NULL,
                NULL
            FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) AS n;
            INSERT INTO outbox_queue (command, state, due_at, route)
            SELECT n, 'pending', \(due.microseconds), 'a'
            FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) AS n
            """)
    }

    private func claim(_ store: PostgresStore, concurrency: Int? = nil) throws -> [ClaimedCommand] {
        try store.claim(
            [RouteShare(route: "a", commands: 1, concurrency: concurrency)], now: now, lease: .minutes(1),
            dispatcher: "test"
        ) { _ in .attempt(request: .zero) }.claimed
    }

    private func settle(_ claimed: [ClaimedCommand], _ store: PostgresStore) throws {
        _ = try store.settle(
            claimed.map {
                Settlement(
                    number: $0.due.number, attempt: $0.attempt, token: $0.token,
                    verdict: Verdict(.accepted, code: "ok"), step: .finish(.accepted), status: 201, issues: 1,
                    finishedAt: now)
            })
    }

    /// Entries of the indexes that a store's connections read. They tell when they end.
    private func entries(_ indexes: String..., by body: (PostgresStore) throws -> Void) throws -> Int {
        let names = indexes.map { "'\($0)'" }.joined(separator: ", ")
        let sum = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE indexrelname IN (\(names))"
        let before = try database.plain.value(sum).flatMap { Int($0) } ?? 0
        do {
            let settings = PostgresSettings(connection: database.connection + " application_name=counted")
            try body(try PostgresStore(settings))
        }
        let open = """
            SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'counted' AND datname = current_database()
            """
        try wait { try database.plain.value(open) == "0" }
        return try (database.plain.value(sum).flatMap { Int($0) } ?? 0) - before
    }

    private func wait(until isReached: () throws -> Bool) rethrows {
        let deadline = ContinuousClock.now + .seconds(60)
        while try !isReached() {
            guard ContinuousClock.now < deadline else {
                Issue.record("it never came")
                return
            }
        }
    }

    // MARK: What is gone

    @Test("The search for events does not read the index entries of those that were moved, again and again")
    func intake() throws {
        try moveAway()
        try database.plain.run(insert)
        let read = try entries("outbox_pkey") { (store: PostgresStore) throws in
            for _ in 1...200 { #expect(try store.hasIntake()) }
            #expect(try LogOfOne.move(store) == 1)
            #expect(try !store.hasIntake())
        }
        #expect(read < 20 * Self.gone)
    }

    @Test(
        "Nor do claims, looks for lapsed leases and for what is due next read those of what was sent",
        arguments: [nil, 2])
    func queue(concurrency: Int?) throws {
        try sendAway()
        try queue(1...100, since: .start + .minutes(10))
        let read = try entries("outbox_queue_due", "outbox_queue_leased") { (store: PostgresStore) throws in
            for _ in 1...100 {
                #expect(try store.lapsed(now: now, limit: 9).isEmpty)
                let claimed = try claim(store, concurrency: concurrency)
                #expect(claimed.count == 1)
                #expect(try store.nextDue(of: ["a"]) != nil)
                try settle(claimed, store)
            }
        }
        #expect(read < 40 * Self.gone)
    }

    // MARK: What comes late

    @Test("Events before every place where a search begins are found by a survey, and moved at once")
    func lateEvents() throws {
        let late = PlainConnection(database.connection)
        try late.run("BEGIN; \(insert); \(insert)")
        try moveAway()
        let store = try PostgresStore(database.settings())
        // Searches leave the beginning to surveys.
        for _ in 1...4 {
            try database.plain.run(insert)
            #expect(try store.hasIntake())
            #expect(try LogOfOne.move(store) == 1)
        }
        try late.run("COMMIT")
        try wait { try store.hasIntake() }
        #expect(try LogOfOne.move(store) == 2)
        #expect(try !store.hasIntake())
    }

    @Test("An event that comes after a store found nothing but what is gone is found by a survey")
    func firstEvent() throws {
        try moveAway()
        let store = try PostgresStore(database.settings())
        for _ in 1...4 { #expect(try !store.hasIntake()) }
        try database.plain.run(insert)
        try wait { try store.hasIntake() }
        #expect(try LogOfOne.move(store) == 1)
    }

    @Test("So are a command that became due long ago, and a lease that ran out")
    func lateCommand() throws {
        try sendAway()
        try queue(1...4, since: .start + .minutes(10))
        let store = try PostgresStore(database.settings())
        for _ in 1...4 {
            _ = try store.lapsed(now: now, limit: 9)
            try settle(try claim(store), store)
        }
        try queue(5...6, since: .start)
        try database.plain.run(
            """
            INSERT INTO outbox_attempt VALUES (6, 1, 1, 'a', sha256(''), 'gone', 1);
            UPDATE outbox_queue SET state = 'sending', lease_end = \(Timestamp.start.microseconds), token = 1,
                attempts = 1, request_digest = sha256('') WHERE command = 6
            """)
        try wait { try claim(store).map(\.due.number) == [5] }
        try wait { try store.lapsed(now: now, limit: 9).map(\.due.number) == [6] }
    }

    @Test("A survey that fails is told to whoever searches next, and is made again")
    func failure() throws {
        try moveAway()
        try database.plain.run(
            """
            CREATE ROLE "\(database.name)" LOGIN CONNECTION LIMIT 1;
            GRANT SELECT ON ALL TABLES IN SCHEMA public TO "\(database.name)"
            """)
        let store = try PostgresStore(database.settings(user: "'\(database.name)'"))
        var failure: (any Error)?
        wait {
            do { _ = try store.hasIntake() } catch { failure = error }
            return failure != nil
        }
        let told = try #require(failure)
        #expect("\(told)".contains("too many connections"))
        try database.plain.run("ALTER ROLE \"\(database.name)\" CONNECTION LIMIT 2; \(insert)")
        wait { (try? store.hasIntake()) == true }
    }
}
