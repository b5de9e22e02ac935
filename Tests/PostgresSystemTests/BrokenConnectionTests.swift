// Connections that are ended, a server that is killed, a server that is full.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import SendoncePostgres
import Testing

extension PostgresSystemTests {
    @Test(
        "Connections of projector and dispatchers that are ended again and again cost no order and send none twice"
    )
    func terminated() async throws {
        let database = try PostgresCluster.shared().database()
        let fake = FakeBrevo(try .slow(milliseconds: 20))
        let shop = try Shop(
            database.connection, fakePort: try await fake.start(), leaseSeconds: 3, concurrency: 4)
        let runs = try (0..<2).map { _ in try shop.run("victim") }
        for run in runs { try run.mustRun() }
        var (ended, written) = (0, 0)
        while written < 400 {
            try shop.append(written..<written + 10)
            written += 10
            // Waits for mail to flow, so that each time something is under way.
            let accepted = fake.tally().accepted
            try eventually("mail flows") { fake.tally().accepted >= accepted + 4 }
            ended += try shop.number(
                """
                SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'victim' AND datname = current_database()
                """)
        }
        try eventually("all is decided and accepted") { try shop.isDone() }
        for run in runs { run.mustEnd() }
        #expect(ended > 100, "only \(ended) connections were ended")
        #expect(runs.allSatisfy { $0.errorText.contains("the connection to the server was lost") })
        #expect(fake.acceptedOrders.sorted() == Array(0..<400))
        #expect(try shop.accepted() == 400)
        #expect(try shop.brokenPromises() == [])
        await fake.stop()
    }

    @Test("A server that is killed in the middle and started again loses no committed order and repeats none")
    func killedServer() async throws {
        let server = try Server()
        let fake = FakeBrevo(try .slow(milliseconds: 20))
        var shop = try Shop(
            try server.database(), fakePort: try await fake.start(), leaseSeconds: 3, concurrency: 4)
        let runs = try (0..<2).map { _ in try shop.run() }
        for run in runs { try run.mustRun() }
        for round in 1...3 {
            try shop.append(round * 100 - 100..<round * 100)
            let accepted = fake.tally().accepted
            try eventually("mail flows") { fake.tally().accepted > accepted + 30 }
            server.kill()
            let atKill = fake.tally().accepted
            #expect(atKill < round * 100, "the server was killed in the middle")
            try eventually("both have noticed") {
                runs.allSatisfy { $0.errorText.components(separatedBy: "waits").count > round }
            }
            // What was claimed may still leave, but nothing is claimed.
            #expect(fake.tally().accepted <= atKill + 2 * 4)
            try server.start()
            shop.plain = server.plain("shop")
        }
        try eventually("all is decided and accepted") { try shop.isDone() }
        for run in runs { run.mustEnd() }
        #expect(fake.acceptedOrders.sorted() == Array(0..<300))
        #expect(try shop.accepted() == 300)
        #expect(try shop.brokenPromises() == [])
        await fake.stop()
    }

    @Test("While the server takes no further connection, a process that lost its own waits, and then goes on")
    func fullServer() async throws {
        let server = try Server(options: ["max_connections=12", "superuser_reserved_connections=2"])
        let fake = FakeBrevo()
        let shop = try Shop(try server.database(), fakePort: try await fake.start(), leaseSeconds: 3)
        let run = try shop.run("ours")
        try shop.append(0..<10)
        try eventually("it works") { try shop.accepted() == 10 }

        var others: [PlainConnection] = []
        try eventually("the others have all connections") {
            let next = server.plain()
            let isFull = (try? next.run("SELECT 1")) == nil
            if !isFull { others.append(next) }
            // Each that it loses, somebody else gets.
            let lost = try shop.number(
                """
                SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'ours'
                """)
            return isFull && lost == 0
        }
        try shop.append(10..<30)
        try eventually("it says what it waits for") { run.errorText.contains("too many clients") }
        #expect(run.isRunning)
        #expect(fake.tally().accepted == 10)
        for other in others { other.close() }
        try eventually("all is decided and accepted") { try shop.isDone() }
        run.mustEnd()
        #expect(fake.acceptedOrders.sorted() == Array(0..<30))
        #expect(try shop.brokenPromises() == [])
        await fake.stop()
    }
}
