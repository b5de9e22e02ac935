// A primary that is lost, a replica that takes its place.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import SendoncePostgres
import Testing

extension PostgresSystemTests {
    @Test("`run` refuses a hot standby and says why")
    func standby() async throws {
        let primary = try Server()
        let shop = try Shop(try primary.database(), fakePort: 9)
        let replica = try Server(following: primary)
        let refused = try shop.run(at: replica.connection()).finish()
        #expect(refused.status == 2)
        #expect(refused.errors.contains("the server is a hot standby"), "\(refused.errors)")
        #expect(refused.errors.contains("target_session_attrs=read-write"), "\(refused.errors)")
        #expect(!refused.errors.contains("delivering"))
    }

    @Test(
        "When the primary is killed and its replica promoted, `run` goes on there with all that was committed"
    )
    func failover() async throws {
        let primary = try Server()
        let fake = FakeBrevo(try .slow(milliseconds: 20))
        let shop = try Shop(
            try primary.database(), fakePort: try await fake.start(), leaseSeconds: 3, concurrency: 4)
        let replica = try Server(following: primary)
        let admin = primary.plain()
        try admin.run("ALTER SYSTEM SET synchronous_standby_names = 'replica'")
        try admin.run("SELECT pg_reload_conf()")
        try eventually("the replica is synchronous") {
            try admin.value("SELECT sync_state FROM pg_stat_replication") == "sync"
        }
        let both =
            "host=\(primary.folder),\(replica.folder) user=postgres dbname=shop "
            + "target_session_attrs=read-write"
        // The second one does not say which server it wants: of several, that is the one that can be written.
        let runs = [
            try shop.run(at: both),
            try shop.run(at: "host=\(replica.folder),\(primary.folder) user=postgres dbname=shop"),
        ]
        for run in runs { try run.mustRun() }
        try shop.append(0..<150)
        try eventually("mail flows") { fake.tally().accepted > 40 }
        primary.kill()
        #expect(fake.tally().accepted < 150, "the primary was killed in the middle")
        try eventually("both have noticed") { runs.allSatisfy { $0.errorText.contains("waits") } }
        try replica.plain().run("SELECT pg_promote()")

        var after = shop
        after.plain = replica.plain("shop")
        try after.append(150..<200)
        try eventually("all is decided and accepted") { try after.isDone() }
        for run in runs { run.mustEnd() }
        #expect(fake.acceptedOrders.sorted() == Array(0..<200))
        #expect(try after.accepted() == 200)
        #expect(try after.brokenPromises() == [])
        await fake.stop()
    }
}
