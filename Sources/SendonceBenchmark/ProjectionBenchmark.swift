// The projector on a real file, beside a C program that writes the very rows that it wrote.
import CBare
import Glibc
import SendonceCore
import SendonceProjection
import SendonceSQLite

enum ProjectionBenchmark {
    /// Issue's floor, in events a second.
    private static let floor = 50_000.0

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        let folder = try TemporaryFolder()
        let events = sizes.projectedEvents
        var rounds = Rounds(of: events)
        for round in 0..<sizes.projectionRounds {
            let (ours, bare) = ("ours\(round)", "bare\(round)")
            let path = try Workload.database(ours, in: folder)
            try Workload.fill(path, orders: 0..<events)
            let (moved, cost) = try projectAll(path)
            guard moved == events else {
                throw BenchmarkError("\(moved) of \(events) events became commands")
            }
            let target = try Workload.database(bare, in: folder)
            try Workload.fill(target, orders: 0..<events)
            // The activation is position 1 on both sides.
            let limit = try copy(from: path, to: target, positions: 2...(events + 1))
            rounds.add(cost, limit: limit)
            folder.remove(ours)
            folder.remove(bare)
        }
        return [
            rounds.rate("projection, all rows durable", "events/s", floor: .atLeast(floor)),
            rounds.processorTime("  processor time of an event"),
        ]
    }

    /// Projects until the intake is empty. Gives the commands that were emitted and the cost.
    static func projectAll(_ path: String) throws -> (emitted: Int, cost: Cost) {
        let projector = LiveProjector(store: try SQLiteStore(path: path))
        var emitted = 0
        let cost = try Clock.cost {
            while case .moved(let batch) = try projector.step(now: Clock.now()) { emitted += batch.emitted }
        }
        return (emitted, cost)
    }

    private static func copy(
        from source: String, to target: String, positions: ClosedRange<Int>
    ) throws -> Cost {
        // C strings for the duration of the call; literals would not outlive their own conversion.
        let texts = tables.flatMap { [strdup($0.select), strdup($0.insert)] }
        defer { texts.forEach { free($0) } }
        let pointers = texts.compactMap { $0.map { UnsafePointer($0) } }
        let lanes = stride(from: 0, to: pointers.count - 1, by: 2).map {
            cbare_table(select: pointers[$0], insert: pointers[$0 + 1])
        }
        let cost = lanes.withUnsafeBufferPointer { lanes in
            lanes.baseAddress.map {
                cbare_copy(
                    source, target, $0, lanes.count, positions.lowerBound, positions.upperBound,
                    Limits.batchEvents)
            }
        }
        guard let cost = cost.flatMap({ Cost($0) }) else {
            throw BenchmarkError("the C program could not write the rows")
        }
        return cost
    }

    private static let tables = [
        table(
            "outbox_log",
            "id, event_type, source, subject, payload, occurred_at, traceparent, recorded_at, link"),
        table("outbox_decision", "rule, item, reason, key, recipient, winner, until, detail, command"),
        table(
            "outbox_command",
            """
            number, id, rule, item, key, key_digest, slot, generation, rule_set, recipient, route, \
            occurred_at, not_before, expires_at, on_unknown, supersede_digest
            """),
        (
            select: """
            SELECT c.position, l.key_digest, l.slot, l.generation, l.scope, l.key, l.position, l.occurred_at,
                l.command, l.number
            FROM outbox_command c JOIN outbox_ledger l USING (key, key_digest, slot, generation)
                ORDER BY c.number
            """,
            insert: """
            INSERT INTO outbox_ledger (key_digest, slot, generation, scope, key, position, occurred_at,
                    command, number)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        ),
        (
            select: """
            SELECT c.position, q.command, q.state, q.due_at, q.route, q.supersede_digest
            FROM outbox_command c JOIN outbox_queue q ON q.command = c.number ORDER BY c.number
            """,
            insert: """
            INSERT INTO outbox_queue (command, state, due_at, route, supersede_digest) VALUES (?, ?, ?, ?, ?)
            """
        ),
    ]

    /// A table that has a position and in which rows stand in its order.
    private static func table(_ name: String, _ columns: String) -> (select: String, insert: String) {
        let order = name == "outbox_command" ? "number" : "position"
        let places = Array(repeating: "?", count: columns.split(separator: ",").count + 1).joined(
            separator: ", ")
        return (
            select: "SELECT position, position, \(columns) FROM \(name) ORDER BY \(order)",
            insert: "INSERT INTO \(name) (position, \(columns)) VALUES (\(places))"
        )
    }
}
