// A provider's key. It leaves this value in one place, a request's header, and prints as stars everywhere
// else.

/// Secret text that does not show itself: not in descriptions, not in dumps, not in errors.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// nil where the text is empty, too long, or holds anything but visible ASCII: then it cannot stand in a
    /// header, and is more likely a wrong file than a key. Blanks and line breaks at the ends, as files have
    /// them, are cut off.
    package init?(_ text: String) {
        let isEdge: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let bytes = Array(text.utf8.drop(while: isEdge).reversed().drop(while: isEdge).reversed())
        guard !bytes.isEmpty, bytes.count <= DeliveryLimits.secretBytes,
            bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        value = String(decoding: bytes, as: UTF8.self)
    }

    package var description: String { "(secret)" }
    package var debugDescription: String { "(secret)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// For a request's header and nothing else.
    func reveal() -> String { value }

    /// The text without the secret, should somebody have sent it back to us.
    func redacted(from text: String) -> String {
        let secret = Array(value.utf8)
        // A secret this short would blot out ordinary words; no provider's key is.
        guard secret.count >= 8 else { return text }
        let bytes = Array(text.utf8)
        guard bytes.count >= secret.count else { return text }
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place] == secret[0], bytes[place...].starts(with: secret) {
                result.append(contentsOf: "(secret)".utf8)
                place += secret.count
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
