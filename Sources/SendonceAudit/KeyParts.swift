// A key's canonical text, read back into its parts.
package import SendonceCore

package enum KeyParts {
    /// The parts of a canonical key text, which is a compact JSON array of strings as `Key` writes it. nil
    /// for anything else: this is no JSON parser.
    package static func parse(_ key: Text) -> [Text]? {
        let bytes = Array(key.utf8)
        guard bytes.count >= 2, bytes.first == 0x5B, bytes.last == 0x5D else { return nil }
        var parts: [Text] = []
        var place = 1
        while place < bytes.count - 1 {
            if !parts.isEmpty {
                guard bytes[place] == 0x2C else { return nil }
                place += 1
            }
            guard let part = string(bytes, &place) else { return nil }
            parts.append(Text(part))
        }
        return parts
    }

    /// One string literal; `place` is left after its closing quote.
    private static func string(_ bytes: [UInt8], _ place: inout Int) -> String? {
        guard place < bytes.count, bytes[place] == 0x22 else { return nil }
        place += 1
        var part: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case 0x22: return String(decoding: part, as: UTF8.self)
            case 0x5C:
                guard let escaped = escape(bytes, &place) else { return nil }
                part.append(escaped)
            default: part.append(byte)
            }
        }
        return nil
    }

    /// The character after a backslash; the canonical form escapes nothing beyond ASCII.
    private static func escape(_ bytes: [UInt8], _ place: inout Int) -> UInt8? {
        guard place < bytes.count else { return nil }
        let byte = bytes[place]
        place += 1
        switch byte {
        case 0x22, 0x5C: return byte
        case 0x62: return 0x08
        case 0x74: return 0x09
        case 0x6E: return 0x0A
        case 0x66: return 0x0C
        case 0x72: return 0x0D
        case 0x75:
            guard place + 4 <= bytes.count else { return nil }
            let digits = String(decoding: bytes[place..<place + 4], as: UTF8.self)
            place += 4
            return UInt8(digits, radix: 16)
        default: return nil
        }
    }
}
