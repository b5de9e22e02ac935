// Reads `examples` strictly.
import SendonceCore

struct ExampleReader {
    let reading: RuleReading
    let rule: Text

    /// Decisions that one event on an empty ledger cannot get.
    private static let impossible = ["duplicate", "within_window", "repeated_event", "control", "cancels"]

    func examples(_ node: DocumentNode, types: [Text]) -> [RuleExample] {
        guard let elements = reading.elements(node, of: "\"examples\"") else { return [] }
        return elements.compactMap { example($0, types: types) }
    }

    private func example(_ node: DocumentNode, types: [Text]) -> RuleExample? {
        let keys = ["event", "expect"]
        guard let members = reading.members(node, of: "an example", known: keys, required: keys) else {
            return nil
        }
        let expectation = members["expect"].flatMap { self.expectation($0.value) }
        guard let event = members["event"],
            let fields = reading.members(
                event.value, of: "\"event\"",
                known: ["type", "data", "id", "source", "subject", "occurred_at"],
                required: ["type", "data"])
        else { return nil }
        let type = fields["type"].flatMap { reading.eventType($0.value, of: "\"type\"") }
        if let type, let node = fields["type"], !types.isEmpty, !types.contains(type) {
            reading.refuse(
                "the rule \"\(rule)\" does not act on \"\(type)\"", at: node.value.place,
                suggestion: Suggestion.nearest(to: type.string, among: types.map(\.string)))
        }
        let payload = fields["data"].flatMap { self.payload($0.value) }
        var occurredAt: Timestamp?
        if let node = fields["occurred_at"], let scalar = reading.text(node.value, of: "\"occurred_at\"") {
            occurredAt = Timestamp(scalar.text)
            if occurredAt == nil {
                reading.refuse("not a time; write it as 2026-11-21T22:04:05Z", at: scalar.place)
            }
        }
        let texts = ["id", "source", "subject"].map { name in
            fields[name].flatMap { envelopeText($0.value, of: "\"\(name)\"") }
        }
        guard let type, let payload, let expectation else { return nil }
        return RuleExample(
            rule: rule, place: node.place, type: type, id: texts[0], source: texts[1] ?? "",
            subject: texts[2],
            payload: payload, occurredAt: occurredAt, expectation: expectation)
    }

    private func envelopeText(_ node: DocumentNode, of what: String) -> Text? {
        guard let scalar = reading.text(node, of: what) else { return nil }
        guard scalar.text.utf8.count <= Limits.envelopeTextBytes else {
            reading.refuse("\(what) is at most \(Limits.envelopeTextBytes) bytes", at: scalar.place)
            return nil
        }
        return Text(scalar.text)
    }

    private func expectation(_ node: DocumentNode) -> RuleExample.Expectation? {
        guard
            let members = reading.members(
                node, of: "\"expect\"", known: ["decision", "key", "to"], required: ["decision"])
        else { return nil }
        var key: [Text]?
        if let node = members["key"], let parts = reading.elements(node.value, of: "\"key\"") {
            key = parts.compactMap { reading.text($0, of: "a part of \"key\"").map { Text($0.text) } }
        }
        let to = members["to"].flatMap { reading.text($0.value, of: "\"to\"") }
        guard let decision = members["decision"].flatMap({ reading.text($0.value, of: "\"decision\"") })
        else {
            return nil
        }
        guard Reason.words.contains(decision.text) else {
            reading.refuse(
                "\"\(decision.text)\" is no decision", at: decision.place,
                suggestion: Suggestion.nearest(to: decision.text, among: Reason.words))
            return nil
        }
        if ExampleReader.impossible.contains(decision.text) {
            reading.refuse(
                "an example is one event with nothing before it, so it cannot be \"\(decision.text)\"",
                at: decision.place)
            return nil
        }
        return RuleExample.Expectation(decision: decision.text, key: key, to: to.map { Text($0.text) })
    }

    private func payload(_ node: DocumentNode) -> [UInt8]? {
        guard case .mapping = node else {
            _ = reading.anyMembers(node, of: "\"data\"")
            return nil
        }
        return value(node).map { Array($0.jsonText.utf8) }
    }

    private func value(_ node: DocumentNode) -> JSONValue? {
        switch node {
        case .refused: return nil
        case .scalar(let scalar):
            return reading.parsed(scalar) { _ throws(TextMistake) in try ScalarValue.value(of: scalar) }
        case .list(let elements, _):
            let values = elements.map(value)
            return values.contains { $0 == nil } ? nil : .array(values.compactMap { $0 })
        case .mapping(let members, _):
            let values = members.map { member in value(member.value).map { JSONMember(Text(member.name), $0) }
            }
            return values.contains { $0 == nil } ? nil : .object(values.compactMap { $0 })
        }
    }
}
