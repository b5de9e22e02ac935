// A live system on either store, under a steady load: what it is fed with, and how long its events waited.
import Foundation
import GRDB
import SendonceClock
import SendonceCore
import SendoncePostgres
import SendonceSQLite
import SendonceStore

enum LiveSystem {
    case file(String)
    case server(ServerDatabase)

    /// What a replay is told to read.
    var place: String {
        switch self {
        case .file(let path): path
        case .server(let database): database.connection
        }
    }

    var words: String {
        switch self {
        case .file: "SQLite"
        case .server: "PostgreSQL"
        }
    }

    func store() throws -> AnyStore {
        switch self {
        case .file(let path): try SQLiteStore(path: path)
        case .server(let database): try database.store("benchmark")
        }
    }

    /// Appends orders at once, for a log with a past.
    func fill(_ orders: Range<Int>) throws {
        switch self {
        case .file(let path): try Workload.fill(path, orders: orders)
        case .server(let database):
            try ServerApplication(connection: database.connection, rows: 100).append(orders)
        }
    }

    /// Events to a transaction on SQLite: its one lock changes hands between processes by polling, so that
    /// an application with as many events writes them in groups.
    private static let rows = 10

    /// Appends so many orders a second, and says how many there were.
    func append(perSecond rate: Int, seconds: Int, from order: Int) throws -> Int {
        switch self {
        case .file(let path):
            let application = try Application(path: path)
            let begin = Monotonic.now()
            for index in stride(from: 0, to: rate * seconds, by: Self.rows) {
                let due = begin + UInt64(index) * 1_000_000_000 / UInt64(rate)
                let now = Monotonic.now()
                if now < due { usleep(UInt32((due - now) / 1_000)) }
                try application.append((0..<Self.rows).map { Workload.payload(order + index + $0) })
            }
            let took = Double(Monotonic.now() - begin) / 1e9
            guard took < Double(seconds) * 1.1 else {
                throw BenchmarkError("\(rate * seconds) events took \(took) s to append")
            }
            return rate * seconds
        case .server(let database):
            return try ServerApplication(connection: database.connection)
                .append(perSecond: rate, seconds: seconds, from: order)
        }
    }

    func head() throws -> Int64 { try store().head().position }

    /// Milliseconds from each event's own time to that of its outcome.
    func waits(_ positions: Range<Int64>) throws -> [Double] {
        let sql = """
            SELECT o.finished_at - l.occurred_at FROM outbox_log l
            JOIN outbox_command c ON c.position = l.position
            JOIN outbox_outcome o ON o.command = c.number
            WHERE l.position >= \(positions.lowerBound) AND l.position < \(positions.upperBound)
            """
        let waits: [Int64]
        switch self {
        case .file(let path): waits = try DatabaseQueue(path: path).read { try Int64.fetchAll($0, sql: sql) }
        case .server(let database):
            waits = try PlainConnection(database.connection).run(sql).compactMap { row in
                row.first.flatMap { $0 }.flatMap { Int64($0) }
            }
        }
        guard !waits.isEmpty else { throw BenchmarkError("no outcome was recorded") }
        return waits.map { Double($0) / 1e3 }
    }
}
