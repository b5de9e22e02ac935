// Where a rule looks in an event: the singular-query subset of RFC 9535, which selects one node at most.

/// A parsed path. Written dotted, with an optional leading `$.`: `data.customer.email`, `data.items[0].sku`,
/// `data["first name"]`, `recipient`, `type`.
package struct Path: Hashable, Sendable, CustomStringConvertible {
    /// What the path starts from.
    package enum Root: String, Hashable, Sendable, CaseIterable {
        /// The payload.
        case data
        case recipient, type, subject, source, id
    }

    package enum Step: Hashable, Sendable {
        case member(Text)
        /// Counted from 0; negative counts from the end, as RFC 9535 has it.
        case index(Int)
    }

    package var root: Root
    /// Empty for the envelope's names and for the whole payload.
    package var steps: [Step]

    package init(_ root: Root, _ steps: [Step] = []) {
        self.root = root
        self.steps = steps
    }

    /// The form that people read and that errors name.
    package var description: String {
        steps.reduce(into: root.rawValue) { text, step in
            switch step {
            case .member(let name) where Path.isPlain(name): text += "." + name.string
            case .member(let name): text += "[" + JSONValue.quoted(name.string) + "]"
            case .index(let index): text += "[\(index)]"
            }
        }
    }

    /// Whether a member name can stand after a dot.
    package static func isPlain(_ name: Text) -> Bool {
        guard let first = name.utf8.first else { return false }
        func isLetter(_ byte: UInt8) -> Bool {
            (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F || byte >= 0x80
        }
        return isLetter(first) && name.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) }
    }
}

/// A path of a rule set with its place among all of the rule set's payload paths.
package struct FieldReference: Hashable, Sendable {
    package var path: Path
    /// Index into `RuleSet.payloadPaths` and `Fields.values`; -1 where `path.root` is not `data`.
    package var slot: Int

    package init(path: Path, slot: Int) {
        self.path = path
        self.slot = slot
    }
}

/// What was found in one payload, by slot. A slot that the event's type does not read stays nil.
package struct Fields: Sendable {
    /// nil where the payload has no such member or element.
    package var values: [JSONValue?]

    package init(count: Int) {
        values = Array(repeating: nil, count: count)
    }
}

/// Why a payload cannot be read. Every case is the decision `payload_invalid`.
package enum PayloadDefect: Error, Hashable, Sendable {
    /// Not UTF-8, not JSON, or cut off; the parser's words.
    case syntax(String)
    case notAnObject
    /// Nested more deeply than `Limits.payloadDepth`.
    case tooDeep
    /// A NUL, written raw or as an escape, anywhere in the payload: C strings and SQL functions end there.
    case nul
    /// Half of a surrogate pair, which no UTF-8 text can hold.
    case loneSurrogate
    /// A name that stands twice in an object that a rule reads through; parsers disagree about which one
    /// counts.
    case repeatedMember(String)
    /// Longer than `Limits.payloadBytes`.
    case tooLong

    /// The words that stand in the decision's detail.
    package var description: String {
        switch self {
        case .syntax(let words): "not valid JSON: \(words)"
        case .notAnObject: "the payload is not a JSON object"
        case .tooDeep: "nested more than \(Limits.payloadDepth) deep"
        case .nul: "contains a NUL character"
        case .loneSurrogate: "contains half of a surrogate pair"
        case .repeatedMember(let path): "the member \(path) stands there more than once"
        case .tooLong: "longer than \(Limits.payloadBytes) bytes"
        }
    }
}
