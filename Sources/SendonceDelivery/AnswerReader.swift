// Reads the small JSON of a provider's answer. The payloads of events are read by simdjson in `SendonceJSON`;
// this module links no C, and an answer is a few hundred bytes. Strict RFC 8259; anything else is nil, and
// nil is never guessed at.
package import SendonceCore

package struct AnswerReader {
    private let bytes: [UInt8]
    private var place = 0

    /// The value of a whole JSON text; nil where it is cut off, malformed or nested deeper than
    /// `DeliveryLimits.answerDepth`.
    package static func value(of bytes: [UInt8]) -> JSONValue? {
        var reader = AnswerReader(bytes: bytes)
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipBlanks()
        return reader.place == bytes.count ? value : nil
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func take(_ word: StaticString, as value: JSONValue) -> JSONValue? {
        let utf8 = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes[place...].starts(with: utf8) else { return nil }
        place += utf8.count
        return value
    }

    private mutating func value(depth: Int) -> JSONValue? {
        guard depth < DeliveryLimits.answerDepth else { return nil }
        skipBlanks()
        switch next {
        case 0x7B: return object(depth: depth)
        case 0x5B: return array(depth: depth)
        case 0x22: return string().map { .string(Text($0)) }
        case 0x74: return take("true", as: .bool(true))
        case 0x66: return take("false", as: .bool(false))
        case 0x6E: return take("null", as: .null)
        default: return number()
        }
    }

    private mutating func object(depth: Int) -> JSONValue? {
        place += 1
        var members: [JSONMember] = []
        skipBlanks()
        if take(0x7D) { return .object([]) }
        repeat {
            skipBlanks()
            guard let name = string() else { return nil }
            skipBlanks()
            guard take(0x3A), let value = value(depth: depth + 1) else { return nil }
            members.append(JSONMember(Text(name), value))
            skipBlanks()
        } while take(0x2C)
        return take(0x7D) ? .object(members) : nil
    }

    private mutating func array(depth: Int) -> JSONValue? {
        place += 1
        var elements: [JSONValue] = []
        skipBlanks()
        if take(0x5D) { return .array([]) }
        repeat {
            guard let value = value(depth: depth + 1) else { return nil }
            elements.append(value)
            skipBlanks()
        } while take(0x2C)
        return take(0x5D) ? .array(elements) : nil
    }

    private mutating func number() -> JSONValue? {
        let start = place
        _ = take(0x2D)
        let hasLeadingZero = next == 0x30
        let digits = digits()
        guard digits > 0, !(hasLeadingZero && digits > 1) else { return nil }
        var isInteger = true
        if take(0x2E) {
            isInteger = false
            guard self.digits() > 0 else { return nil }
        }
        if take(0x65) || take(0x45) {
            isInteger = false
            if !take(0x2B) { _ = take(0x2D) }
            guard self.digits() > 0 else { return nil }
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        return isInteger ? .integer(text == "-0" ? "0" : text) : .number(text)
    }

    private mutating func digits() -> Int {
        let start = place
        while let byte = next, (0x30...0x39).contains(byte) { place += 1 }
        return place - start
    }

    private mutating func string() -> String? {
        guard take(0x22) else { return nil }
        var result: [UInt8] = []
        while let byte = next {
            place += 1
            switch byte {
            case 0x22: return String(validating: result, as: UTF8.self)
            case 0x5C:
                guard let scalar = escaped() else { return nil }
                result.append(contentsOf: String(scalar).utf8)
            case 0x00...0x1F: return nil
            default: result.append(byte)
            }
        }
        return nil
    }

    private mutating func escaped() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        place += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: return Unicode.Scalar(byte)
        case 0x62: return "\u{8}"
        case 0x66: return "\u{C}"
        case 0x6E: return "\n"
        case 0x72: return "\r"
        case 0x74: return "\t"
        case 0x75:
            guard let first = codeUnit() else { return nil }
            guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first) }
            guard take(0x5C), take(0x75), let second = codeUnit(), (0xDC00...0xDFFF).contains(second) else {
                return nil
            }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        default: return nil
        }
    }

    private mutating func codeUnit() -> UInt32? {
        guard place + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for byte in bytes[place..<place + 4] {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
            default: return nil
            }
        }
        place += 4
        return value
    }
}
