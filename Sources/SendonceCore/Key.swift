// What a rule says may happen once.

/// An ordered list of scalars within a rule's scope, in canonical form.
package struct Key: Hashable, Sendable {
    /// A JSON array of strings: `["42","a@x.test"]`. Never a concatenation, so `["a|b","c"]` is not
    /// `["a","b|c"]`.
    package var text: Text
    /// SHA-256 of the scope, a line feed, and `text`. A scope never contains a line feed.
    package var digest: Digest

    package init(scope: Text, parts: [Text]) {
        text = Key.canonical(parts)
        digest = DigestBuilder.digest(ofTexts: scope, "\n", text)
    }

    private static func canonical(_ parts: [Text]) -> Text {
        guard parts.allSatisfy({ JSONValue.isPlain($0.string) }) else {
            return Text("[" + parts.map { JSONValue.quoted($0.string) }.joined(separator: ",") + "]")
        }
        // The same where nothing has to be escaped, in one piece.
        let size = parts.reduce(1) { $0 + $1.utf8.count + 3 } + (parts.isEmpty ? 1 : 0)
        return Text(
            String(unsafeUninitializedCapacity: size) { target in
                var place = 0
                func add(_ byte: UInt8) {
                    target[place] = byte
                    place += 1
                }
                add(0x5B)
                for (index, part) in parts.enumerated() {
                    if index > 0 { add(0x2C) }
                    add(0x22)
                    for byte in part.utf8 { add(byte) }
                    add(0x22)
                }
                add(0x5D)
                return place
            })
    }
}

/// One part of a key, as a rule writes it.
package enum KeyPart: Hashable, Sendable, CustomStringConvertible {
    case field(FieldReference)
    /// The normalised address of the message's recipient.
    case recipient

    package var description: String {
        switch self {
        case .field(let reference): reference.path.description
        case .recipient: "recipient"
        }
    }
}
