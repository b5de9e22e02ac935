// Rules that can be read and whose messages can still never be made. Such a command would be held for good,
// its key taken, so they are looked for before the rules come into force.
import SendonceCore
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

    /// The rules, unless the template engine cannot read one of their templates.
    static func checked(_ parsed: ParsedRules) throws -> ParsedRules {
        let troubles = MessageCheck(parsed).templateTroubles
        guard troubles.isEmpty else { throw CommandError(troubles.joined(separator: "\n")) }
        return parsed
    }
}
