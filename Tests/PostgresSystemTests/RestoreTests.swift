// A database that moves to another server as a dump.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import SendoncePostgres
import Testing

extension PostgresSystemTests {
    @Test(
        "A dump with events in the intake, commands in the queue and attempts under way is restored: nothing is skipped, nothing sent twice"
    )
    func restore() async throws {
        let server = try PostgresCluster.shared()
        let database = try server.database()
        let fake = FakeBrevo()
        let port = try await fake.start()
        var shop = try Shop(database.connection, fakePort: port, leaseSeconds: 2, concurrency: 4)
        var run = try shop.run()
        try shop.append(0..<30)
        try eventually("the first are accepted") { try shop.accepted() == 30 }
        fake.follow(try .slow(milliseconds: 1_000))
        try shop.append(30..<60)
        try eventually("attempts are under way") { fake.tally().accepted > 30 }
        run.kill(SIGKILL)
        run.wait()
        fake.follow(.calm)
        // A transaction that is open while the dump is made leaves a number that nobody will ever have.
        let open = PlainConnection(database.connection)
        try open.run("BEGIN; \(Shop.insert(900..<910))")
        try shop.append(20..<90)
        #expect(try shop.number("SELECT count(*) FROM outbox_queue WHERE state = 'pending'") > 0)
        #expect(try shop.number("SELECT count(*) FROM outbox_queue WHERE state = 'sending'") > 0)

        let other = try Server()
        let restored = try other.database()
        let programs = try PostgresCluster.programs()
        let pipe = try Program(
            "/bin/bash",
            [
                "-c",
                "set -o pipefail; \(programs)/pg_dump '\(database.connection)' "
                    + "| \(programs)/psql -q -X -v ON_ERROR_STOP=1 '\(restored)'",
            ], in: shop.sandbox
        ).finish()
        try #require(pipe.status == 0, "\(pipe.errors)")
        try open.run("ROLLBACK")
        shop.address = restored
        shop.plain = other.plain("shop")
        #expect(try shop.number("SELECT count(*) FROM outbox") == 70)
        run = try shop.run()
        try shop.append(85..<100)
        try eventually("all is decided and accepted") { try shop.isDone() }
        run.mustEnd()
        #expect(fake.acceptedOrders.sorted() == Array(0..<100))
        #expect(try shop.accepted() == 100)
        #expect(
            try shop.number("SELECT count(*) FROM outbox_log WHERE event_type = 'order.placed'")
                == 60 + 70 + 15)
        #expect(try shop.brokenPromises() == [])
        await fake.stop()
    }
}
