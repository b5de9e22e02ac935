// Three hosts with three processes each, one server, one provider; a host dies, or the network does.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import SendoncePostgres
import Testing

extension PostgresSystemTests {
    /// The number of orders that three hosts deliver.
    private static let orders = 20_000

    @Test(
        "Three hosts with three processes each deliver 20,000 orders once, though one host is killed in the middle"
    )
    func hosts() async throws {
        let fake = FakeBrevo(threads: 2)
        let port = try await fake.start()
        let network = try Network(hosts: 3, providerPort: port)
        let server = try Server(options: ["listen_addresses=\(Network.server)"], under: network.serverWords)
        let shop = try Shop(try server.database(), fakePort: port, leaseSeconds: 5)
        let runs = try Self.start(shop, on: network)
        try shop.append(0..<Self.orders)
        try eventually("half of it is accepted") {
            fake.tally().accepted > Self.orders / 2
        }
        let isProjecting = try shop.projector()
        let killed = runs.first { host in host.contains { isProjecting.contains(":\($0.identifier) ") } }
        // The host that projects is the worst one to lose.
        for run in try #require(killed) { run.kill(SIGKILL) }
        #expect(fake.tally().accepted < Self.orders, "the host was killed in the middle")
        try eventually("all is decided and accepted") { try shop.isDone() }
        for run in runs.joined() where run.isRunning { run.mustEnd() }
        #expect(fake.acceptedOrders.sorted() == Array(0..<Self.orders))
        #expect(try shop.accepted() == Self.orders)
        #expect(try shop.number("SELECT count(DISTINCT dispatcher) FROM outbox_attempt") == 9)
        #expect(try shop.brokenPromises() == [])
        await fake.stop()
    }

    @Test(
        "While the network to the server is cut for a minute nothing is claimed; when it is back everything is delivered once"
    )
    func cut() async throws {
        let fake = FakeBrevo(try .slow(milliseconds: 50))
        let port = try await fake.start()
        let network = try Network(hosts: 3, providerPort: port)
        let server = try Server(options: ["listen_addresses=\(Network.server)"], under: network.serverWords)
        let shop = try Shop(try server.database(), fakePort: port, leaseSeconds: 5, concurrency: 4)
        let runs = try Self.start(shop, on: network).joined()
        try shop.append(0..<1_000)
        try eventually("mail flows") { fake.tally().accepted > 200 }
        try network.plug(false)
        let minute = ContinuousClock.now + .seconds(60)
        let atCut = fake.tally().accepted
        #expect(atCut < 1_000, "the network was cut in the middle")
        // As long as it takes all of them to notice: until the kernel gives up what was sent and not
        // confirmed.
        try eventually("all have noticed") {
            runs.allSatisfy { $0.errorText.contains("waits") }
        }
        try eventually("the minute is over") { ContinuousClock.now >= minute }
        #expect(fake.tally().accepted <= atCut + runs.count * 4)
        try shop.append(1_000..<1_100)
        try network.plug(true)
        try eventually("all is decided and accepted") { try shop.isDone() }
        for run in runs { run.mustEnd() }
        #expect(fake.acceptedOrders.sorted() == Array(0..<1_100))
        #expect(try shop.accepted() == 1_100)
        #expect(try shop.brokenPromises() == [])
        await fake.stop()
    }

    /// Three processes on each host.
    private static func start(_ shop: Shop, on network: Network) throws -> [[Program]] {
        let address = "host=\(Network.server) user=postgres dbname=shop"
        let runs = try (0..<3).map { host in
            try (0..<3).map { _ in try shop.run(under: network.words(host), at: address) }
        }
        for run in runs.joined() { try run.mustRun() }
        return runs
    }
}
