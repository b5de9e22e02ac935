// What the core knows of JSON: values that were read by path, and how to write a string. Parsing lives in
// `SendonceJSON`; the core receives what was found.

/// A JSON value as it stands in a payload. Numbers keep their digits, so that a 30-digit order number stays
/// exact.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// An integer literal in decimal, without leading zeros; `-0` is `0`.
    case integer(String)
    /// Any number written with a fraction or an exponent, as it was written.
    case number(String)
    case string(Text)
    case array([JSONValue])
    /// Members in the order of the document; names do not repeat.
    case object([JSONMember])
}

package struct JSONMember: Hashable, Sendable {
    package var name: Text
    package var value: JSONValue

    package init(_ name: Text, _ value: JSONValue) {
        self.name = name
        self.value = value
    }
}

extension JSONValue {
    /// The member of an object; nil for every other value.
    package func member(_ name: Text) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// JSON text of the value: compact, members in order, non-ASCII kept as UTF-8.
    package var jsonText: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let digits), .number(let digits): digits
        case .string(let text): JSONValue.quoted(text.string)
        case .array(let values): "[" + values.map(\.jsonText).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.map { JSONValue.quoted($0.name.string) + ":" + $0.value.jsonText }
                .joined(separator: ",") + "}"
        }
    }

    /// Whether a string stands in a JSON literal as it is.
    package static func isPlain(_ string: String) -> Bool {
        !string.utf8.contains { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }
    }

    /// A JSON string literal: quote, backslash and control characters escaped, everything else as it is.
    /// This is the canonical form that key digests are made from, so it must never change.
    package static func quoted(_ string: String) -> String {
        if isPlain(string) { return "\"" + string + "\"" }
        var result = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{8}": result += "\\b"
            case "\u{9}": result += "\\t"
            case "\u{A}": result += "\\n"
            case "\u{C}": result += "\\f"
            case "\u{D}": result += "\\r"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
