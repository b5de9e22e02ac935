// What a rule does, in words that somebody understands who never saw the file format.
package import SendonceCore

package enum RuleWords {
    /// One paragraph, without a line break.
    package static func explain(_ rule: Rule) -> String {
        var sentences = [purpose(rule), once(rule)]
        if let delay = rule.delay { sentences.append("It waits \(length(delay)) from the event's time.") }
        if let span = rule.expiresAfter {
            sentences.append("It is dropped if it is still unsent \(length(span)) after the event's time.")
        }
        if let parts = rule.supersedes {
            sentences.append(
                "A newer one with the same \(list(parts)) replaces an older one that is still unsent.")
        }
        if let cancellation = rule.cancellation { sentences.append(end(cancellation, of: rule)) }
        sentences.append(message(rule))
        if let unknown = rule.onUnknown { sentences.append(doubt(unknown)) }
        if let was = rule.was {
            sentences.append("It was called \(was) before and keeps what that rule remembers.")
        }
        return "\(rule.name): " + sentences.joined(separator: " ")
    }

    private static func purpose(_ rule: Rule) -> String {
        let condition = rule.condition.map { " for which \($0.text) holds" } ?? ""
        let addresses = rule.key.contains(.recipient) ? "each address" : "the address"
        return
            "Every event \(rule.event)\(condition) sends a message to \(addresses) in \(rule.recipient.path)."
    }

    private static func once(_ rule: Rule) -> String {
        let key = list(rule.key)
        switch rule.window {
        case .forever:
            return "It sends once for each \(key), for ever; a repetition is recorded and sends nothing."
        case .within(let span):
            return
                "It sends once for each \(key) within \(length(span)) of an event that sent;"
                + " a repetition is recorded and sends nothing."
        case .every(let span):
            return "It sends once for each \(key) in each slot of \(length(span)), counted in UTC;"
                + " a repetition is recorded and sends nothing."
        }
    }

    private static func end(_ cancellation: Cancellation, of rule: Rule) -> String {
        let (theirs, ours) = (list(cancellation.key), list(rule.key))
        if theirs == ours {
            return "An event \(cancellation.event) with the same \(ours) cancels it while it is unsent."
        }
        return
            "An event \(cancellation.event) cancels it while it is unsent, if that event's \(theirs) equal this"
            + " one's \(ours)."
    }

    private static func message(_ rule: Rule) -> String {
        let source = rule.message
        var text: String
        switch source.template {
        case .provider(let id, _): text = "The message is the provider's template \(id)"
        case .file(let name, _): text = "The message is made from the template files \(name)"
        }
        let params = source.template.params.map { "\($0.name) (\(words($0.source)))" }
        if !params.isEmpty { text += ", filled with \(joined(params))" }
        text += "; it comes from \(words(source.from))"
        if let replyTo = source.replyTo { text += ", answers go to \(words(replyTo))" }
        if !source.cc.isEmpty { text += ", copies to \(joined(source.cc.map(\.description)))" }
        if !source.bcc.isEmpty { text += ", hidden copies to \(joined(source.bcc.map(\.description)))" }
        return text + ", through the route \(rule.route)."
    }

    private static func doubt(_ unknown: OnUnknown) -> String {
        let start = "If nobody knows whether the provider took it,"
        return switch unknown {
        case .hold: "\(start) it waits for a person."
        case .retry: "\(start) it is sent again, even if a second copy arrives."
        case .lookUp: "\(start) the provider is asked."
        }
    }

    private static func words(_ source: TemplateParam.Source) -> String {
        switch source {
        case .field(let reference): reference.path.description
        case .fieldOr(let reference, let value): "\(reference.path), or \(value.jsonText) if that is missing"
        case .recipient: "the recipient's address"
        case .value(let value): "always \(value.jsonText)"
        }
    }

    private static func words(_ mailbox: Mailbox) -> String {
        mailbox.name.map { "\($0) <\(mailbox.address)>" } ?? mailbox.address.description
    }

    private static func list(_ parts: [KeyPart]) -> String { joined(parts.map(\.description)) }

    private static func joined(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }

    /// `15 minutes`, `1 day`.
    private static func length(_ span: Span) -> String {
        let text = span.description
        let digits = text.prefix { $0.isNumber }
        let units = ["ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day"]
        guard let unit = units[String(text.dropFirst(digits.count))] else { return text }
        return "\(digits) \(unit)\(digits == "1" ? "" : "s")"
    }
}
