// A log as a shop writes it: ten kinds of event, a rule for each, every event written twice by two workers.
import SendoncePostgres
import SendonceProjection
import SendonceSQLite
import SendonceStore

enum VerifyWorkload {
    static let types = (0..<10).map { "shop.event-\($0)" }

    /// Six rules for ever, one with `supersedes`, one `within`, one `every`, one whose condition is false.
    static var rules: String {
        let extras = [
            1: "supersedes: [data.customer.id]\n    expires_after: 15m", 2: "within: 30d\n    delay: 3d",
            3: "every: 1d", 4: "when: data.items[0].quantity > 1",
        ]
        let rules = types.indices.map { index in
            let key = [2: "data.customer.id, recipient", 3: "data.customer.id"][index] ?? "data.order_id"
            return """
                  rule-\(index):
                    event: \(types[index])
                    to: data.customer.email
                    once_per: [\(key)]
                    template: { provider_id: "3", params: { name: data.customer.first_name } }
                    \(extras[index] ?? "route: brevo")
                """
        }
        return """
            version: 1
            defaults: { route: brevo, from: "Shop <no-reply@shop.example>" }
            rules:
            \(rules.joined(separator: "\n"))
            """
    }

    /// Events to a transaction of the application.
    private static let block = 1_000

    /// Makes the log with the projector itself, in a migrated file.
    static func make(_ path: String, events: Int) throws {
        try make(events, in: try SQLiteStore(path: path)) { payloads, type in
            _ = try Workload.bareAppend(path, payloads, rows: block, type: type)
        }
    }

    /// The same in a migrated database on a server. Left as a server leaves it that had time to clean up.
    static func make(in database: ServerDatabase, events: Int) throws {
        let plain = PlainConnection(database.connection)
        try make(events, in: try database.store("projector")) { payloads, type in
            let rows = payloads.map { "('\(type)', '\($0)')" }.joined(separator: ",")
            try plain.run("INSERT INTO outbox (event_type, payload) VALUES \(rows)")
        }
        try plain.run("VACUUM (ANALYZE)")
        try plain.run("CHECKPOINT")
    }

    private static func make(
        _ events: Int, in store: AnyStore, append: (_ payloads: [String], _ type: String) throws -> Void
    ) throws {
        var order = 0
        var made = 0
        let projector = LiveProjector(store: store)
        while made < events {
            for type in types where made < events {
                let count = min(block, events - made)
                // Each order twice.
                try append((0..<count).map { Workload.payload(order + $0 / 2) }, type)
                made += count
            }
            order += block / 2
            while case .moved = try projector.step(now: Clock.now()) {}
        }
    }
}
