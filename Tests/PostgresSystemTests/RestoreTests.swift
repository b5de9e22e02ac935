// A database that comes back on another server, or as it was before: nothing is sent until a person says what
// may go.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import SendoncePostgres
import Testing

extension PostgresSystemTests {
    @Test(
        "A restored dump with work of every kind is fenced; released, it skips nothing and sends nothing twice"
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
        let requests = fake.tally().requests
        for _ in 1...2 {
            let refused = try shop.run().finish()
            #expect(refused.status == 3 && refused.errors.contains("copied or moved"), "\(refused.errors)")
        }
        #expect(fake.tally().requests == requests)
        #expect(try shop.number("SELECT count(*) FROM outbox") == 70)
        #expect(try shop.number("SELECT count(*) FROM outbox_queue WHERE hold_reason <> 'fence'") == 0)
        try shop.append(85..<100)
        let queued = try shop.number("SELECT count(*) FROM outbox_queue")
        try shop.command("fence", "lift", "--yes", "\(queued)", "--reason", "a new server")
        run = try shop.run()
        try eventually("what came since is accepted, the rest is held") {
            try shop.number("SELECT count(*) FROM outbox") == 0
                && shop.number("SELECT count(*) FROM outbox_queue WHERE state <> 'held'") == 0
        }
        // Orders 85 to 89 were written before and after: those before are decided first, and held.
        #expect(fake.tally().accepted - fake.tally().duplicates <= 60 + 10)
        let held = try shop.number("SELECT count(*) FROM outbox_queue WHERE hold_reason = 'fence'")
        try shop.command(
            "release", "--held", "fence", "--yes", "\(held)", "--reason", "the old server is gone")
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

    @Test("A base backup that is put back, with the same identifier, is fenced by what its hosts have seen")
    func baseBackup() async throws {
        let server = try Server()
        let fake = FakeBrevo()
        let shop = try Shop(try server.database(), fakePort: try await fake.start())
        try shop.append(0..<10)
        try shop.drain()
        try shop.append(10..<15)
        let backup = try server.baseBackup()
        let run = try shop.run()
        try eventually("all are accepted") { try shop.accepted() == 15 }
        let requests = fake.tally().requests
        // While it works, the server is put back under it.
        try server.putBack(backup)
        var after = shop
        after.plain = server.plain("shop")
        try eventually("it has noticed: \(run.errorText)") { !run.isRunning }
        #expect(run.wait() == 3, "\(run.errorText)")
        #expect(run.errorText.contains("restored or rewound"), "\(run.errorText)")
        let refused = try shop.run().finish()
        #expect(refused.status == 3, "\(refused.errors)")
        #expect(fake.tally().requests == requests)
        #expect(try after.number("SELECT count(*) FROM outbox") == 5)

        // A host that never saw the log is told by the row that the other one wrote.
        let other = try Program(
            Place.sendonce, ["run", "--once"], in: shop.sandbox,
            environment: ["SENDONCE_DATABASE": shop.address, "XDG_STATE_HOME": shop.sandbox.path("other")]
        ).finish()
        #expect(other.status == 3, "\(other.errors)")
        try after.append(15..<16)
        try after.command("fence", "lift", "--yes", "0", "--reason", "back to the backup")
        try after.drain()
        #expect(fake.acceptedOrders.sorted() == Array(0..<16))
        #expect(try after.number("SELECT count(*) FROM outbox_queue WHERE hold_reason = 'fence'") == 5)
        try after.command("resolve", "--accepted", "--held", "fence", "--yes", "5", "--reason", "seen there")
        #expect(try after.isDone() && after.accepted() == 16)
        await fake.stop()
    }

    @Test("A copy of the database within the cluster is fenced, and the original goes on")
    func template() async throws {
        let server = try PostgresCluster.shared()
        let database = try server.database()
        let fake = FakeBrevo()
        let shop = try Shop(database.connection, fakePort: try await fake.start())
        try shop.append(0..<3)
        try shop.drain()
        try shop.append(3..<5)
        let requests = fake.tally().requests
        shop.plain.close()
        let name = "copy_of_\(database.name)"
        let admin = PlainConnection(server.connection("postgres"))
        try admin.run("CREATE DATABASE \(name) TEMPLATE \(database.name)")
        let refused = try shop.run(at: server.connection(name)).finish()
        #expect(refused.status == 3 && refused.errors.contains("copied or moved"), "\(refused.errors)")
        #expect(fake.tally().requests == requests)
        try admin.run("DROP DATABASE \(name) WITH (FORCE)")
        try shop.drain()
        #expect(fake.acceptedOrders.sorted() == Array(0..<5))
        await fake.stop()
    }
}

extension Shop {
    /// Delivers until nothing waits but for a person. Once through is not always enough: a connection that
    /// took too long is tried again later.
    fileprivate func drain() throws {
        try eventually("nothing waits") {
            try command("run", "--once")
            return try number(
                """
                SELECT (SELECT count(*) FROM outbox)
                    + (SELECT count(*) FROM outbox_queue WHERE state <> 'held')
                """) == 0
        }
    }
}
