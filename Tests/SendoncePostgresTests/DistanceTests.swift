// What the way to the server takes is no reason to search less.
import PostgresSupport
import ProcessSupport
import SendonceCore
import SendonceStore
import Testing

@testable import SendoncePostgres

@Suite struct DistanceTests {
    private let way = Duration.milliseconds(6)

    private var roundTrip: RoundTrip {
        var roundTrip = RoundTrip()
        for extra in [900, 0, 400] { roundTrip.note(way + .microseconds(extra)) }
        return roundTrip
    }

    @Test("Searches of a distant server that cost it next to nothing go back to the very beginning, always")
    func cheap() {
        var start = Sought.due("a").start
        for extra in [100, 2_000, 900, 5_000, 6_000] {
            let cost = roundTrip.cost(of: way + .microseconds(extra))
            start.note(first: nil, begun: .min, end: 1_000, cost: cost)
        }
        #expect((start.reach, start.start) == (.whole, .min))
    }

    @Test("A search that takes longer than the way to the server twice is dear there too")
    func dear() {
        #expect(roundTrip.cost(of: way * 2 + SearchStart.cheap) == SearchStart.cheap)
        #expect(roundTrip.cost(of: .milliseconds(1)) == .zero)
    }

    @Test("Where nothing is known of the way it counts for nothing; a way that became longer is learnt")
    func learning() {
        #expect(RoundTrip().cost(of: way) == way)
        var roundTrip = roundTrip
        for _ in 1...RoundTrip.memory { roundTrip.note(way * 3) }
        #expect(roundTrip.shortest == way * 3)
    }

    @Test("On a server ten milliseconds away searches go back to the very beginning")
    func searches() throws {
        let cluster = try PostgresCluster.shared()
        let database = try cluster.database()
        let way = try LongWay(to: cluster, milliseconds: 5)
        let store = try PostgresStore(PostgresSettings(connection: way.connection(database)))
        func search() throws {
            _ = try store.hasIntake()
            _ = try store.lapsed(now: .start, limit: 9)
            _ = try store.claim(
                [RouteShare(route: "a", commands: 1)], now: .start, lease: .minutes(1), dispatcher: "test"
            ) { _ in .leave }
        }
        for _ in 1...9 { try search() }
        // A machine that stood still for a moment may have made one dear; that heals.
        try eventually("all of them begin at the beginning") {
            try search()
            return try [.intake, .leases, .due("a")].allSatisfy { try store.searches.start($0) == .min }
        }
    }
}
