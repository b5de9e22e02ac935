// A steady load while somebody forgot a transaction: it holds back vacuum in the whole cluster, so every row
// that is moved or sent stays where it was. The search for the rows that still wait must not wade through
// them. A steady load alone would hide it until the last moment, so this asks how long the threads were at
// work for each event, and how long an event waited.
import Glibc
import SendonceClock
import SendonceCore
import SendoncePostgres

enum PostgresIdleBenchmark {
    /// The floor for the last minute against the first.
    private static let floor = 0.8
    /// The first and the last fifth of the run are compared: of five minutes, the first and the last one.
    private static let parts = 5
    /// For what is still under way when the load ends, in seconds.
    private static let patience = 60.0

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        guard let server = Server() else { return [] }
        let sink = try Sink()
        let database = try server.database()
        try database.migrate()
        let pipeline = Pipeline(store: try database.store("benchmark"), url: sink.url)
        defer { pipeline.stop() }
        let idle = PlainConnection(database.connection)
        try idle.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM outbox")
        let (parts, events) = try load(pipeline, database, sizes)
        _ = try pipeline.tally.wait(for: events, seconds: patience)
        try idle.run("COMMIT")
        let waits = try waits(parts, in: database)
        guard let first = parts.first, let last = parts.last else { return [] }
        return [
            pace("projection", first.projected, last.projected),
            pace("claim, send and settle", first.dispatched, last.dispatched),
            Figure(
                "  append to outcome, p99: last part, beside the first", waits[1], "ms", reference: waits[0]),
        ]
    }

    private static func pace(_ name: String, _ first: Work, _ last: Work) -> Figure {
        Figure(
            "\(name), vacuum held back: last part, beside the first", last.pace, "events/s at work",
            reference: first.pace, ratio: last.pace / first.pace, floor: .ratio(floor))
    }

    /// What both threads did in a part of the run, and when that was by the database's clock.
    private struct Part {
        var projected: Work
        var dispatched: Work
        var start: Timestamp
        var end: Timestamp
    }

    /// Looks at the threads at the end of each part, while events come in beside.
    private static func load(
        _ pipeline: Pipeline, _ database: ServerDatabase, _ sizes: Sizes
    ) throws -> ([Part], Int) {
        let application = ServerApplication(connection: database.connection)
        let store = try database.store("clock")
        var parts: [Part] = []
        var before = (pipeline.projected, pipeline.dispatched, try store.now())
        let events = Background {
            try application.append(perSecond: sizes.idleEventsPerSecond, seconds: sizes.idleSeconds)
        }
        let begin = Monotonic.now()
        for part in 1...Self.parts {
            let end = begin + UInt64(sizes.idleSeconds * part) * 1_000_000_000 / UInt64(Self.parts)
            while Monotonic.now() < end { usleep(10_000) }
            let after = (pipeline.projected, pipeline.dispatched, try store.now())
            parts.append(
                Part(
                    projected: after.0.since(before.0), dispatched: after.1.since(before.1), start: before.2,
                    end: after.2))
            before = after
        }
        return (parts, try events.value())
    }

    /// Milliseconds from the event's own time to that of its outcome, 99th percentile, in the first and in
    /// the last part. By the database's clock on both sides.
    private static func waits(_ parts: [Part], in database: ServerDatabase) throws -> [Double] {
        guard let first = parts.first, let last = parts.last else { return [] }
        return try [first, last].map { part in
            let value = try PlainConnection(database.connection).value(
                """
                SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY o.finished_at - l.occurred_at) / 1000.0
                FROM outbox_log l
                JOIN outbox_command c ON c.position = l.position
                JOIN outbox_outcome o ON o.command = c.number
                WHERE l.occurred_at >= \(part.start.microseconds) AND l.occurred_at < \(part.end.microseconds)
                """)
            guard let wait = value.flatMap({ Double($0) }) else {
                throw BenchmarkError("no outcome was recorded in a whole part of the run")
            }
            return wait
        }
    }
}
