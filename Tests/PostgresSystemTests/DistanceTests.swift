// A database some milliseconds away.
import PostgresSupport
import ProcessSupport
import SendonceFake
import Testing

extension PostgresSystemTests {
    @Test("On a database forty milliseconds away an event that comes alone is found without a survey")
    func distance() async throws {
        let cluster = try PostgresCluster.shared()
        let database = try cluster.database()
        let way = try LongWay(to: cluster, milliseconds: 20)
        let fake = FakeBrevo()
        let shop = try Shop(database.connection, fakePort: try await fake.start())
        let run = try shop.run(at: way.connection(database))
        try run.mustRun()
        var waits: [Duration] = []
        for order in 0..<7 {
            let start = ContinuousClock.now
            try shop.append(order..<order + 1)
            try eventually("it is accepted") { fake.tally().accepted > order }
            waits.append(.now - start)
        }
        run.mustEnd()
        // Three kinds of rows are surveyed, with three round trips each; then there is a long rest. Who needs
        // a survey waits half of that on the average, and there are two things to find.
        let rest = Duration.milliseconds(40) * 9 * 29
        #expect(waits.sorted()[3] < rest / 3, "\(waits)")
        await fake.stop()
    }
}
