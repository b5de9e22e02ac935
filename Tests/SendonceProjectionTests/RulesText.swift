// Rule files for tests: one rule with the parts that a test wants different.
import SendonceCore
import SendonceProjection
import SendonceRules
import SendonceSQLite

enum RulesText {
    /// One rule of a file.
    static func rule(
        _ name: String, event: String = "order.placed", key: String = "data.order", extra: [String] = []
    ) -> String {
        let lines = [
            "  \(name):", "    event: \(event)", "    to: data.email", "    once_per: [\(key)]",
            "    template: { provider_id: \"1\" }",
        ]
        return (lines + extra.map { "    " + $0 }).joined(separator: "\n")
    }

    static func parsed(
        _ rules: String..., templates: [String: String] = [:]
    ) throws(RuleMistakes) -> ParsedRules {
        try parsed(rules, templates: templates)
    }

    static func parsed(
        _ rules: [String], templates: [String: String] = [:]
    ) throws(RuleMistakes) -> ParsedRules {
        let text =
            "version: 1\ndefaults: { route: brevo, from: shop@shop.example }\nrules:\n"
            + rules.joined(separator: "\n") + "\n"
        return try RuleFile.parse(Array(text.utf8), fileName: "rules.yaml") {
            templates[$0].map { Array($0.utf8) }
        }
    }

    static func activate(_ rules: [String], in store: SQLiteStore, now: Timestamp) throws {
        let plan = try RuleSetActivation.plan(parsed(rules), in: store)
        _ = try RuleSetActivation.activate(
            plan, actor: "ann", reason: "", confirmedKeys: nil, now: now, in: store)
    }
}
