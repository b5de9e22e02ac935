// The application's side on a server: plain INSERTs over connections of its own, prepared once on each, as
// drivers do with a statement that comes again and again.
import Glibc
import SendonceClock
import SendoncePostgres

struct ServerApplication {
    let connection: String
    /// Connections, each with a thread: as many as a small web application has workers.
    var connections = 8
    /// Events to a transaction.
    var rows = 1

    /// Returns when all of them are committed. `rows` must divide each connection's share.
    func append(_ orders: Range<Int>) throws {
        let share = (orders.count + connections - 1) / connections
        guard orders.count % connections == 0, share % rows == 0 else {
            throw BenchmarkError("\(orders.count) events cannot be shared by \(connections) connections")
        }
        let workers = stride(from: orders.lowerBound, to: orders.upperBound, by: share).map { first in
            Background {
                let plain = try connect()
                for start in stride(from: first, to: first + share, by: rows) {
                    try Self.insert(start..<(start + rows), over: plain)
                }
            }
        }
        for worker in workers { try worker.value() }
    }

    /// Appends so many a second for so many seconds, one to a transaction, and gives the number. Who falls
    /// behind goes on without a pause, and is not forgiven: fewer than 99 of 100 is an error.
    func append(perSecond rate: Int, seconds: Int, from first: Int = 0) throws -> Int {
        let begin = Monotonic.now()
        let end = begin + UInt64(seconds) * 1_000_000_000
        let workers = (0..<connections).map { index in
            Background {
                let plain = try connect()
                var appended = 0
                for order in stride(from: index, to: rate * seconds, by: connections) {
                    let due = begin + UInt64(order) * 1_000_000_000 / UInt64(rate)
                    let now = Monotonic.now()
                    guard now < end else { break }
                    if now < due { usleep(UInt32((due - now) / 1_000)) }
                    try Self.insert(first + order..<(first + order + 1), over: plain)
                    appended += 1
                }
                return appended
            }
        }
        let count = try workers.reduce(0) { try $0 + $1.value() }
        guard count * 100 >= rate * seconds * 99 else {
            throw BenchmarkError("only \(count) of \(rate * seconds) events could be appended in time")
        }
        return count
    }

    private func connect() throws -> PlainConnection {
        let plain = PlainConnection(connection)
        let places = (0..<rows).map { "($\($0 * 2 + 1), $\($0 * 2 + 2))" }
        try plain.run(
            "PREPARE append AS INSERT INTO outbox (event_type, payload) VALUES "
                + places.joined(separator: ", "))
        return plain
    }

    /// One transaction.
    private static func insert(_ orders: Range<Int>, over plain: PlainConnection) throws {
        let values = orders.map { "'\(Workload.eventType)', '\(Workload.payload($0))'" }
        try plain.run("EXECUTE append (\(values.joined(separator: ", ")))")
    }
}
