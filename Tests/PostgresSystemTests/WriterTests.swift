// Writers that commit out of the order of their numbers, for twenty seconds, while a projector runs.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import SendoncePostgres
import Synchronization
import Testing

extension PostgresSystemTests {
    @Test(
        "12 writers with delays, rollbacks and savepoints: the log is the committed set, once each, without holes; a reader that follows `seq > last` misses rows of it"
    )
    func writers() async throws {
        let database = try PostgresCluster.shared().database()
        let fake = FakeBrevo()
        let shop = try Shop(database.connection, fakePort: try await fake.start())
        let reader = try FollowingReader(shop)
        let run = try shop.run()
        let seed = UInt64.random(in: 0..<1_000_000)
        let writers = (0..<12).map { Writer($0, database.connection, seed: seed) }

        // One of them takes a number and commits only after the reader has gone past it.
        let late = PlainConnection(database.connection)
        try late.run("BEGIN; \(Writer.insert(order: 1, word: "late"))")
        let number = try #require(try late.value("SELECT max(seq) FROM followed").flatMap { Int64($0) })
        try eventually("the reader has gone past the late writer's number") { reader.last > number }
        try late.run("COMMIT")

        var committed: Set<String> = ["late"]
        for writer in writers {
            try eventually("seed \(seed): a writer ends") { writer.isOver }
            committed.formUnion(try writer.result())
        }
        try eventually("all is decided and accepted") { try shop.isDone() }
        run.mustEnd()
        let read = try reader.end()

        let logged = try shop.texts(
            "SELECT payload::json ->> 'word' FROM outbox_log WHERE event_type = 'order.placed'")
        #expect(logged.count == committed.count, "seed \(seed)")
        #expect(Set(logged) == committed, "seed \(seed)")
        #expect(try shop.brokenPromises() == [], "seed \(seed)")
        #expect(
            try shop.number("SELECT max(seq) FROM followed") > committed.count,
            "seed \(seed): some transactions were rolled back")
        #expect(fake.acceptedOrders.sorted() == Array(0..<Writer.orders), "seed \(seed)")
        #expect(!read.contains("late"))
        #expect(read.isSubset(of: committed) && read.count > 100, "it did read")
        await fake.stop()
    }
}

/// An application that writes orders, several in a transaction, some of which never happen.
private final class Writer: Sendable {
    static let orders = 50
    static let duration = Duration.seconds(20)

    private let outcome = Mutex<Result<Set<String>, any Error>?>(nil)

    init(_ number: Int, _ connection: String, seed: UInt64) {
        let thread = Thread {
            let result = Result { try Writer.write(number, connection, seed: seed) }
            self.outcome.withLock { $0 = result }
        }
        thread.start()
    }

    var isOver: Bool { outcome.withLock { $0 != nil } }

    /// What it has committed, word by word.
    func result() throws -> Set<String> {
        try outcome.withLock { try $0?.get() } ?? []
    }

    static func insert(order: Int, word: String) -> String {
        """
        INSERT INTO outbox (event_type, payload) VALUES ('order.placed',
            '{"order_id": \(order), "email": "customer\(order)@shop.example", "word": "\(word)"}')
        """
    }

    private static func write(_ number: Int, _ connection: String, seed: UInt64) throws -> Set<String> {
        var chance = SeededGenerator(seed: seed + UInt64(number))
        let plain = PlainConnection(connection)
        var committed: Set<String> = []
        var count = 0
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end {
            var words: Set<String> = []
            try plain.run("BEGIN")
            for _ in 0..<Int.random(in: 1...4, using: &chance) {
                count += 1
                let word = "\(number)-\(count)"
                let order = Int.random(in: 0..<orders, using: &chance)
                switch Int.random(in: 0..<4, using: &chance) {
                case 0:
                    try plain.run("SAVEPOINT s; \(insert(order: order, word: word)); ROLLBACK TO SAVEPOINT s")
                case 1:
                    try plain.run("SAVEPOINT s; \(insert(order: order, word: word)); RELEASE SAVEPOINT s")
                    words.insert(word)
                default:
                    try plain.run(insert(order: order, word: word))
                    words.insert(word)
                }
                // The server waits, so that what was written stays open meanwhile.
                try plain.run("SELECT pg_sleep(\(Double.random(in: 0...0.05, using: &chance)))")
            }
            let isKept = Int.random(in: 0..<5, using: &chance) > 0
            try plain.run(isKept ? "COMMIT" : "ROLLBACK")
            if isKept { committed.formUnion(words) }
        }
        return committed
    }
}

/// Reads events as many outboxes do: those whose number is higher than the last one that it saw. Here it has
/// a copy of the intake, from which no row is ever taken away.
private final class FollowingReader: Sendable {
    private struct State {
        var last: Int64 = 0
        var words: Set<String> = []
        var isStopping = false
        var outcome: Result<Void, any Error>?
    }

    private let state = Mutex(State())

    init(_ shop: Shop) throws {
        try shop.plain.run(
            """
            CREATE TABLE followed (seq BIGINT PRIMARY KEY, word TEXT);
            CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO followed VALUES (NEW.seq, NEW.payload::json ->> 'word');
                RETURN NULL;
            END $$;
            CREATE TRIGGER follow AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION follow()
            """)
        let address = shop.address
        let thread = Thread {
            let result = Result { try self.follow(PlainConnection(address)) }
            self.state.withLock { $0.outcome = result }
        }
        thread.start()
    }

    /// The highest number that it has seen.
    var last: Int64 { state.withLock { $0.last } }

    /// Everything that it has ever seen, after a last look.
    func end() throws -> Set<String> {
        state.withLock { $0.isStopping = true }
        try eventually("the reader ends") { state.withLock { $0.outcome != nil } }
        return try state.withLock { state in
            try state.outcome?.get()
            return state.words
        }
    }

    private func follow(_ plain: PlainConnection) throws {
        var isLast = false
        while !isLast {
            isLast = state.withLock { $0.isStopping }
            let rows = try plain.run("SELECT seq, word FROM followed WHERE seq > \(last) ORDER BY seq")
            state.withLock { state in
                for row in rows {
                    state.words.insert((row[1] ?? ""))
                    state.last = row[0].flatMap { Int64($0) } ?? state.last
                }
            }
            try plain.run("SELECT pg_sleep(0.005)")
        }
    }
}
