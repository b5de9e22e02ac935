// The rule sets that take turns in a simulation, and the events that fit them.
import SendonceCore
import SendonceRules

enum SimulatedRules {
    /// Every kind of rule: for ever, within, every, delayed, expiring, superseding, cancelled, held and
    /// retried when unknown.
    static func text(variant: Int) -> String {
        let confirmation = variant % 2 == 0 ? "order-confirmation" : "order-receipt"
        let before =
            variant == 0 ? "" : "\n    was: \(variant % 2 == 0 ? "order-receipt" : "order-confirmation")"
        return """
            version: 1
            defaults: { route: brevo, from: "Shop <no-reply@shop.example>" }
            rules:
              \(confirmation):\(before)
                event: order.placed
                when: data.total > \(variant)
                to: data.email
                once_per: [data.order]
                template: { provider_id: "3\(variant)", params: { order: data.order } }
              password-reset:
                event: reset.requested
                to: data.email
                once_per: [data.order]
                expires_after: \(variant == 2 ? "40m" : "15m")
                supersedes: [recipient]
                on_unknown: hold
                template: { file: reset }
              review:
                event: order.delivered
                to: data.email
                once_per: [data.order, recipient]
                within: \(variant == 1 ? "2h" : "30m")
                delay: 20m
                cancel_on: { event: order.returned, key: [data.order, recipient] }
                template: { provider_id: "5" }
              digest:
                event: order.placed
                to: data.email
                once_per: [recipient]
                every: \(variant == 2 ? "1h" : "3h")
                template: { provider_id: "6" }
              alarm:
                event: alarm.raised
                to: data.email
                once_per: [data.order]
                on_unknown: retry
                template: { provider_id: "7" }

            """
    }

    static let variants = 3

    static func parsed(variant: Int) throws -> ParsedRules {
        try RuleFile.parse(Array(text(variant: variant).utf8), fileName: "rules") { name in
            switch name {
            case "reset.subject.mustache": Array("Reset {{data.order}}".utf8)
            case "reset.txt.mustache": Array("For {{recipient}}, rules \(variant)".utf8)
            default: nil
            }
        }
    }

    static let eventTypes: [Text] = [
        "order.placed", "reset.requested", "order.delivered", "order.returned", "alarm.raised",
        "nobody.cares",
    ]
}
