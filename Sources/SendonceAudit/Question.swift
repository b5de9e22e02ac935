// What a person may ask `why` about.
package import SendonceCore

/// One question to the audit.
package enum Question: Hashable, Sendable {
    /// What was sent to an address, and what was not.
    case recipient(Text, RecipientFilter = RecipientFilter())
    /// Messages whose key has this part: an order number, a token, an address.
    case keyPart(Text)
    /// Events whose producer gave this id.
    case event(Text)
    /// The event at a place of the log.
    case position(Int64)
    case command(CommandID)
    /// The name that a provider gave to a message, with or without its angle brackets.
    case providerMessage(Text)
    /// Events with this subject.
    case subject(Text)

    /// The word of the kind of question in JSON.
    package var word: String {
        switch self {
        case .recipient: "recipient"
        case .keyPart: "key_part"
        case .event: "event"
        case .position: "position"
        case .command: "command"
        case .providerMessage: "provider_message"
        case .subject: "subject"
        }
    }
}

/// Narrows what is said about a recipient. All that is given must hold.
package struct RecipientFilter: Hashable, Sendable {
    package var type: Text?
    package var rule: Text?
    /// Only events that were put in the log at or after this time.
    package var since: Timestamp?

    package init(type: Text? = nil, rule: Text? = nil, since: Timestamp? = nil) {
        self.type = type
        self.rule = rule
        self.since = since
    }

    package var isEmpty: Bool { type == nil && rule == nil && since == nil }
}

extension Question {
    /// What a bare argument may mean, likeliest first. `Why` answers with the first that finds something.
    ///
    /// `#17` is a position; an e-mail address a recipient; a version-8 UUID a command; text in angle brackets
    /// a provider's message id; anything else a key part, then an event's id, a subject, a provider's message
    /// id.
    package static func guess(_ argument: String) -> [Question] {
        let bytes = Array(argument.utf8)
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let start = bytes.firstIndex { !isBlank($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
        let trimmed = String(decoding: bytes[start..<end], as: UTF8.self)
        let text = Text(trimmed)
        guard !text.isEmpty else { return [] }
        let others: [Question] = [.keyPart(text), .event(text), .subject(text), .providerMessage(text)]
        if text.utf8.first == 0x23, let position = Int64(trimmed.dropFirst()), position > 0 {
            return [.position(position)] + others
        }
        if let id = CommandID(trimmed) { return [.command(id)] + others }
        if text.utf8.first == 0x3C, text.utf8.last == 0x3E {
            // Our own Message-ID has the command's id before the at sign (DESIGN 5.4).
            let local = trimmed.dropFirst().prefix { $0 != "@" }
            let command = CommandID(String(local)).map { [Question.command($0)] } ?? []
            return [.providerMessage(text)] + command + others.dropLast()
        }
        if EmailAddress(trimmed) != nil { return [.recipient(text)] + others }
        return others
    }
}
