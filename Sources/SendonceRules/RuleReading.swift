// One reading of a rule file: what was found wrong so far, and which payload paths were named.
import SendonceCore

/// Collects mistakes instead of stopping at the first, and gives every payload path its slot.
final class RuleReading {
    let file: String
    private(set) var mistakes: [RuleMistake] = []
    /// In the order in which they were first named.
    private(set) var payloadPaths: [Path] = []
    private var slots: [Path: Int] = [:]

    init(file: String, mistakes: [RuleMistake]) {
        self.file = file
        self.mistakes = mistakes
    }

    func refuse(_ message: String, at place: Place, suggestion: String? = nil, file: String? = nil) {
        mistakes.append(
            RuleMistake(file: file ?? self.file, place: place, message: message, suggestion: suggestion))
    }

    /// A mistake inside a scalar, at its very character where that can be told.
    func refuse(_ mistake: TextMistake, in scalar: DocumentScalar) {
        let isExact = scalar.textPlace != nil || mistake.offset == 0
        let message = isExact ? mistake.message : mistake.message + " (at character \(mistake.offset + 1))"
        refuse(message, at: scalar.place(at: mistake.offset), suggestion: mistake.suggestion)
    }

    func reference(_ path: Path) -> FieldReference {
        guard path.root == .data else { return FieldReference(path: path, slot: -1) }
        if let slot = slots[path] { return FieldReference(path: path, slot: slot) }
        slots[path] = payloadPaths.count
        payloadPaths.append(path)
        return FieldReference(path: path, slot: payloadPaths.count - 1)
    }

    // MARK: - Shapes

    /// The members of a mapping with unknown keys refused; nil, with the mistake recorded, if it is none.
    func members(_ node: DocumentNode, of what: String, known: [String], required: [String] = []) -> Members?
    {
        guard let members = anyMembers(node, of: what) else { return nil }
        for member in members.list where !known.contains(member.name) {
            refuse(
                "unknown key \"\(member.name)\"", at: member.place,
                suggestion: Suggestion.key(for: member.name, among: known))
        }
        for name in required where members[name] == nil {
            refuse("\(what) needs \"\(name)\"", at: members.place)
        }
        return members
    }

    /// The members of a mapping whose keys are names that the writer chose.
    func anyMembers(_ node: DocumentNode, of what: String) -> Members? {
        guard case .mapping(let list, let place) = node else {
            refuseShape(node, what, "a mapping")
            return nil
        }
        return Members(list: list, place: place)
    }

    /// The elements of a list that is not empty.
    func elements(_ node: DocumentNode, of what: String) -> [DocumentNode]? {
        switch node {
        case .list(let list, let place):
            if list.isEmpty { refuse("\(what) is an empty list", at: place) }
            return list.isEmpty ? nil : list
        case .scalar(let scalar) where !scalar.isNull:
            let isShort = scalar.text.utf8.count <= 80 && !scalar.text.utf8.contains(0x0A)
            refuse("\(what) is a list", at: scalar.place, suggestion: isShort ? "[\(scalar.text)]" : nil)
            return nil
        default:
            refuseShape(node, what, "a list")
            return nil
        }
    }

    /// A text: any scalar but null, by its raw text, whatever YAML would make of it. Never empty, and without
    /// control characters, but for blanks between the parts of a condition.
    func text(_ node: DocumentNode, of what: String, mayBreak: Bool = false) -> DocumentScalar? {
        guard case .scalar(let scalar) = node, !scalar.isNull else {
            if case .scalar(let scalar) = node, !scalar.text.isEmpty {
                refuse(
                    "\(what) is \(scalar.text), which YAML reads as nothing; quote it if it is meant",
                    at: scalar.place)
            } else {
                refuseShape(node, what, "a text")
            }
            return nil
        }
        guard !scalar.text.isEmpty else {
            refuse("\(what) is empty", at: scalar.place)
            return nil
        }
        if let control = scalar.text.unicodeScalars.first(where: { $0.value < 0x20 || $0.value == 0x7F }),
            !(mayBreak && (control == "\n" || control == "\t"))
        {
            refuse("\(what) holds a control character", at: scalar.place)
            return nil
        }
        return scalar
    }

    private func refuseShape(_ node: DocumentNode, _ what: String, _ wanted: String) {
        if case .refused = node { return }
        refuse("\(what) is \(wanted), not \(node.kind)", at: node.place)
    }

    // MARK: - Small texts

    func duration(_ node: DocumentNode, of what: String) -> Span? {
        guard let scalar = text(node, of: what) else { return nil }
        return parsed(scalar) { text throws(TextMistake) in try DurationText.parse(text) }
    }

    func path(_ node: DocumentNode, of what: String) -> (path: Path, scalar: DocumentScalar)? {
        guard let scalar = text(node, of: what) else { return nil }
        return parsed(scalar) { text throws(TextMistake) in try PathText.parse(text) }.map { ($0, scalar) }
    }

    func parsed<Value>(
        _ scalar: DocumentScalar, _ parse: (String) throws(TextMistake) -> Value
    ) -> Value? {
        do {
            return try parse(scalar.text)
        } catch {
            refuse(error, in: scalar)
            return nil
        }
    }

    /// A name of ours: lower-case letters, digits and hyphens, and `_` where the second alphabet allows it.
    func name(_ scalar: DocumentScalar, of what: String, underscores: Bool = false) -> Text? {
        name(scalar.text, at: scalar.place, of: what, underscores: underscores)
    }

    func name(_ text: String, at place: Place, of what: String, underscores: Bool = false) -> Text? {
        func isInner(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x61...0x7A, 0x30...0x39, 0x2D: true
            default: byte == 0x5F && underscores
            }
        }
        let bytes = Array(text.utf8)
        let isName = bytes.allSatisfy(isInner) && bytes.first != 0x2D && bytes.first != 0x5F
        guard isName, (1...Limits.nameBytes).contains(bytes.count) else {
            let cleaned = text.lowercased().utf8.map { isInner($0) ? $0 : 0x2D }
            let candidate = String(decoding: cleaned.drop { $0 == 0x2D }, as: UTF8.self)
            let fits =
                (1...Limits.nameBytes).contains(candidate.utf8.count) && candidate != text
                && bytes.allSatisfy { $0 < 0x80 }
            refuse(
                "\"\(text)\" is no name for \(what): lower-case letters, digits and \"-\", at most"
                    + " \(Limits.nameBytes)", at: place, suggestion: fits ? candidate : nil)
            return nil
        }
        return Text(text)
    }

    /// An event type as the intake accepts it from an application.
    func eventType(_ node: DocumentNode, of what: String) -> Text? {
        guard let scalar = text(node, of: what) else { return nil }
        let isAllowed: (Unicode.Scalar) -> Bool = { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", ".", ":", "/", "-": true
            default: false
            }
        }
        if let bad = scalar.text.unicodeScalars.enumerated().first(where: { !isAllowed($0.element) }) {
            let cure = "an event type has letters, digits and \"_.:/-\""
            refuse(
                TextMistake("\"\(bad.element)\" cannot stand in an event type; \(cure)", at: bad.offset),
                in: scalar)
            return nil
        }
        guard scalar.text.utf8.count <= Limits.eventTypeBytes else {
            refuse("an event type is at most \(Limits.eventTypeBytes) bytes", at: scalar.place)
            return nil
        }
        guard !scalar.text.utf8.starts(with: Event.controlPrefix.utf8) else {
            refuse("types that start with \"\(Event.controlPrefix)\" are Sendonce's own", at: scalar.place)
            return nil
        }
        return Text(scalar.text)
    }
}

/// The members of one mapping.
struct Members {
    let list: [DocumentMember]
    let place: Place

    subscript(name: String) -> DocumentMember? {
        list.first { $0.name == name }
    }
}
