// Text inside headers: quoted where that is enough, as encoded words (RFC 2047) where it is not.
import SendonceCore

enum HeaderWords {
    /// A subject. ASCII stays readable if it fits one line and cannot be taken for an encoded word.
    static func unstructured(_ text: Text, after name: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        let isBounded = text.utf8.first != 0x20 && text.utf8.last != 0x20
        guard isPlain, isBounded, name.utf8.count + text.utf8.count <= 76, !hasEncodedWord(text) else {
            return encodedWords(text)
        }
        return text.string
    }

    /// A display name: a quoted string if it is short ASCII.
    static func phrase(_ text: Text) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        guard isPlain, text.utf8.count <= 60, !hasEncodedWord(text) else { return encodedWords(text) }
        var quoted: [UInt8] = [0x22]
        for byte in text.utf8 {
            if byte == 0x22 || byte == 0x5C { quoted.append(0x5C) }
            quoted.append(byte)
        }
        return String(decoding: quoted + [0x22], as: UTF8.self)
    }

    private static func hasEncodedWord(_ text: Text) -> Bool {
        zip(text.utf8, text.utf8.dropFirst()).contains { $0 == 0x3D && $1 == 0x3F }
    }

    /// UTF-8 in base64, whole scalars, at most 75 characters a word (RFC 2047, 2), a word a line. The blank
    /// between two words is not part of the text.
    private static func encodedWords(_ text: Text) -> String {
        var words: [String] = []
        var piece: [UInt8] = []
        for scalar in text.string.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if piece.count + bytes.count > 39 {
                words.append("=?utf-8?B?\(Base64.encode(piece))?=")
                piece = []
            }
            piece += bytes
        }
        words.append("=?utf-8?B?\(Base64.encode(piece))?=")
        return words.joined(separator: "\r\n ")
    }
}

/// RFC 4648, 4.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var place = 0
        while place < bytes.count {
            let group = bytes[place..<min(place + 3, bytes.count)]
            let bits = (0..<3).reduce(UInt32(0)) { sum, index in
                sum << 8 | (index < group.count ? UInt32(group[place + index]) : 0)
            }
            for index in 0..<4 {
                result.append(
                    index <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)] : 0x3D)
            }
            place += 3
        }
        return String(decoding: result, as: UTF8.self)
    }
}
