// Rules that can be read and whose messages can still never be made. Such a command would be held for good,
// its key taken, so they are looked for before the rules come into force.
import SendonceCore
import SendonceDelivery
import SendonceRules
import SendonceTemplates

struct MessageCheck {
    private let parsed: ParsedRules

    init(_ parsed: ParsedRules) {
        self.parsed = parsed
    }

    /// What the template engine cannot read: file, place and cure; empty if it can read every template.
    var templateTroubles: [String] {
        TemplateSet(files: parsed.source.templateTexts).errors.map(\.description)
    }

    /// Templates that the provider of a rule's route cannot have: rule, id and what to write. Rules of a
    /// route that is not among these are not judged.
    func idTroubles(over routes: [Route]) -> [String] {
        parsed.ruleSet.rules.compactMap { rule in
            guard case .provider(let id, _) = rule.message.template,
                let route = routes.first(where: { $0.name == rule.route })
            else { return nil }
            do throws(MessageError) {
                try route.kind.provider.check(templateID: id)
                return nil
            } catch {
                return "rule \(rule.name), route \(route.name): provider_id \(error.description)"
            }
        }
    }

    /// The rules, unless the template engine cannot read one of their templates.
    static func checked(_ parsed: ParsedRules) throws -> ParsedRules {
        let troubles = MessageCheck(parsed).templateTroubles
        guard troubles.isEmpty else { throw CommandError(troubles.joined(separator: "\n")) }
        return parsed
    }
}
