// What a batch of neighbours is spared must not be missed: rows that refer to nothing, rows of others between
// those that are named, and two who settle the same commands at once.
import Foundation
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceStore
import Synchronization
import Testing

@Suite struct BatchTests {
    private let database: PostgresDatabase

    init() throws {
        database = try PostgresCluster.shared().database()
    }

    /// Commands of route `a`, one for each event but the one that is `missing`; all are due.
    private func fill(_ numbers: ClosedRange<Int>, missing: Int = 0, isQueued: Bool = true) throws {
        let series = "generate_series(\(numbers.lowerBound), \(numbers.upperBound)) AS n"
        try database.plain.run(
            """
            INSERT INTO outbox_log SELECT n, NULL, 'a', '', NULL, '{"n":' || n || '}', 1, NULL, 1, sha256('')
            FROM \(series);
            INSERT INTO outbox_command SELECT n, ('0e4a4b1e-0000-8000-8000-' || lpad(n::text, 12, '0'))::uuid,
                n, 'r', 0, '["' || n || '"]', sha256(''), 'forever', 1, sha256(''), 'ann@x.test', 'a', 1, 1,
                NULL, NULL, NULL
            FROM \(series) WHERE n <> \(missing)
            """)
        guard isQueued else { return }
        try database.plain.run(
            """
            INSERT INTO outbox_queue (command, state, due_at, route)
            SELECT n, 'pending', 1, 'a' FROM \(series)
            """
        )
    }

    /// Words of the refusal; nil if the rows were taken. Nothing is kept.
    private func refusal(_ sql: String) -> String? {
        do {
            try database.plain.run("BEGIN; \(sql)")
            try database.plain.run("ROLLBACK")
            return nil
        } catch {
            _ = try? database.plain.run("ROLLBACK")
            return error.description
        }
    }

    private func attempts(_ numbers: String, attempt: String = "1") -> String {
        """
        INSERT INTO outbox_attempt SELECT n, \(attempt), 1, 'a', sha256(''), 'd', 1
        FROM unnest(ARRAY[\(numbers)]) AS n
        """
    }

    private func outcomes(_ numbers: String, attempt: String = "1") -> String {
        """
        INSERT INTO outbox_outcome SELECT n, \(attempt), 'accepted', 1, 'ok', '', NULL, NULL, NULL, 201, 1, 1
        FROM unnest(ARRAY[\(numbers)]) AS n
        """
    }

    private func ends(_ numbers: String) -> String {
        "INSERT INTO outbox_finish SELECT n, 'accepted', 1, NULL FROM unnest(ARRAY[\(numbers)]) AS n"
    }

    @Test("One row of a batch that refers to nothing is refused, whether it has neighbours or not")
    func references() throws {
        try fill(1...20, missing: 11, isQueued: false)
        for numbers in ["1,2,3", "1,3,5", "1,20", "8,9,10,12,13"] {
            #expect(refusal(ends(numbers)) == nil, "\(numbers)")
            #expect(refusal(attempts(numbers)) == nil, "\(numbers)")
        }
        for numbers in ["9,10,11,12", "10,11", "11,12", "19,20,21", "0,1,2", "1,21", "11", "-5,9000000000"] {
            for sql in [ends(numbers), attempts(numbers)] {
                #expect(refusal(sql)?.contains("no such command") == true, "\(numbers)")
            }
        }
        try database.plain.run(attempts("1,2,3,5,6,12"))
        try database.plain.run(attempts("2,3", attempt: "2"))
        for numbers in ["1,2,3", "1,3", "5,6", "1,12"] {
            #expect(refusal(outcomes(numbers)) == nil, "\(numbers)")
        }
        #expect(refusal(outcomes("1,2,3", attempt: "CASE n WHEN 1 THEN 1 ELSE 2 END")) == nil)
        for numbers in ["3,4,5", "3,4", "4,5", "4", "1,20", "12,13"] {
            #expect(refusal(outcomes(numbers))?.contains("no such attempt") == true, "\(numbers)")
        }
        for attempt in ["2", "CASE n WHEN 1 THEN 2 ELSE 1 END"] {
            #expect(refusal(outcomes("1,2,3", attempt: attempt))?.contains("no such attempt") == true)
        }
    }

    @Test("One attempt of a batch at a finished command, and one end of a queued command, are refused")
    func wrongTime() throws {
        try fill(1...9, isQueued: false)
        try database.plain.run(ends("3,9"))
        for numbers in ["1,2,3", "3,4", "2,3,4", "3", "1,9"] {
            let words = refusal(attempts(numbers))
            #expect(words?.contains("a finished command gets no further attempt") == true, "\(numbers)")
        }
        #expect(refusal(attempts("1,2,4,5")) == nil)
        try database.plain.run(
            "INSERT INTO outbox_queue (command, state, due_at, route) VALUES (5, 'pending', 1, 'a')")
        for numbers in ["4,5,6", "5,6", "5", "1,5", "1,2,4,5"] {
            #expect(refusal(ends(numbers))?.contains("finished by its dispatcher") == true, "\(numbers)")
        }
        #expect(refusal(ends("4,6,7")) == nil)
    }

    @Test("A claim reads each command with its own event, whatever lies between those that are due")
    func claimBetween() throws {
        try fill(1...40)
        // Two neighbours, two with a gap, and one that is far away.
        try database.plain.run("DELETE FROM outbox_queue WHERE command NOT IN (3, 4, 6, 40)")
        let store = try PostgresStore(database.settings())
        for limit in [3, 1] {
            for claimed in try claim(store, limit) {
                let number = claimed.due.number
                #expect(claimed.due.command.position == number)
                #expect(claimed.due.command.key.text.string == "[\"\(number)\"]")
                #expect(claimed.due.event.payload == Array("{\"n\":\(number)}".utf8))
            }
        }
        #expect(try database.plain.value("SELECT count(*) FROM outbox_attempt") == "4")
    }

    @Test("Settling some commands leaves alone what is being sent between them")
    func settleBetween() throws {
        try fill(1...5)
        let store = try PostgresStore(database.settings())
        let claimed = try claim(store, 5)
        let some = claimed.filter { $0.due.number % 2 == 1 }
        #expect(try store.settle(some.map(Self.accepted)) == [.recorded, .recorded, .recorded])
        let left = "SELECT string_agg(command || state, ' ' ORDER BY command) FROM outbox_queue"
        #expect(try database.plain.value(left) == "2sending 4sending")
        #expect(try database.plain.value("SELECT count(*) FROM outbox_finish") == "3")
    }

    @Test("Of a batch with one token that is old, the others are recorded and that one is a late answer")
    func oneStale() throws {
        try fill(1...5)
        let store = try PostgresStore(database.settings())
        var settlements = try claim(store, 5).map(Self.accepted)
        settlements[2].token = 7
        #expect(try store.settle(settlements) == [.recorded, .recorded, .stale, .recorded, .recorded])
        #expect(try database.plain.value("SELECT command FROM outbox_queue") == "3")
        #expect(try database.plain.value("SELECT command FROM outbox_late_answer") == "3")
        #expect(try database.plain.value("SELECT count(*) FROM outbox_outcome") == "4")
    }

    @Test("Two who settle the same commands at once both come through, and each command ends once")
    func atOnce() throws {
        let rounds = 40
        try fill(1...(rounds * 8))
        let stores = try (0..<2).map { _ in try PostgresStore(database.settings()) }
        var batches: [[Settlement]] = [[], []]
        for _ in 0..<rounds {
            // Of each other's commands both know only an old token.
            let shares = try stores.map { try claim($0, 4).map(Self.accepted) }
            for (mine, other) in [(0, 1), (1, 0)] {
                let late = shares[other].map {
                    var settlement = $0
                    settlement.token = 9
                    return settlement
                }
                batches[mine] += mine == 0 ? shares[mine] + late : late + shares[mine]
            }
        }
        let work = batches
        let recorded = Atomic(0)
        let errors = Mutex<[any Error]>([])
        let ended = DispatchSemaphore(value: 0)
        for (store, settlements) in zip(stores, work) {
            Thread {
                for first in stride(from: 0, to: settlements.count, by: 8) {
                    do throws(StoreError) {
                        let results = try store.settle(Array(settlements[first..<first + 8]))
                        recorded.add(results.count { $0 == .recorded }, ordering: .relaxed)
                    } catch {
                        errors.withLock { $0.append(error) }
                    }
                }
                ended.signal()
            }.start()
        }
        for _ in stores { ended.wait() }
        #expect(errors.withLock { $0.map { "\($0)" } } == [])
        #expect(recorded.load(ordering: .relaxed) == rounds * 8)
        #expect(try database.plain.value("SELECT count(*) FROM outbox_finish") == "\(rounds * 8)")
        #expect(try database.plain.value("SELECT count(*) FROM outbox_queue") == "0")
    }

    @Test("Outcomes and the claim after them are one transaction")
    func oneTransaction() throws {
        try fill(1...6)
        let store = try PostgresStore(database.settings())
        let settlements = try claim(store, 3).map(Self.accepted)
        _ = try Self.round(store, settlements, 3).claim.get()
        let writers = """
            SELECT count(DISTINCT xmin::text) FROM (SELECT xmin FROM outbox_outcome UNION ALL
                SELECT xmin FROM outbox_finish UNION ALL
                SELECT xmin FROM outbox_attempt WHERE command > 3) rows
            """
        #expect(try database.plain.value(writers) == "1")
        #expect(try database.plain.value("SELECT count(*) FROM outbox_attempt WHERE command > 3") == "3")
    }

    @Test("Of a route with limits, a place that an outcome gives back is anyone's before it is taken again")
    func placesAreEveryones() throws {
        try fill(1...6)
        let store = try PostgresStore(database.settings())
        let settlements = try claim(store, 3).map(Self.accepted)
        var seen: Set<String?> = []
        let share = RouteShare(route: "a", commands: 3, concurrency: 3)
        let round = try store.settle(
            settlements, thenClaim: [share], now: .start, lease: .minutes(1), dispatcher: "test"
        ) { _ in
            let recorded = try? database.plain.value("SELECT count(*) FROM outbox_outcome")
            seen.insert(recorded.flatMap(\.self))
            return .attempt(request: .zero)
        }
        #expect(round.results == [.recorded, .recorded, .recorded])
        #expect(try round.claim.get().claimed.count == 3)
        #expect(seen == ["3"], "whoever looks while this one claims")
    }

    @Test("A claim that fails where the log has moved away takes no outcome with it")
    func movedAway() throws {
        try fill(1...4)
        let store = try PostgresStore(database.settings())
        let settlements = try claim(store, 2).map(Self.accepted)
        try database.plain.run(
            "INSERT INTO outbox_authority VALUES (1, 'moved', 't', 'p', 'a', 'r', NULL, 0)")
        let round = try Self.round(store, settlements, 2)
        #expect(round.results == [.recorded, .recorded])
        #expect(throws: StoreError.self) { try round.claim.get() }
        #expect(try database.plain.value("SELECT count(*) FROM outbox_outcome") == "2")
        #expect(try database.plain.value("SELECT count(*) FROM outbox_attempt") == "2")
    }

    @Test("Who settles and claims waits for a fence before it locks a command, not after")
    func fenceFirst() throws {
        try fill(1...2)
        let store = try PostgresStore(database.settings(lockTimeout: .minutes(1)))
        let settlements = try claim(store, 1).map(Self.accepted)
        try database.plain.run("BEGIN; LOCK TABLE outbox_home IN ACCESS EXCLUSIVE MODE")
        let results = Mutex<[SettlementResult]?>(nil)
        let isOver = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let round = try? Self.round(store, settlements, 1)
            results.withLock { $0 = round?.results ?? [] }
            isOver.signal()
        }
        let waiting = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND wait_event_type = 'Lock'
            """
        let looker = PlainConnection(database.settings().connection)
        // Until it waits, or is done without having waited.
        while results.withLock({ $0 == nil }), try looker.value(waiting) == "0" {}
        #expect(results.withLock { $0 } == nil, "it did not wait for the fence")
        #expect(refusalOfLock() == nil, "a command is locked by who waits for the fence")
        try database.plain.run("ROLLBACK")
        #expect(isOver.wait(timeout: .now() + 60) == .success)
        #expect(results.withLock { $0 } == [.recorded])
    }

    /// Words of who cannot lock every command, as a fence does; within the open transaction.
    private func refusalOfLock() -> String? {
        do {
            try database.plain.run("SAVEPOINT s; SELECT 1 FROM outbox_queue FOR UPDATE NOWAIT")
            return nil
        } catch {
            return error.description
        }
    }

    @Test("Each command keeps the digest of its own first request, with gaps between the numbers or without")
    func digests() throws {
        try fill(1...12)
        try database.plain.run(
            """
            UPDATE outbox_queue SET due_at = 0 - command;
            DELETE FROM outbox_queue WHERE command = 5
            """)
        let store = try PostgresStore(database.settings())
        func digest(_ number: Int64, _ attempt: Int) -> Digest {
            DigestBuilder.digest(of: Array("\(number) \(attempt)".utf8))
        }
        // Without a gap, the latest number first; then with one; then another attempt, which changes nothing.
        for count in [5, 6] {
            let claimed = try store.claim(
                [RouteShare(route: "a", commands: count)], now: .start, lease: .minutes(1), dispatcher: "d"
            ) { .attempt(request: digest($0.number, 1)) }.claimed
            #expect(claimed.count == count)
            let again = DeliveryStep.retry(at: .start + .minutes(1), state: .pending)
            _ = try store.settle(
                claimed.map {
                    Settlement(
                        number: $0.due.number, attempt: 1, token: 1, verdict: .neverLeft, step: again,
                        status: nil, issues: 0, finishedAt: .start)
                })
        }
        let later = try store.claim(
            [RouteShare(route: "a", commands: 20)], now: .start + .minutes(2), lease: .minutes(1),
            dispatcher: "d"
        ) {
            #expect($0.requestDigest == digest($0.number, 1))
            return .attempt(request: digest($0.number, 2))
        }.claimed
        #expect(later.count == 11)
        let other = """
            SELECT count(*) FROM outbox_queue q JOIN outbox_attempt a ON a.command = q.command
            WHERE (a.request_digest = q.request_digest) <> (a.attempt = 1)
            """
        #expect(try database.plain.value(other) == "0")
    }

    @Test("What all rows of a batch share and what differs is recorded alike, and so is what is not there")
    func shared() throws {
        try fill(1...9)
        let store = try PostgresStore(database.settings())
        // Of each three: all the same, all absent, one that differs at the end.
        for (first, ids) in [(1, ["m", "m", "m"]), (4, [nil, nil, nil]), (7, ["", nil, "m"])] {
            var settlements = try claim(store, 3).map(Self.accepted)
            for (index, id) in ids.enumerated() { settlements[index].verdict.messageID = id.map { Text($0) } }
            #expect(try store.settle(settlements) == [.recorded, .recorded, .recorded])
            let stored = try database.plain.run(
                "SELECT message_id FROM outbox_outcome WHERE command >= \(first) ORDER BY command"
            ).map { $0[0] }
            #expect(stored == ids)
        }
        #expect(try database.plain.value("SELECT count(*) FROM outbox_outcome WHERE code = 'ok'") == "9")
    }

    private static func round(
        _ store: PostgresStore, _ settlements: [Settlement], _ count: Int
    ) throws(StoreError) -> SettledClaim {
        try store.settle(
            settlements, thenClaim: [RouteShare(route: "a", commands: count)], now: .start,
            lease: .minutes(1), dispatcher: "test"
        ) { _ in .attempt(request: .zero) }
    }

    private func claim(_ store: PostgresStore, _ count: Int) throws(StoreError) -> [ClaimedCommand] {
        try store.claim(
            [RouteShare(route: "a", commands: count)], now: .start, lease: .minutes(1), dispatcher: "test"
        ) { _ in .attempt(request: .zero) }.claimed
    }

    private static func accepted(_ claimed: ClaimedCommand) -> Settlement {
        Settlement(
            number: claimed.due.number, attempt: claimed.attempt, token: claimed.token,
            verdict: Verdict(.accepted, code: "ok"), step: .finish(.accepted), status: 201, issues: 1,
            finishedAt: .start)
    }
}
