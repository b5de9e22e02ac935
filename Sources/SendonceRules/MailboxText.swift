// `Shop <no-reply@shop.example>`, as `from` and `reply_to` are written.
import SendonceCore

/// Reads one mailbox (RFC 5322 3.4 without comments and groups): an address, or a display name and an address
/// in angle brackets. The name may stand in double quotes.
enum MailboxText {
    static func parse(_ text: String) throws(TextMistake) -> Mailbox {
        if let control = text.unicodeScalars.enumerated().first(where: { isControl($0.element) }) {
            throw TextMistake("a mailbox has no control characters and no line breaks", at: control.offset)
        }
        let scalars = Array(text.unicodeScalars)
        guard scalars.last == ">", let open = scalars.lastIndex(of: "<") else {
            return Mailbox(name: nil, address: try address(text, at: 0))
        }
        let inner = String(String.UnicodeScalarView(scalars[(open + 1)..<(scalars.count - 1)]))
        let address = try address(inner, at: open + 1)
        var name = Array(scalars[..<open])
        while name.last == " " { name.removeLast() }
        let indent = name.prefix { $0 == " " }.count
        name.removeFirst(indent)
        if name.first == "\"" {
            name = try unquoted(name, at: indent)
        } else if let special = name.firstIndex(where: { ["<", ">", "\"", ",", ";", "@", "\\"].contains($0) })
        {
            throw TextMistake(
                "a name with \"\(name[special])\" stands in double quotes", at: indent + special)
        }
        let text = String(String.UnicodeScalarView(name))
        return Mailbox(name: text.isEmpty ? nil : Text(text), address: address)
    }

    static func address(_ text: String, at offset: Int) throws(TextMistake) -> EmailAddress {
        guard let address = EmailAddress(text) else {
            throw TextMistake("\"\(text)\" is not an e-mail address", at: offset)
        }
        return address
    }

    private static func unquoted(_ name: [Unicode.Scalar], at offset: Int) throws(TextMistake) -> [Unicode
        .Scalar]
    {
        var result: [Unicode.Scalar] = []
        var index = 1
        while index < name.count {
            switch name[index] {
            case "\"":
                guard index == name.count - 1 else {
                    throw TextMistake(
                        "something stands between the quoted name and \"<\"", at: offset + index + 1)
                }
                return result
            case "\\" where index + 1 < name.count:
                result.append(name[index + 1])
                index += 2
            default:
                result.append(name[index])
                index += 1
            }
        }
        throw TextMistake("the quoted name does not end", at: offset)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
