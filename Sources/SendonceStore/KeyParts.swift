// A key's canonical text taken apart again, for those who search by a part of it.
package import SendonceCore

/// The parts of a canonical key: a JSON array of strings as `JSONValue.quoted` writes them. A `\uXXXX` escape
/// stands for a control character there, never for half of a surrogate pair.
package func keyParts(_ key: Text) -> [Text] {
    var parts: [Text] = []
    var part: [UInt8]?
    var bytes = key.utf8.makeIterator()
    while let byte = bytes.next() {
        switch (byte, part) {
        case (0x22, nil): part = []
        case (0x22, let finished?):
            parts.append(Text(String(decoding: finished, as: UTF8.self)))
            part = nil
        case (0x5C, .some):
            guard let escape = bytes.next() else { return parts }
            switch escape {
            case 0x62: part?.append(0x08)
            case 0x66: part?.append(0x0C)
            case 0x6E: part?.append(0x0A)
            case 0x72: part?.append(0x0D)
            case 0x74: part?.append(0x09)
            case 0x75:
                let digits = (0..<4).compactMap { _ in bytes.next() }
                let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
                guard let scalar = code.flatMap(Unicode.Scalar.init) else { return parts }
                part?.append(contentsOf: Array(String(Character(scalar)).utf8))
            default: part?.append(escape)
            }
        case (_, .some): part?.append(byte)
        default: break
        }
    }
    return parts
}

/// What remains of a key part when case, leading zeros, blanks and punctuation are taken away: how people
/// mistype it.
package func folded(_ part: Text) -> Text {
    let kept = part.string.lowercased().unicodeScalars.filter {
        $0.properties.isAlphabetic || $0.properties.numericType != nil
    }
    let text = String(String.UnicodeScalarView(kept))
    let withoutZeros = text.drop { $0 == "0" }
    return Text(withoutZeros.isEmpty ? text : String(withoutZeros))
}
