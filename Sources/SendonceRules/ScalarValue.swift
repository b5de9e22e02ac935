// JSON values out of YAML scalars, for params and for the data of examples.
import SendonceCore

/// YAML 1.2's core schema without what parsers disagree about: a plain `012`, `1:30`, `yes`, `0x1F`, `1_000`,
/// `.5` or a date must be quoted, because another reader of the same file would take it for something else.
enum ScalarValue {
    static func value(of scalar: DocumentScalar) throws(TextMistake) -> JSONValue {
        guard scalar.isPlain else { return .string(Text(scalar.text)) }
        let text = scalar.text
        if scalar.isNull { return .null }
        if text == "true" { return .bool(true) }
        if text == "false" { return .bool(false) }
        if isInteger(text) { return .integer(text == "-0" ? "0" : text) }
        if isNumber(text) { return .number(text) }
        if isTrap(text) {
            throw TextMistake(
                "YAML readers disagree about \(text); quote it if it is a text",
                suggestion: "'\(text)'")
        }
        return .string(Text(text))
    }

    /// JSON's integers: no plus, no leading zeros.
    private static func isInteger(_ text: String) -> Bool {
        let digits = text.utf8.first == 0x2D ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return digits.first != 0x30 || digits.count == 1
    }

    /// JSON's other numbers (RFC 8259, 6).
    private static func isNumber(_ text: String) -> Bool {
        let exponent = text.utf8.firstIndex { $0 == 0x65 || $0 == 0x45 }
        let mantissa = text.utf8[..<(exponent ?? text.utf8.endIndex)]
        if let exponent {
            var digits = text.utf8[text.utf8.index(after: exponent)...]
            if digits.first == 0x2B || digits.first == 0x2D { digits = digits.dropFirst() }
            guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        }
        guard let point = mantissa.firstIndex(of: 0x2E) else {
            return exponent != nil && isInteger(String(decoding: mantissa, as: UTF8.self))
        }
        let fraction = mantissa[mantissa.index(after: point)...]
        return isInteger(String(decoding: mantissa[..<point], as: UTF8.self)) && !fraction.isEmpty
            && fraction.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// What YAML 1.1 types as a boolean, number, sexagesimal, date or special value, and JSON does not.
    private static func isTrap(_ text: String) -> Bool {
        let words = [
            "y", "n", "yes", "no", "on", "off", "true", "false", ".nan", ".inf", "-.inf", "+.inf", "=",
        ]
        let lowered = text.lowercased()
        if words.contains(lowered) { return true }
        var body = lowered.utf8[...]
        if body.first == 0x2B || body.first == 0x2D { body = body.dropFirst() }
        if body.first == 0x2E { body = body.dropFirst() }
        guard let first = body.first, (0x30...0x39).contains(first) else { return false }
        let isDate = body.count >= 8 && body.dropFirst(4).first == 0x2D && body.prefix(4).allSatisfy(isDigit)
        if isDate { return true }
        if body.starts(with: "0x".utf8) || body.starts(with: "0b".utf8) || body.starts(with: "0o".utf8) {
            let hexadecimal = body.dropFirst(2)
            return hexadecimal.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) || $0 == 0x5F }
        }
        let extra: [UInt8] = [0x5F, 0x3A, 0x2E, 0x65, 0x2B, 0x2D, 0x2C]
        guard body.allSatisfy({ isDigit($0) || extra.contains($0) }) else { return false }
        // Digits with dots or hyphens between them, such as a version or a telephone number, are texts to
        // all.
        let dots = body.filter { $0 == 0x2E }.count
        let isText =
            dots > 1 || body.dropFirst().contains(0x2D) && !body.contains(0x65) || body.contains(0x2C)
        return !isText || body.contains(0x3A)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
