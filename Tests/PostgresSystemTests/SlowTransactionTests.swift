// Transactions that stay open, are prepared, copy very much, or change the table while others write.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import SendoncePostgres
import SendonceProjection
import Testing

extension PostgresSystemTests {
    @Test(
        "Transactions that stay open here and in another database hold nothing up, and one that was prepared is decided when it is committed"
    )
    func openTransactions() async throws {
        let database = try PostgresCluster.shared().database()
        let elsewhere = try PostgresCluster.shared().emptyDatabase()
        let fake = FakeBrevo()
        let shop = try Shop(database.connection, fakePort: try await fake.start())
        let open = PlainConnection(database.connection)
        try open.run("BEGIN; \(Shop.insert(1_000..<1_010)); SELECT pg_current_xact_id()")
        let snapshot = PlainConnection(database.connection)
        try snapshot.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox_log")
        try elsewhere.plain.run("CREATE TABLE other (number INT); BEGIN; INSERT INTO other VALUES (1)")
        let prepared = PlainConnection(database.connection)
        try prepared.run("BEGIN; \(Shop.insert(2_000..<2_010)); PREPARE TRANSACTION '\(database.name)'")

        let run = try shop.run()
        for round in 0..<20 { try shop.append(round * 10..<round * 10 + 10) }
        try eventually("what was committed is accepted") { fake.tally().accepted == 200 }
        #expect(try shop.number("SELECT count(*) FROM outbox_log WHERE event_type = 'order.placed'") == 200)
        try prepared.run("COMMIT PREPARED '\(database.name)'")
        try eventually("what was prepared is accepted") { fake.tally().accepted == 210 }
        try open.run("COMMIT")
        try eventually("what was open is accepted") { fake.tally().accepted == 220 }
        try eventually("all is recorded") { try shop.isDone() }
        run.mustEnd()
        #expect(
            fake.acceptedOrders.sorted()
                == Array(0..<200) + Array(1_000..<1_010) + Array(2_000..<2_010))
        #expect(try shop.brokenPromises() == [])
        try snapshot.run("COMMIT")
        try elsewhere.plain.run("COMMIT")
        await fake.stop()
    }

    @Test(
        "A COPY of 100,000 events is decided once each, while a column is added to the intake and others write"
    )
    func copyAndAddColumn() throws {
        let database = try PostgresCluster.shared().database()
        let shop = try Shop(database.connection, fakePort: 9)
        let store = try PostgresStore(database.settings())
        let projector = LiveProjector(store: store)
        func step() throws -> Int {
            guard case .moved(let counts) = try projector.step(now: store.now()) else { return 0 }
            return counts.events
        }
        let copy = PlainConnection(database.connection)
        // What nobody has a rule for: this is about the log, not about e-mails.
        try copy.run(
            """
            BEGIN; COPY outbox (event_type, payload) FROM PROGRAM
                'seq 100000 | sed "s/.*/stock.copied\\t{\\"order_id\\":&}/"'
            """)
        try shop.append(0..<10)
        #expect(try step() == 10, "an open COPY hides nothing that was committed")
        try copy.run("COMMIT")
        var moved = 0
        for round in 1...200 where moved < 100_000 + 200 {
            try shop.append(round * 10..<round * 10 + 10)
            // Waits for writers, and writers for it, but for no longer than a statement.
            if round == 5 { try shop.plain.run("ALTER TABLE outbox ADD COLUMN note TEXT DEFAULT 'none'") }
            if round == 10 { try shop.plain.run("ALTER TABLE outbox ADD COLUMN number BIGINT") }
            moved += try step()
        }
        while case let events = try step(), events > 0 { moved += events }
        let written = try shop.number("SELECT last_value FROM outbox_seq_seq")
        #expect(moved == written - 10)
        #expect(
            try shop.number(
                "SELECT count(DISTINCT payload) FROM outbox_log WHERE event_type = 'stock.copied'")
                == 100_000)
        #expect(try shop.number("SELECT count(*) FROM outbox") == 0)
        #expect(
            try shop.number("SELECT count(*) FROM outbox_log WHERE event_type <> 'sendonce.rules.activated'")
                == written)
        #expect(try shop.brokenPromises() == [])
    }
}
