// What a rule says may happen once.

/// An ordered list of scalars within a rule's scope, in canonical form.
package struct Key: Hashable, Sendable {
    /// A JSON array of strings: `["42","a@x.test"]`. Never a concatenation, so `["a|b","c"]` is not
    /// `["a","b|c"]`.
    package var text: Text
    /// SHA-256 of the scope, a line feed, and `text`. A scope never contains a line feed.
    package var digest: Digest

    package init(scope: Text, parts: [Text]) {
        text = Text("[" + parts.map { JSONValue.quoted($0.string) }.joined(separator: ",") + "]")
        var builder = DigestBuilder()
        builder.add(textOf: scope)
        builder.add(textOf: "\n")
        builder.add(textOf: text)
        digest = builder.digest()
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
