// One message, complete: what a provider turns into a request. Made from recorded values only, so every
// attempt of a command makes the same one.
package import SendonceCore
package import SendonceTemplates

package struct Message: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// At least one of the bodies is there.
        case rendered(subject: Text, html: Text?, text: Text?)
        /// A template that the provider holds; params are an object.
        case template(id: Text, params: JSONValue)
    }

    package var command: CommandID
    package var to: EmailAddress
    package var from: Mailbox
    package var replyTo: Mailbox?
    package var cc: [EmailAddress]
    package var bcc: [EmailAddress]
    package var content: Content
    /// The event's own time, not that of the attempt: a repeat must not differ by its date.
    package var createdAt: Timestamp

    package init(
        command: CommandID, to: EmailAddress, from: Mailbox, replyTo: Mailbox? = nil, cc: [EmailAddress] = [],
        bcc: [EmailAddress] = [], content: Content, createdAt: Timestamp
    ) {
        self.command = command
        self.to = to
        self.from = from
        self.replyTo = replyTo
        self.cc = cc
        self.bcc = bcc
        self.content = content
        self.createdAt = createdAt
    }
}

/// Why a message or its request cannot be made. The command is held with `template_error` and these words.
package enum MessageError: Error, Hashable, Sendable {
    /// The rule set that decided has no rule of the command's name: the stored files do not fit.
    case noRule(String)
    case render(RenderError)
    /// A control character or a line break in text that would stand in a header; which text.
    case unsafeHeader(String)
    /// The provider cannot have a template of this id; what its ids look like.
    case templateID(String, provider: String, form: String)
    case noBody
    /// Longer than `DeliveryLimits.requestBytes`.
    case tooLong(bytes: Int)
    /// The route's settings do not fit its provider: words for a person.
    case route(String)

    package var description: String {
        switch self {
        case .noRule(let name): "the rule set has no rule \(name)"
        case .render(let error): error.description
        case .unsafeHeader(let part): "the \(part) contains a control character or a line break"
        case .templateID(let id, let provider, let form):
            "\(JSONValue.quoted(id)) is not a template id of \(provider): write \(form)"
        case .noBody: "the message has neither a text nor an HTML body"
        case .tooLong(let bytes):
            "the message has \(bytes) bytes, more than \(DeliveryLimits.requestBytes)"
        case .route(let words): words
        }
    }
}
