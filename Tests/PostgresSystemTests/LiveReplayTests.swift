// Replay beside a live system: what the server itself saw of it.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import SendoncePostgres
import SendonceProjection
import Testing

extension PostgresSystemTests {
    @Test(
        "Beside a live load verify reads under a role that has only SELECT, holds no lock but to read, and ends its transaction with each page"
    )
    func replayBesideLoad() async throws {
        let server = try Server(options: ["log_line_prefix=%a|%p|"])
        let fake = FakeBrevo()
        let shop = try Shop(try server.database(), fakePort: try await fake.start())
        try fill(shop, events: 5_000)
        let reader = try reader(of: shop, on: server)
        let run = try shop.run()
        try run.mustRun()

        var (appended, verified) = (0, 0)
        var modes: Set<String> = []
        while verified < 2 || modes.isEmpty && verified < 20 {
            let replay = try Program(
                Place.program("sendonce-replay"), ["verify"], in: shop.sandbox,
                environment: ["SENDONCE_DATABASE": reader, "PGAPPNAME": "replay"])
            while replay.isRunning {
                // Always something to do, and never more than what is soon done: the load is what the
                // machine can bear.
                if appended < fake.tally().accepted + 200 {
                    try shop.append(appended..<appended + 20)
                    appended += 20
                }
                modes.formUnion(try shop.texts(Self.locks))
            }
            let result = replay.finish()
            #expect(result.status == 0, "\(result.output)\(result.errors)")
            verified += 1
        }
        // Each transaction also locks its own number, so that others could wait for its end.
        #expect(modes == ["AccessShareLock"])
        try eventually("all is accepted") { fake.tally().accepted == appended }
        try eventually("all is recorded") { try shop.isDone() }
        run.mustEnd()
        #expect(try shop.brokenPromises() == [])

        let transactions = try Self.transactions(in: server.log)
        // Three pages of events each time.
        let pages = transactions.filter { $0.contains(where: \.isPage) }
        #expect(pages.count >= 3 * verified, "\(pages.count)")
        #expect(pages.allSatisfy { $0.filter(\.isPage).count == 1 })
        #expect(transactions.joined().allSatisfy { $0.hasPrefix("SELECT") || $0.hasPrefix("COPY (SELECT") })
        await fake.stop()
    }

    /// What `replay` holds in this moment, but for what the server itself locks while somebody connects: the
    /// database, so that nobody takes it away meanwhile.
    private static let locks = """
        SELECT mode FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'replay' AND locktype <> 'virtualxid'
            AND NOT (locktype = 'object' AND classid = 'pg_database'::regclass)
        """

    /// A log of events that nobody has a rule for.
    private func fill(_ shop: Shop, events: Int) throws {
        try shop.plain.run(
            """
            INSERT INTO outbox (event_type, payload)
            SELECT 'stock.counted', '{"number":' || n || '}' FROM generate_series(1, \(events)) n
            """)
        let store = try PostgresStore(PostgresSettings(connection: shop.address))
        let projector = LiveProjector(store: store)
        while case .moved = try projector.step(now: store.now()) {}
        try store.resign()
    }

    /// A role that may only look, whose statements the server writes down; how to connect as it.
    private func reader(of shop: Shop, on server: Server) throws -> String {
        for role in ["application", "worker", "looker"] { try shop.plain.run("CREATE ROLE \(role) LOGIN") }
        try shop.plain.run(
            PostgresRoles(appender: "application", operator: "worker", reader: "looker").sql)
        try shop.plain.run("ALTER ROLE looker SET log_statement = 'all'")
        return "host=\(server.folder) user=looker dbname=shop"
    }

    /// The statements of replay's transactions, without what begins and ends them, whichever of its
    /// connections they came by.
    private static func transactions(in log: String) throws -> [[String]] {
        var all: [[String]] = []
        var open: [Substring: [String]] = [:]
        for line in log.split(separator: "\n") where line.hasPrefix("replay|") {
            let process = line.split(separator: "|", maxSplits: 2)[1]
            guard let start = line.range(of: "LOG:  ")?.upperBound else { continue }
            let statement = String(line[start...].drop { $0 != ":" }.dropFirst(2))
            if statement.hasPrefix("BEGIN") {
                try #require(open[process] == nil, "a transaction within another")
                #expect(statement.hasPrefix("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                open[process] = []
            } else if statement == "COMMIT" {
                let statements = open.removeValue(forKey: process)
                all.append(try #require(statements))
            } else if open[process] != nil {
                open[process]?.append(statement)
            } else {
                // What the server is asked before it is used.
                #expect(statement.hasPrefix("SELECT"), "\(statement)")
            }
        }
        return all
    }
}

extension String {
    /// Whether a page of events is asked for.
    fileprivate var isPage: Bool { hasPrefix("COPY (SELECT position, occurred_at") }
}
