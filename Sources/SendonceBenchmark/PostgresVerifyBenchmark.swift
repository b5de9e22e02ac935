// A log on a server decided again in a process that does nothing else, beside a C program that only fetches
// the same rows with COPY and throws them away.
import CBare
import Foundation
import SendonceStore

enum PostgresVerifyBenchmark {
    /// The floor.
    private static let floor = 0.6

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        guard let server = Server() else { return [] }
        let events = sizes.verifiedEvents
        let database = try server.database()
        try database.migrate(rules: VerifyWorkload.rules)
        try VerifyWorkload.make(in: database, events: events)
        let place = database.connection
        var (all, one, text) = (Rounds(of: events), Rounds(of: events), Rounds(of: events))
        var (peak, keys) = (0.0, 0.0)
        for _ in 0..<sizes.verifyRounds {
            let copy = try copy(place, options: "(FORMAT binary)")
            let both = try VerifyBenchmark.child(place)
            let single = try VerifyBenchmark.child(place, onOneCore: true)
            all.add(Cost(seconds: both[0], processor: both[1]), limit: copy)
            one.add(Cost(seconds: single[0], processor: single[1]), limit: copy)
            text.add(Cost(seconds: both[0], processor: both[1]), limit: try self.copy(place))
            (peak, keys) = (max(peak, both[2]), both[3])
        }
        return [
            all.rate(
                "verify on PostgreSQL, \(events) events, beside binary COPY", "events/s",
                floor: .ratio(floor)),
            text.rate("  beside COPY as text", "events/s", floor: .ratio(floor)),
            one.rate("  our process on one core, the server free", "events/s"),
            all.processorTime("  our process's time of an event"),
            Figure("  resident memory at its peak, \(Int(keys)) keys", peak / 1e6, "MB"),
        ]
    }

    /// What verification reads, in the order in which it reads it.
    private static let tables = [
        "SELECT \(EventRow.columns) FROM outbox_log ORDER BY position",
        "SELECT \(DecisionRow.columns) FROM outbox_decision ORDER BY position, rule, item",
        "SELECT \(CommandRow.columns) FROM outbox_command ORDER BY number",
        """
        SELECT \(LedgerRow.columns) FROM outbox_ledger
        ORDER BY left(key, 200), key_digest, slot, generation
        """,
        "SELECT command FROM outbox_queue ORDER BY command",
    ]

    private static func copy(_ connection: String, options: String = "") throws -> Cost {
        let copies = tables.map { strdup("COPY (\($0)) TO STDOUT \(options)") }
        defer { copies.forEach { free($0) } }
        let pointers = copies.compactMap { $0.map { UnsafePointer($0) } }
        let cost = pointers.withUnsafeBufferPointer { pointers in
            pointers.baseAddress.map { cbare_copy_out(connection, $0, pointers.count) }
        }
        guard let cost = cost.flatMap({ Cost($0) }) else {
            throw BenchmarkError("the C program could not read the database")
        }
        return cost
    }
}
