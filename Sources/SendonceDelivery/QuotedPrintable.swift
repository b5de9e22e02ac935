// Bodies in quoted-printable (RFC 2045, 6.7): people can read the file, and nothing in it can be taken for
// anything else.
import SendonceCore

enum QuotedPrintable {
    /// Longest line without its line end.
    private static let lineLength = 76

    /// CR, LF and CR LF each become CR LF. Besides what must be escaped, so are a dot and an `F` at the
    /// beginning of a line: the first ends a message in SMTP, the second begins one in mbox.
    static func encode(_ text: Text) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count * 5 / 4)
        var column = 0
        let bytes = Array(text.utf8)
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == 0x0D || byte == 0x0A {
                if byte == 0x0D, place < bytes.count, bytes[place] == 0x0A { place += 1 }
                result.append(contentsOf: [0x0D, 0x0A])
                column = 0
                continue
            }
            let isAtEnd = place == bytes.count || bytes[place] == 0x0D || bytes[place] == 0x0A
            // One column is kept for the `=` of a soft line break.
            var isLiteral = isLiteral(byte, isAtStart: column == 0, isAtEnd: isAtEnd)
            if column + (isLiteral ? 1 : 3) > lineLength - 1 {
                result.append(contentsOf: [0x3D, 0x0D, 0x0A])
                column = 0
                isLiteral = self.isLiteral(byte, isAtStart: true, isAtEnd: isAtEnd)
            }
            if isLiteral {
                result.append(byte)
                column += 1
            } else {
                result.append(contentsOf: [0x3D, digit(byte >> 4), digit(byte & 15)])
                column += 3
            }
        }
        return result
    }

    private static func isLiteral(_ byte: UInt8, isAtStart: Bool, isAtEnd: Bool) -> Bool {
        switch byte {
        case 0x3D: false
        case 0x2E, 0x46: !isAtStart
        case 0x21...0x7E: true
        case 0x20, 0x09: !isAtEnd
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x41 + value - 10
    }
}
