// The whole way on a server, as two hosts would go it: applications append over connections of their own, one
// of two hosts projects, both deliver, until the last outcome is recorded. PgQueuer does the same job on the
// same server and sink, in turn with ours.
import SendonceStore

enum PostgresOutcomeBenchmark {
    /// The floors: mails a second, and against PgQueuer.
    private static let floor = 6_000.0
    private static let ratioFloor = 3.0
    /// Longer than any machine needs that could reach the floor.
    private static let patience = 300.0
    private static let hosts = 2
    private static let connections = 8
    /// Events to a transaction: what applications do, and an import or a nightly run.
    private static let ways = [1, 100]

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        guard let server = Server() else { return [] }
        let peer = PgQueuer()
        if peer == nil { message(PgQueuer.absence) }
        let sink = try Sink()
        return try ways.flatMap { rows -> [Figure] in
            var (ours, theirs): ([Double], [Double]) = ([], [])
            for _ in 0..<sizes.serverRounds {
                let cost = try deliver(sizes.serverMails, on: server, to: sink, rows: rows)
                ours.append(Double(sizes.serverMails) / cost.seconds)
                guard let peer else { continue }
                let limit = try peer.deliver(
                    sizes.serverMails, on: try server.database(), to: sink, connections: connections,
                    rows: rows)
                theirs.append(Double(sizes.serverMails) / limit.seconds)
            }
            return figures(ours, theirs, rows: rows)
        }
    }

    private static func figures(_ ours: [Double], _ theirs: [Double], rows: Int) -> [Figure] {
        let way = rows == 1 ? "one event" : "\(rows) events"
        let rate = Figure(
            "append to recorded outcome, 2 hosts on PostgreSQL, \(way) a transaction", ours.median, "mails/s",
            floor: .atLeast(floor))
        guard !theirs.isEmpty else { return [rate] }
        return [
            rate,
            Figure(
                "  beside PgQueuer 1.6", ours.median, "mails/s", reference: theirs.median,
                ratio: ours.median / theirs.median, floor: rows == 1 ? .ratio(ratioFloor) : nil),
        ]
    }

    /// From the first append to the last recorded outcome.
    private static func deliver(_ mails: Int, on server: Server, to sink: Sink, rows: Int) throws -> Cost {
        let database = try server.database()
        try database.migrate()
        let tally = Tally()
        let pipelines = try (0..<hosts).map { host in
            Pipeline(
                store: try database.store("host \(host)"), url: sink.url, tally: tally)
        }
        defer { pipelines.forEach { $0.stop() } }
        let application = ServerApplication(
            connection: database.connection, connections: connections, rows: rows)
        return try Clock.cost {
            try application.append(0..<mails)
            _ = try tally.wait(for: mails, seconds: patience)
        }
    }
}
