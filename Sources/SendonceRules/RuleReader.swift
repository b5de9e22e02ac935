// One rule, from its node to the checked value.
import SendonceCore

struct RuleReader {
    let reading: RuleReading
    let messages: MessageReader

    static let keys = [
        "event", "when", "to", "once_per", "within", "every", "delay", "expires_after", "supersedes",
        "cancel_on",
        "template", "route", "from", "reply_to", "cc", "bcc", "on_unknown", "was", "examples",
    ]
    private static let required = ["event", "to", "once_per", "template"]

    /// The rule and its examples; no rule, with the mistakes recorded, if something is wrong.
    func rule(_ member: DocumentMember) -> (rule: Rule?, examples: [RuleExample]) {
        let name = reading.name(member.name, at: member.place, of: "a rule")
        let what = "the rule \"\(member.name)\""
        guard
            let members = reading.members(
                member.value, of: what, known: RuleReader.keys, required: RuleReader.required)
        else { return (nil, []) }
        let event = members["event"].flatMap { reading.eventType($0.value, of: "\"event\"") }
        let condition = members["when"].map { self.condition($0.value) }
        let recipient = members["to"].flatMap { self.recipient($0.value) }
        let key = members["once_per"].flatMap { self.key($0.value, of: "\"once_per\"") }
        let window = window(of: members)
        let times = times(of: members)
        let supersedes = members["supersedes"].map { self.key($0.value, of: "\"supersedes\"") }
        let cancellation = members["cancel_on"].map { self.cancellation($0.value, event: event, key: key) }
        let message = messages.message(of: members, ruleName: member.name)
        let route = messages.required(
            "route", of: members, ruleName: member.name, fallback: messages.defaults.route,
            read: messages.route)
        let onUnknown = members["on_unknown"].flatMap { self.onUnknown($0.value) }
        let was = members["was"].flatMap { self.was($0.value) }
        var examples: [RuleExample] = []
        if let node = members["examples"] {
            let types = [event, (cancellation ?? nil)?.event].compactMap { $0 }
            examples = ExampleReader(reading: reading, rule: name ?? "").examples(node.value, types: types)
        }
        guard let name, let event, let recipient, let key, let window, let message, let route,
            condition == nil || condition != .some(nil)
        else { return (nil, examples) }
        let rule = Rule(
            name: name, scope: name, was: was, event: event, condition: condition ?? nil,
            recipient: recipient,
            key: key, window: window, delay: times.delay, expiresAfter: times.expiresAfter,
            supersedes: supersedes ?? nil, cancellation: cancellation ?? nil, message: message, route: route,
            onUnknown: onUnknown)
        return (rule, examples)
    }

    private func condition(_ node: DocumentNode) -> Condition? {
        guard let scalar = reading.text(node, of: "\"when\"", mayBreak: true) else { return nil }
        return reading.parsed(scalar) { text throws(TextMistake) in
            try ConditionParser.parse(text) { reading.reference($0) }
        }
    }

    private func recipient(_ node: DocumentNode) -> FieldReference? {
        guard let (path, scalar) = reading.path(node, of: "\"to\"") else { return nil }
        switch path.root {
        case .recipient:
            reading.refuse("\"to\" is the path that the recipient is read from", at: scalar.place)
            return nil
        case .data where path.steps.isEmpty:
            reading.refuse("\"to\" cannot be the whole payload; name a member of it", at: scalar.place)
            return nil
        default: return reading.reference(path)
        }
    }

    // MARK: - Keys

    private func key(_ node: DocumentNode, of what: String) -> [KeyPart]? {
        guard let elements = reading.elements(node, of: what) else { return nil }
        var isComplete = true
        if elements.count > Limits.keyParts {
            reading.refuse(
                "\(what) has at most \(Limits.keyParts) parts", at: elements[Limits.keyParts].place)
            isComplete = false
        }
        var parts: [KeyPart] = []
        for element in elements {
            guard let (path, scalar) = reading.path(element, of: "a part of \(what)") else {
                isComplete = false
                continue
            }
            if path.root == .data, path.steps.isEmpty {
                reading.refuse("the whole payload is no part of a key; name a member of it", at: scalar.place)
                isComplete = false
                continue
            }
            let part: KeyPart = path.root == .recipient ? .recipient : .field(reading.reference(path))
            if parts.contains(part) {
                reading.refuse("\(part.description) stands in \(what) already", at: scalar.place)
                isComplete = false
            }
            parts.append(part)
        }
        return isComplete ? parts : nil
    }

    private func cancellation(_ node: DocumentNode, event: Text?, key: [KeyPart]?) -> Cancellation? {
        let keys = ["event", "key"]
        guard let members = reading.members(node, of: "\"cancel_on\"", known: keys, required: keys) else {
            return nil
        }
        let type = members["event"].flatMap { reading.eventType($0.value, of: "\"event\"") }
        if let type, let member = members["event"], type == event {
            reading.refuse(
                "\"cancel_on\" names the event that the rule itself acts on", at: member.value.place)
        }
        guard let member = members["key"], let parts = self.key(member.value, of: "\"key\"") else {
            return nil
        }
        if let key, key.count != parts.count {
            reading.refuse(
                "\"key\" has \(parts.count) of the \(key.count) parts of \"once_per\"; it names the same"
                    + " key, in the same order", at: member.value.place)
            return nil
        }
        return type.map { Cancellation(event: $0, key: parts) }
    }

    // MARK: - Times

    private func window(of members: Members) -> Window? {
        let within = members["within"].map { reading.duration($0.value, of: "\"within\"") }
        let every = members["every"].map { reading.duration($0.value, of: "\"every\"") }
        if within != nil, let member = members["every"] {
            reading.refuse("a rule has \"within\" or \"every\", not both", at: member.place)
            return nil
        }
        if let within { return within.map { .within($0) } }
        if let every { return every.map { .every($0) } }
        return .forever
    }

    private func times(of members: Members) -> (delay: Span?, expiresAfter: Span?) {
        let delay = members["delay"].flatMap { reading.duration($0.value, of: "\"delay\"") }
        let expires = members["expires_after"].flatMap { reading.duration($0.value, of: "\"expires_after\"") }
        if let delay, let expires, let member = members["expires_after"], expires <= delay {
            reading.refuse(
                "every message would expire unsent: \"expires_after\" is not longer than \"delay\"",
                at: member.value.place)
        }
        return (delay, expires)
    }

    private func onUnknown(_ node: DocumentNode) -> OnUnknown? {
        guard let scalar = reading.text(node, of: "\"on_unknown\"") else { return nil }
        let words = OnUnknown.allCases.map(\.rawValue)
        guard let value = OnUnknown(rawValue: scalar.text) else {
            reading.refuse(
                "\"on_unknown\" is \(words.joined(separator: ", ")), not \"\(scalar.text)\"",
                at: scalar.place,
                suggestion: Suggestion.nearest(to: scalar.text, among: words))
            return nil
        }
        return value
    }

    private func was(_ node: DocumentNode) -> Text? {
        reading.text(node, of: "\"was\"").flatMap { reading.name($0, of: "a rule") }
    }
}
