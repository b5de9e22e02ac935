// Brevo: one message by POST /v3/smtp/email. Facts from
// https://developers.brevo.com/reference/sendtransacemail and
// https://developers.brevo.com/docs/heterogenous-versions-batch-emails (read 2026-11).
package import SendonceCore

/// Brevo takes a key inside the JSON body and refuses a repeat with `duplicate_parameter`, without the first
/// answer.
package struct BrevoProvider: Provider {
    package init() {}

    package var kind: ProviderKind { .brevo }

    /// The documents speak of 15 minutes (2021) and 30 (now); a third of the shorter one stays unused.
    package var capability: Capability { .refuse(KeyWindow(length: .minutes(15), margin: .minutes(5))) }

    package func check(_ route: Route) throws(MessageError) {
        _ = try BrevoProvider.secret(of: route)
        _ = try BrevoProvider.address(of: route)
    }

    package func check(templateID id: Text) throws(MessageError) {
        _ = try BrevoProvider.templateNumber(id)
    }

    private static func secret(of route: Route) throws(MessageError) -> Secret {
        guard let secret = route.secret else { throw .route("the route \(route.name) has no API key") }
        return secret
    }

    package func request(for message: Message, at route: Route) throws(MessageError) -> ProviderRequest {
        try message.checkHeaders()
        return try ProviderRequest(
            .brevo, method: "POST", url: try BrevoProvider.address(of: route),
            headers: [
                Header("api-key", try BrevoProvider.secret(of: route).reveal()),
                Header("content-type", "application/json"),
                Header("accept", "application/json"),
            ],
            body: JSONWriter.bytes(of: try BrevoProvider.document(of: message)))
    }

    private static func address(of route: Route) throws(MessageError) -> String {
        let bytes = Array(route.url.utf8)
        guard route.url.hasPrefix("https://") || route.url.hasPrefix("http://"),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) && ![0x3F, 0x23, 0x40].contains($0) })
        else { throw .route("the route \(route.name) has no usable URL") }
        let base = bytes.reversed().drop { $0 == 0x2F }.reversed()
        return String(decoding: Array(base), as: UTF8.self) + "/v3/smtp/email"
    }

    /// The members in their fixed order. The key must be spelled `idempotencyKey` and stand in the body's
    /// `headers`: in another spelling, or as an HTTP header, Brevo accepts a message twice
    /// (https://github.com/getbrevo/brevo-node/issues/94).
    private static func document(of message: Message) throws(MessageError) -> JSONValue {
        let command = JSONValue.string(Text(message.command.description))
        var members = [
            JSONMember("sender", object(message.from)),
            JSONMember("to", .array([object(Mailbox(name: nil, address: message.to))])),
        ]
        if !message.cc.isEmpty { members.append(JSONMember("cc", list(message.cc))) }
        if !message.bcc.isEmpty { members.append(JSONMember("bcc", list(message.bcc))) }
        if let replyTo = message.replyTo { members.append(JSONMember("replyTo", object(replyTo))) }
        members += try content(of: message)
        members.append(JSONMember("headers", .object([JSONMember("idempotencyKey", command)])))
        members.append(JSONMember("tags", .array([command])))
        return .object(members)
    }

    private static func content(of message: Message) throws(MessageError) -> [JSONMember] {
        switch message.content {
        case .template(let id, let params):
            var members = [JSONMember("templateId", .integer(try templateNumber(id)))]
            if params != .object([]) { members.append(JSONMember("params", params)) }
            return members
        case .rendered(let subject, let html, let text):
            var members = [JSONMember("subject", .string(subject))]
            // Without a template Brevo wants an HTML body; a text alone would be refused for good.
            if let body = html ?? text.map(preformatted) {
                members.append(JSONMember("htmlContent", .string(body)))
            }
            if let text { members.append(JSONMember("textContent", .string(text))) }
            return members
        }
    }

    /// Brevo names templates by positive integers.
    private static func templateNumber(_ id: Text) throws(MessageError) -> String {
        guard id.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(id.string), number > 0
        else {
            throw .templateID(id.string, provider: "Brevo", form: "a positive whole number")
        }
        return String(number)
    }

    private static func preformatted(_ text: Text) -> Text {
        var escaped = ""
        for scalar in text.string.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return Text(
            "<html><body><pre style=\"white-space:pre-wrap;font:inherit\">\(escaped)</pre></body></html>")
    }

    private static func object(_ mailbox: Mailbox) -> JSONValue {
        let name = mailbox.name.map { [JSONMember("name", .string($0))] } ?? []
        return .object(name + [JSONMember("email", .string(Text(mailbox.address.description)))])
    }

    private static func list(_ addresses: [EmailAddress]) -> JSONValue {
        .array(addresses.map { object(Mailbox(name: nil, address: $0)) })
    }
}
