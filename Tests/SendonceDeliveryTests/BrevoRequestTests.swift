// What Brevo is asked: the bytes of requests, compared with fixtures/providers/brevo/requests.
import Foundation
import SendonceCore
import SendonceDelivery
import Testing

@Suite struct BrevoRequestTests {
    private func body(_ message: Message) throws -> String {
        String(decoding: try BrevoProvider().request(for: message, at: Example.brevo()).body, as: UTF8.self)
    }

    static func golden(_ name: String) throws -> Message {
        var message = try Example.message()
        switch name {
        case "rendered":
            message.cc = [try Example.address("copy@x.test")]
            message.bcc = [try Example.address("archive@x.test")]
            message.replyTo = Mailbox(name: "Support", address: try Example.address("help@shop.example"))
        case "text-only":
            message.content = .rendered(subject: "Plain", html: nil, text: "a < b & c\n")
            message.from.name = nil
        case "provider-template":
            message.content = .template(
                id: "3",
                params: .object([
                    JSONMember("name", .string("Ann")),
                    JSONMember("order", .integer("123456789012345678901234567890")),
                    JSONMember("items", .array([.null, .bool(true), .number("1.50")])),
                ]))
        case "hostile-text":
            message.content = .rendered(
                subject: "Grüße 👩‍👩‍👧 שלום", html: "<p>\"\\\u{2028}\0\u{1B}\r\n</p>", text: "a\tb\r\n\u{202E}x")
        default: break
        }
        return message
    }

    @Test(
        "A message becomes exactly these bytes",
        arguments: ["rendered", "html-and-text", "text-only", "provider-template", "hostile-text"])
    func golden(name: String) throws {
        let expected = try String(
            contentsOf: Example.fixtures("brevo/requests/\(name).json"), encoding: .utf8)
        let made = try body(try Self.golden(name)) + "\n"
        #expect(made.utf8.elementsEqual(expected.utf8), "\(name): \(made)")
    }

    @Test("Foundation reads from the bytes what was put in")
    func parsed() throws {
        let data = Data(try body(try Self.golden("hostile-text")).utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let id = Example.command().description
        #expect(object["subject"] as? String == "Grüße 👩‍👩‍👧 שלום")
        #expect((object["headers"] as? [String: String]) == ["idempotencyKey": id])
        #expect((object["tags"] as? [String]) == [id])
        #expect(
            (object["htmlContent"] as? String)?.utf8.elementsEqual("<p>\"\\\u{2028}\0\u{1B}\r\n</p>".utf8)
                == true)
    }

    @Test("A repeat has the same bytes and the same digest")
    func repeats() throws {
        for name in ["rendered", "provider-template", "hostile-text"] {
            let first = try BrevoProvider().request(for: try Self.golden(name), at: Example.brevo())
            let second = try BrevoProvider().request(for: try Self.golden(name), at: Example.brevo())
            #expect(first.body == second.body)
            #expect(first.digest == second.digest)
        }
    }

    @Test("The digest depends on provider and body, and neither on the secret nor on a URL that is corrected")
    func digest() throws {
        let message = try Example.message()
        let digest = try BrevoProvider().request(for: message, at: Example.brevo()).digest
        #expect(
            try BrevoProvider().request(for: message, at: Example.brevo(secret: "another-key-00")).digest
                == digest)
        #expect(
            try BrevoProvider().request(for: message, at: Example.brevo(url: "https://b.example")).digest
                == digest)
        let other = try Example.message(subject: "Your order 43")
        #expect(try BrevoProvider().request(for: other, at: Example.brevo()).digest != digest)
    }

    @Test("The secret stands in the api-key header and nowhere else")
    func secret() throws {
        let route = Example.brevo()
        let request = try BrevoProvider().request(for: try Example.message(), at: route)
        #expect(request.headers.filter { $0.value == Example.secretText }.map(\.name) == ["api-key"])
        var dumped = ""
        dump(request, to: &dumped)
        dump(route, to: &dumped)
        dump(route.secret, to: &dumped)
        let texts = [
            "\(request)", "\(route)", String(reflecting: request), String(reflecting: route), dumped,
            request.url, String(decoding: request.body, as: UTF8.self), "\(String(describing: route.secret))",
        ]
        for text in texts { #expect(!text.contains(Example.secretText), "\(text)") }
    }

    @Test(
        "A secret that cannot stand in a header is none",
        arguments: ["", " \n", "a b", "a\r\nb: c", "é", "a\0b"])
    func badSecret(text: String) {
        #expect(Secret(text) == nil)
    }

    @Test(
        "A template id that is not a positive number is refused",
        arguments: ["", "0", "-1", "+1", "1.0", "abc", "3 ", "３", "99999999999999999999"])
    func templateID(id: String) throws {
        var message = try Example.message()
        message.content = .template(id: Text(id), params: .object([]))
        #expect(throws: MessageError.templateID(id, provider: "Brevo", form: "a positive whole number")) {
            try body(message)
        }
    }

    @Test(
        "A control character or line break in a subject or display name is refused",
        arguments: ["\r\n", "\n", "\r", "\0", "\t", "\u{7F}", "\u{85}", "\u{2028}", "\u{2029}"])
    func headers(control: String) throws {
        let text = Text("a\(control)Bcc: b@x.test")
        let messages = [try Example.message(subject: text), try Example.message(name: text)]
        for (message, part) in zip(messages, ["subject", "display name"]) {
            for provider: any Provider in [BrevoProvider(), MaildirProvider()] {
                let route = provider.kind == .brevo ? Example.brevo() : Example.maildir()
                #expect(throws: MessageError.unsafeHeader(part)) {
                    try provider.request(for: message, at: route)
                }
            }
        }
    }

    @Test("An address that was recorded and never parsed is refused")
    func addresses() throws {
        for local: Text in ["a\r\nBcc: b", "a,b", "a b", "a\0", "<a>", "\"a\""] {
            var message = try Example.message()
            message.to = EmailAddress(recorded: Text("\(local)@x.test"))
            #expect(throws: MessageError.unsafeHeader("address")) { try body(message) }
        }
    }

    @Test(
        "A route without a usable URL or key is an error, not a request",
        arguments: [
            "", "api.brevo.com", "ftp://x", "https://u:p@x", "https://x/?a", "https://x#a", "https://x\r\ny",
        ])
    func badRoute(url: String) throws {
        let message = try Example.message()
        for route in [Example.brevo(url: url), Example.brevo(secret: nil)] {
            #expect(throws: MessageError.self) { try BrevoProvider().check(route) }
            #expect(throws: MessageError.self) { try BrevoProvider().request(for: message, at: route) }
        }
        var files = Example.maildir()
        files.url = url
        #expect(throws: MessageError.self) { try MaildirProvider().check(files) }
        #expect(throws: MessageError.self) { try MaildirProvider().request(for: message, at: files) }
        try BrevoProvider().check(Example.brevo())
        try MaildirProvider().check(Example.maildir())
    }

    @Test("A message that is too long is refused")
    func tooLong() throws {
        let text = Text(String(repeating: "x", count: DeliveryLimits.requestBytes))
        let message = try Example.message(html: nil, text: text)
        #expect(throws: MessageError.self) { try body(message) }
    }

    @Test("A slash at the end of the base URL makes no difference")
    func slash() throws {
        let message = try Example.message()
        for url in ["http://127.0.0.1:8025", "http://127.0.0.1:8025/", "http://127.0.0.1:8025//"] {
            let request = try BrevoProvider().request(for: message, at: Example.brevo(url: url))
            #expect(request.url == "http://127.0.0.1:8025/v3/smtp/email")
        }
    }

    @Test("After a first attempt that may have left, another is safe for ten minutes")
    func window() {
        let start = Example.epoch
        #expect(BrevoProvider().capability.safeUntil(firstUnsureAt: start) == start + .minutes(10))
    }
}
