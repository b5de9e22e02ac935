// Writes a request's JSON. Our own, because an idempotency key is worth nothing if a library changes its
// spelling or the next attempt's bytes: members stand in the order in which they were given, and nothing
// depends on a locale.
import SendonceCore

/// Compact UTF-8 JSON, the same text as `JSONValue.jsonText`, appended to bytes.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    static func bytes(of value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.write(value)
        return writer.bytes
    }

    private mutating func write(_ value: JSONValue) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let digits), .number(let digits): bytes.append(contentsOf: digits.utf8)
        case .string(let text): write(text.string)
        case .array(let values):
            bytes.append(0x5B)
            for (place, value) in values.enumerated() {
                if place > 0 { bytes.append(0x2C) }
                write(value)
            }
            bytes.append(0x5D)
        case .object(let members):
            bytes.append(0x7B)
            for (place, member) in members.enumerated() {
                if place > 0 { bytes.append(0x2C) }
                write(member.name.string)
                bytes.append(0x3A)
                write(member.value)
            }
            bytes.append(0x7D)
        }
    }

    private mutating func write(_ string: String) {
        guard string.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else {
            bytes.append(0x22)
            bytes.append(contentsOf: string.utf8)
            bytes.append(0x22)
            return
        }
        bytes.append(0x22)
        for byte in string.utf8 {
            switch byte {
            case 0x22: bytes.append(contentsOf: [0x5C, 0x22])
            case 0x5C: bytes.append(contentsOf: [0x5C, 0x5C])
            case 0x08: bytes.append(contentsOf: [0x5C, 0x62])
            case 0x09: bytes.append(contentsOf: [0x5C, 0x74])
            case 0x0A: bytes.append(contentsOf: [0x5C, 0x6E])
            case 0x0C: bytes.append(contentsOf: [0x5C, 0x66])
            case 0x0D: bytes.append(contentsOf: [0x5C, 0x72])
            case 0x00...0x1F: bytes.append(contentsOf: ("\\u00" + hexadecimalText([byte])).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }
}
