// A log as a shop writes it: ten kinds of event, a rule for each, every event written twice by two workers.
import CBare
import Foundation
import SendonceProjection
import SendonceRules
import SendonceSQLite

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

    /// Makes the log with the projector itself.
    static func make(_ path: String, events: Int) throws {
        let block = 1_000
        var order = 0
        var made = 0
        let projector = LiveProjector(store: try SQLiteStore(path: path))
        while made < events {
            for type in types where made < events {
                let count = min(block, events - made)
                // Each order twice.
                let payloads = (0..<count).map { Workload.payload(order + $0 / 2) }
                _ = try Workload.bareAppend(path, payloads, rows: block, type: type)
                made += count
            }
            order += block / 2
            while case .moved = try projector.step(now: Clock.now()) {}
        }
    }
}
