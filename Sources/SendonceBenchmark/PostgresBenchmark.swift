// The PostgreSQL store at work, on an empty database that `SENDONCE_BENCHMARK_POSTGRES` names. Without it
// nothing is measured.
import Foundation
import SendonceCore
import SendoncePostgres
import SendonceProjection
import SendonceStore

enum PostgresBenchmark {
    /// The floor, a second.
    private static let projectionFloor = 25_000.0

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        guard let connection = ProcessInfo.processInfo.environment["SENDONCE_BENCHMARK_POSTGRES"] else {
            return []
        }
        let settings = PostgresSettings(connection: connection)
        _ = try PostgresMigration(settings).up(now: Clock.now())
        let store = try PostgresStore(settings, name: "benchmark")
        try Workload.activate(in: store)
        let plain = PlainConnection(connection)
        let events = sizes.projectedEvents
        try fill(plain, from: 0, count: events)
        let free = try project(store, events)
        let cycle = PostgresCycle(settings: settings)
        let alone = try cycle.run(dispatchers: 1, commands: events)
        try fill(plain, from: events, count: events)
        _ = try project(store, events)
        let paired = try cycle.run(dispatchers: 2, commands: events)
        // An old snapshot keeps every row that is moved or sent from now on.
        let idle = PlainConnection(connection)
        try idle.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM outbox")
        var late: [Double] = []
        for round in 2...6 {
            try fill(plain, from: round * events, count: events)
            let cost = try project(store, events)
            _ = try cycle.run(dispatchers: 1, commands: events)
            late.append(Double(events) / cost.seconds)
        }
        return [
            Figure(
                "projection on PostgreSQL", Double(events) / free.seconds, "events/s",
                floor: .atLeast(projectionFloor)),
            Figure("  processor time of an event", free.processor / Double(events) * 1e6, "us"),
            Figure("claim and settle, one dispatcher", Double(events) / alone.seconds, "commands/s"),
            Figure(
                "claim and settle, two dispatchers", Double(events) / paired.seconds, "commands/s",
                floor: .atLeast(PostgresCycle.floor)),
            Figure(
                "projection, vacuum held back: fifth round", late[4], "events/s", reference: late[0],
                ratio: late[4] / late[0], floor: .ratio(0.8)),
        ]
    }

    private static func fill(_ plain: PlainConnection, from first: Int, count: Int) throws {
        var next = first
        while next < first + count {
            let rows = (next..<min(next + 1_000, first + count)).map {
                "('\(Workload.eventType)', '\(Workload.payload($0))')"
            }
            try plain.run("INSERT INTO outbox (event_type, payload) VALUES " + rows.joined(separator: ","))
            next += 1_000
        }
    }

    private static func project(_ store: PostgresStore, _ events: Int) throws -> Cost {
        let projector = LiveProjector(store: store)
        var moved = 0
        return try Clock.cost {
            while moved < events {
                guard case .moved(let batch) = try projector.step(now: Clock.now()) else {
                    throw BenchmarkError("\(moved) of \(events) events were moved, and no more come")
                }
                moved += batch.events
            }
        }
    }
}
