// From a command to a message.
import SendonceCore
import SendonceDelivery
import SendonceTemplates
import Testing

@Suite struct MessageBuilderTests {
    private static let data = JSONValue.object([
        JSONMember("name", .string("Ann")), JSONMember("order", .integer("42")),
    ])

    private func message(_ template: Template, data: JSONValue = data) throws -> Message {
        let from = Mailbox(name: "Shop", address: try Example.address("no-reply@shop.example"))
        let recipient = FieldReference(path: Path(.data, [.member("email")]), slot: 0)
        let rule = Rule(
            name: "confirmation", scope: "confirmation", event: "order.placed", recipient: recipient,
            key: [.recipient],
            message: MessageSource(from: from, template: template), route: "brevo")
        let command = Command(
            id: Example.command(), position: 1, rule: "confirmation", item: 0,
            key: Key(scope: "confirmation", parts: ["ann@x.test"]), slot: "forever", generation: 1,
            ruleSet: DigestBuilder.digest(of: []), recipient: try Example.address("ann@x.test"),
            route: "brevo",
            occurredAt: Example.epoch, notBefore: Example.epoch, expiresAt: nil, onUnknown: nil,
            supersedeDigest: nil)
        let event = Event(type: "order.placed", payload: [], occurredAt: Example.epoch)
        let templates = TemplateSet(files: [
            "c.subject.mustache": Array("Order {{data.order}} of {{type}}\n".utf8),
            "c.txt.mustache": Array("Dear {{data.name}} at {{recipient}}\n".utf8),
            "p.subject.mustache": Array("Order {{number}}\n".utf8),
            "p.html.mustache": Array("{{number}}".utf8),
        ])
        return try MessageBuilder.message(
            for: command, rule: rule, event: event, document: data, templates: templates)
    }

    @Test("A template without params sees the event and the recipient")
    func event() throws {
        let made = try message(.file(name: "c", params: []))
        #expect(
            made.content
                == .rendered(subject: "Order 42 of order.placed", html: nil, text: "Dear Ann at ann@x.test\n")
        )
        #expect(made.command == Example.command())
        #expect(made.createdAt == Example.epoch)
        #expect(made.to.description == "ann@x.test")
    }

    @Test("A template with params sees nothing but them")
    func params() throws {
        let order = FieldReference(path: Path(.data, [.member("order")]), slot: 0)
        let number = [TemplateParam(name: "number", source: .field(order))]
        #expect(
            try message(.file(name: "p", params: number)).content
                == .rendered(subject: "Order 42", html: "42", text: nil))
        #expect(throws: MessageError.render(.missing("data.order"))) {
            try message(.file(name: "c", params: number))
        }
        #expect(
            try message(.provider(id: "3", params: number)).content
                == .template(id: "3", params: .object([JSONMember("number", .integer("42"))])))
    }

    @Test("What the event does not fill is an error with its name, never a blank")
    func missing() throws {
        let empty = JSONValue.object([])
        let field = FieldReference(path: Path(.data, [.member("nobody")]), slot: 0)
        #expect(throws: MessageError.render(.missing("data.order"))) {
            try message(.file(name: "c", params: []), data: empty)
        }
        #expect(throws: MessageError.render(.missing("who"))) {
            try message(.provider(id: "3", params: [TemplateParam(name: "who", source: .field(field))]))
        }
        #expect(throws: MessageError.render(.noTemplate("nobody"))) {
            try message(.file(name: "nobody", params: []))
        }
    }

    @Test("A line break that the event brings into a subject is an error")
    func injection() throws {
        let data = JSONValue.object([
            JSONMember("name", .string("Ann")), JSONMember("order", .string("42\r\nBcc: x@y.test")),
        ])
        #expect(throws: MessageError.render(.controlInSubject)) {
            try message(.file(name: "c", params: []), data: data)
        }
    }
}
