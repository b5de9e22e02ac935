// Whether an event holds everything that a template file asks for. Checked when the event is decided, so that
// a missing variable is a recorded decision and never a blank in somebody's mail.

/// The names that a template file can use for one event and recipient.
struct TemplateContext {
    let reader: EventReader
    let source: MessageSource
    let recipient: EmailAddress
    /// Values of the sections that enclose the place, outermost first.
    private var enclosing: [JSONValue] = []

    init(reader: EventReader, source: MessageSource, recipient: EmailAddress) {
        self.reader = reader
        self.source = source
        self.recipient = recipient
    }

    /// The dotted name of the first variable that is missing; nil if all are there.
    func firstMissing(of needs: [TemplateNeed]) -> String? {
        for need in needs {
            if let missing = firstMissing(of: need) { return missing }
        }
        return nil
    }

    private func firstMissing(of need: TemplateNeed) -> String? {
        switch need {
        case .variable(let names):
            switch value(names) {
            case .string, .integer, .number, .bool: return nil
            case nil, .null, .array, .object:
                return names.isEmpty ? "." : names.map(\.string).joined(separator: ".")
            }
        case .inverted(let names, let inner):
            return TemplateContext.isShown(value(names)) ? nil : firstMissing(of: inner)
        case .section(let names, let inner):
            guard let found = value(names), TemplateContext.isShown(found) else { return nil }
            guard case .array(let elements) = found else { return entering(found).firstMissing(of: inner) }
            for element in elements {
                if let missing = entering(element).firstMissing(of: inner) { return missing }
            }
            return nil
        }
    }

    /// Whether Mustache renders a section of this value.
    private static func isShown(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null, .bool(false): false
        case .array(let elements): !elements.isEmpty
        default: true
        }
    }

    private func entering(_ value: JSONValue) -> TemplateContext {
        var inner = self
        inner.enclosing.append(value)
        return inner
    }

    private func value(_ names: [Text]) -> JSONValue? {
        guard let first = names.first else { return enclosing.last }
        for value in enclosing.reversed() {
            guard let found = value.member(first) else { continue }
            return names.dropFirst().reduce(found) { $0?.member($1) }
        }
        return outermost(names)
    }

    private func outermost(_ names: [Text]) -> JSONValue? {
        let params = source.template.params
        if !params.isEmpty {
            guard let param = params.first(where: { $0.name == names[0] }) else { return nil }
            return names.dropFirst().reduce(value(of: param)) { $0?.member($1) }
        }
        if names[0] == "data" {
            let path = Path(.data, names.dropFirst().map { .member($0) })
            return source.contextFields.first { $0.path == path }.flatMap { reader.value($0) }
        }
        guard names.count == 1, let root = Path.Root(rawValue: names[0].string) else { return nil }
        if root == .recipient { return .string(Text(recipient.description)) }
        return reader.value(FieldReference(path: Path(root), slot: -1))
    }

    private func value(of param: TemplateParam) -> JSONValue? {
        switch param.source {
        case .field(let reference): reader.value(reference)
        case .fieldOr(let reference, let substitute):
            reader.value(reference).flatMap { $0 == .null ? nil : $0 } ?? substitute
        case .recipient: .string(Text(recipient.description))
        case .value(let value): value
        }
    }
}
