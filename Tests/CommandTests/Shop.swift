// A small shop to run commands in: settings with a maildir, rules with a template.
import Foundation
import ProcessSupport

extension Sandbox {
    /// Settings with one maildir route named `local`.
    func writeShop() throws {
        try write(
            """
            database: shop.sqlite
            routes: [local]
            route:
              local: { provider: maildir, path: mail }

            """, to: "sendonce.yaml")
        try write("Your order {{data.order_id}}\n", to: "order.subject.mustache")
        try write("Dear {{data.name}}, thank you for order {{data.order_id}}.\n", to: "order.txt.mustache")
        try writeShopRules()
    }

    /// The rules, with what a test wants to be different about the only rule.
    func writeShopRules(
        _ name: String = "rules.yaml", rule: String = "confirmation", key: String = "[data.order_id]",
        extra: String = "", expect: String = "emitted"
    ) throws {
        try write(
            """
            version: 1
            defaults: { route: local, from: "Shop <no-reply@shop.example>" }
            rules:
              \(rule):
                event: order.placed
                to: data.email
                once_per: \(key)
                template: { file: order }
                examples:
                  - event: { type: order.placed, data: { order_id: 42, email: ann@shop.example, name: Ann } }
                    expect: { decision: \(expect), to: ann@shop.example }
            \(extra)

            """, to: name)
    }

    /// Tables and rules, ready for events.
    func openShop() throws {
        try writeShop()
        try sendonce("migrate", "up")
        try sendonce("rules", "activate", "rules.yaml", "--by", "ann")
    }

    func order(_ id: Int, to address: String = "ann@shop.example") throws {
        try sendonce(
            "append", "order.placed", "--data",
            #"{"order_id":\#(id),"email":"\#(address)","name":"Ann"}"#)
    }
}
