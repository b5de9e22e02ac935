// What a message may be filled with: an event together with its whole payload, parsed once.
package import SendonceCore

/// An event whose payload was read, as one value that paths can be looked up in.
package struct EventDocument: Sendable {
    package let event: Event
    /// The payload, whole.
    package let data: JSONValue
    /// Whom the command is for.
    package let recipient: EmailAddress

    package init(event: Event, data: JSONValue, recipient: EmailAddress) {
        self.event = event
        self.data = data
        self.recipient = recipient
    }

    /// What a path finds; nil where there is nothing. JSON null is a value.
    package func value(_ path: Path) -> JSONValue? {
        switch path.root {
        case .data: path.steps.reduce(data) { found, step in found.flatMap { $0.child(step) } }
        case .recipient: .string(Text(recipient.description))
        case .type: .string(event.type)
        case .subject: event.subject.map { .string($0) }
        case .source: .string(event.source)
        case .id: event.id.map { .string($0) }
        }
    }

    /// The value of a param, or nil where a required one is missing or null.
    package func value(_ source: TemplateParam.Source) -> JSONValue? {
        switch source {
        case .field(let reference):
            let found = value(reference.path)
            return found == .null ? nil : found
        case .fieldOr(let reference, let substitute): return value(reference.path) ?? substitute
        case .recipient: return .string(Text(recipient.description))
        case .value(let value): return value
        }
    }

    /// The params as an object, in the order in which the rule has them.
    package func object(of params: [TemplateParam]) throws(RenderError) -> JSONValue {
        var members: [JSONMember] = []
        for param in params {
            guard let value = value(param.source) else { throw .missing(param.name.string) }
            members.append(JSONMember(param.name, value))
        }
        return .object(members)
    }

    /// The names that a template without params can use: `data`, `recipient`, `type`, `source`, and `subject`
    /// and `id` where the event has them.
    package var context: JSONValue {
        let names = Path.Root.allCases.compactMap { root in
            value(Path(root)).map { JSONMember(Text(root.rawValue), $0) }
        }
        return .object(names)
    }
}

extension JSONValue {
    fileprivate func child(_ step: Path.Step) -> JSONValue? {
        switch (step, self) {
        case (.member(let name), _): return member(name)
        case (.index(let index), .array(let elements)):
            let place = index < 0 ? elements.count + index : index
            return elements.indices.contains(place) ? elements[place] : nil
        case (.index, _): return nil
        }
    }
}
