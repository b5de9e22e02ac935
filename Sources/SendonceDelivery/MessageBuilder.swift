// From a command and the event that won its key to a message.
package import SendonceCore
package import SendonceTemplates

package enum MessageBuilder {
    /// The message of a command: pure, and the same for every attempt.
    ///
    /// `rule` and `templates` are those of the rule set that decided (`command.ruleSet`), `document` is the
    /// event's whole payload.
    package static func message(
        for command: Command, rule: Rule, event: Event, document: JSONValue, templates: TemplateSet
    ) throws(MessageError) -> Message {
        let filled = EventDocument(event: event, data: document, recipient: command.recipient)
        let message = Message(
            command: command.id, to: command.recipient, from: rule.message.from,
            replyTo: rule.message.replyTo,
            cc: rule.message.cc, bcc: rule.message.bcc,
            content: try content(of: rule.message.template, filled, templates), createdAt: command.occurredAt)
        try message.checkHeaders()
        return message
    }

    private static func content(
        of template: Template, _ document: EventDocument, _ templates: TemplateSet
    ) throws(MessageError) -> Message.Content {
        do throws(RenderError) {
            switch template {
            case .provider(let id, let params):
                return .template(id: id, params: try document.object(of: params))
            case .file(let name, let params):
                let context = params.isEmpty ? document.context : try document.object(of: params)
                let rendered = try templates.render(name, context: context)
                return .rendered(subject: rendered.subject, html: rendered.html, text: rendered.text)
            }
        } catch {
            throw .render(error)
        }
    }
}

extension Message {
    /// Refuses what could break out of a header. Addresses are checked again although they were parsed: this
    /// is the last place before bytes are made, and a recorded row may have been changed by hand.
    package func checkHeaders() throws(MessageError) {
        for address in [to, from.address] + cc + bcc + (replyTo.map { [$0.address] } ?? [])
        where EmailAddress(address.description) != address {
            throw .unsafeHeader("address")
        }
        for name in [from.name, replyTo?.name] {
            guard name?.isHeaderSafe ?? true else { throw .unsafeHeader("display name") }
        }
        if case .rendered(let subject, let html, let text) = content {
            guard subject.isHeaderSafe else { throw .unsafeHeader("subject") }
            guard html != nil || text != nil else { throw .noBody }
        }
    }
}
