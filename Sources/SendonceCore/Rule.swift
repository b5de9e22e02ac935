// What a person writes to say which event may send which message, and how often.

/// One rule of a rule set, checked and with its fields resolved to slots.
package struct Rule: Hashable, Sendable {
    /// Stable name, `[a-z0-9]` and hyphens, at most 64 bytes.
    package var name: Text
    /// The name under which the rule's keys stand in the ledger: its own, or that of the rule that it `was`.
    package var scope: Text
    /// The name that this rule had in the rule set before, so that a rename keeps its keys.
    package var was: Text?
    /// The event type that it acts on.
    package var event: Text
    package var condition: Condition?
    package var recipient: FieldReference
    package var key: [KeyPart]
    package var window: Window
    /// The command is not due before the event's time plus this.
    package var delay: Span?
    /// The command is not sent after the event's time plus this.
    package var expiresAfter: Span?
    /// A newer command with the same parts ends an older one that is still unsent.
    package var supersedes: [KeyPart]?
    package var cancellation: Cancellation?
    package var message: MessageSource
    package var route: Text
    package var onUnknown: OnUnknown?

    package init(
        name: Text, scope: Text, was: Text? = nil, event: Text, condition: Condition? = nil,
        recipient: FieldReference, key: [KeyPart], window: Window = .forever, delay: Span? = nil,
        expiresAfter: Span? = nil, supersedes: [KeyPart]? = nil, cancellation: Cancellation? = nil,
        message: MessageSource, route: Text, onUnknown: OnUnknown? = nil
    ) {
        self.name = name
        self.scope = scope
        self.was = was
        self.event = event
        self.condition = condition
        self.recipient = recipient
        self.key = key
        self.window = window
        self.delay = delay
        self.expiresAfter = expiresAfter
        self.supersedes = supersedes
        self.cancellation = cancellation
        self.message = message
        self.route = route
        self.onUnknown = onUnknown
    }
}

/// `cancel_on`: an event of another type that ends an unsent command of the same key.
package struct Cancellation: Hashable, Sendable {
    package var event: Text
    /// As many parts as the rule's own key, in its order.
    package var key: [KeyPart]

    package init(event: Text, key: [KeyPart]) {
        self.event = event
        self.key = key
    }
}

/// What to do when nobody knows whether a message was accepted. Without a word the provider's capability
/// decides.
package enum OnUnknown: String, Hashable, Sendable, CaseIterable {
    /// Wait for a person.
    case hold
    /// Send again without proof: a lost mail is worse than a second one. The audit says so.
    case retry
    /// Ask the provider; presence proves, absence does not.
    case lookUp = "look_up"
}

/// Where subject and body come from, and who the message says it is from.
package struct MessageSource: Hashable, Sendable {
    package var from: Mailbox
    package var replyTo: Mailbox?
    package var cc: [EmailAddress]
    package var bcc: [EmailAddress]
    package var template: Template
    /// What the template files cannot do without; checked when the event is decided.
    package var needs: [TemplateNeed]
    /// The payload paths that `needs` name with a first name of `data`, wherever they stand.
    package var contextFields: [FieldReference]

    package init(
        from: Mailbox, replyTo: Mailbox? = nil, cc: [EmailAddress] = [], bcc: [EmailAddress] = [],
        template: Template, needs: [TemplateNeed] = [], contextFields: [FieldReference] = []
    ) {
        self.from = from
        self.replyTo = replyTo
        self.cc = cc
        self.bcc = bcc
        self.template = template
        self.needs = needs
        self.contextFields = contextFields
    }
}

/// A mailbox with an optional display name, as `from` has it.
package struct Mailbox: Hashable, Sendable {
    /// Without control characters.
    package var name: Text?
    package var address: EmailAddress

    package init(name: Text?, address: EmailAddress) {
        self.name = name
        self.address = address
    }
}

package enum Template: Hashable, Sendable {
    /// A template that the provider holds, filled with params.
    case provider(id: Text, params: [TemplateParam])
    /// Mustache files beside the rule file: NAME.subject.mustache, NAME.html.mustache, NAME.txt.mustache.
    /// With params, those are the context; without, the context is the event: `data`, `recipient`, `type` and
    /// so on.
    case file(name: Text, params: [TemplateParam])

    package var params: [TemplateParam] {
        switch self {
        case .provider(_, let params), .file(_, let params): params
        }
    }
}

package struct TemplateParam: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        /// Required: missing or null is `param_missing(name)`.
        case field(FieldReference)
        /// As `field`, but the given value stands in for a missing one and for null.
        case fieldOr(FieldReference, JSONValue)
        case recipient
        case value(JSONValue)
    }

    package var name: Text
    package var source: Source

    package init(name: Text, source: Source) {
        self.name = name
        self.source = source
    }
}

/// What a template file must find in its context. Names are looked up as Mustache does: in the innermost
/// section first, then outwards. An empty list of names is the section's own value, `{{.}}`.
package indirect enum TemplateNeed: Hashable, Sendable {
    /// `{{a.b}}`: must be there and be a text, a number or a boolean. Anything else is `param_missing`, never
    /// a blank.
    case variable([Text])
    /// `{{#a.b}}…{{/a.b}}`: absent, null, false and an empty list leave the section out; else the inner needs
    /// hold for every element of a list, or for the value itself.
    case section([Text], [TemplateNeed])
    /// `{{^a.b}}…{{/a.b}}`: the inner needs hold where the value is absent, null, false or an empty list.
    case inverted([Text], [TemplateNeed])
}
