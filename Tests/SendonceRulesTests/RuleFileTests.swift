// What a good file becomes.
import SendonceCore
import Testing

@testable import SendonceRules

@Suite("Rule files")
struct RuleFileTests {
    @Test("Every good file is read without a mistake", arguments: try Fixtures.ruleFiles("good"))
    func good(file: String) throws {
        let parsed = try Fixtures.parse("good", file)
        #expect(parsed.ruleSet.digest == parsed.source.digest)
    }

    @Test("There are good files of several kinds")
    func enough() throws {
        #expect(try Fixtures.ruleFiles("good").count >= 6)
    }

    @Test("Each payload path gets one slot, in the order in which the file names them")
    func slots() throws {
        let rules = try Fixtures.parse("good", "shop.yaml").ruleSet
        #expect(
            rules.payloadPaths.map(\.description) == [
                "data.total", "data.test", "data.customer.email", "data.order_id", "data.customer.first_name",
                "data.email", "data.reset_token", "data.user_id", "data.url", "data.customer.id",
                "data.items",
            ])
        #expect(Set(rules.payloadPaths).count == rules.payloadPaths.count)
        let confirmation = try #require(rules.rule(named: "order-confirmation"))
        #expect(confirmation.recipient.slot == 2)
        #expect(confirmation.condition?.slots == [0, 1])
        #expect(rules.reading(of: "order.placed")?.slots == [0, 1, 2, 3, 4])
        #expect(rules.reading(of: "order.returned")?.slots == [2, 9])
        #expect(rules.reading(of: "order.delivered")?.slots == [2, 3, 4, 9, 10])
    }

    @Test("`$.data.x` and `data.x` are one path with one slot")
    func dollar() throws {
        let rules = try parse(ruleFile("to: $.data.email", "supersedes: [data.email]")).ruleSet
        #expect(rules.payloadPaths.map(\.description) == ["data.email", "data.order_id"])
    }

    @Test("Every field of a rule arrives as it was written")
    func full() throws {
        let rule = try #require(try Fixtures.parse("good", "full.yaml").ruleSet.rules.first)
        #expect(rule.name == "every-field" && rule.scope == "every-field" && rule.was == "invoice")
        #expect(rule.event == "invoice/created:v2")
        #expect(
            rule.condition?.text
                == #"data.total > 0 && (type.startsWith("invoice") || data["bill to"].country in ["DE", "AT"])"#
        )
        #expect(
            rule.key.map(\.description)
                == [
                    "data.invoice", "recipient", "type", "source", #"data["bill to"].id"#,
                    "data.lines[0].sku",
                ])
        #expect(
            rule.window == .every(.days(1)) && rule.delay == .milliseconds(250)
                && rule.expiresAfter == .hours(24))
        #expect(rule.supersedes?.map(\.description) == ["data.customer.id"])
        #expect(rule.cancellation?.event == "invoice.paid" && rule.cancellation?.key.count == 6)
        #expect(rule.route == "maildir" && rule.onUnknown == .lookUp)
        #expect(
            rule.message.from.name == "Shop, Inc."
                && rule.message.from.address.description == "billing@shop.example")
        #expect(rule.message.replyTo?.name == "Billing")
        #expect(rule.message.cc.map(\.description) == ["archive@shop.example"])
        #expect(rule.message.bcc.map(\.description) == ["audit@shop.example", "law@shop.example"])
        guard case .provider(let id, let params) = rule.message.template else {
            Issue.record("not a provider's template")
            return
        }
        #expect(id == "12")
        let sources = params.map { param in
            switch param.source {
            case .field(let field): "\(param.name)=\(field.path)"
            case .fieldOr(let field, let value): "\(param.name)=\(field.path) or \(value.jsonText)"
            case .recipient: "\(param.name)=recipient"
            case .value(let value): "\(param.name)=always \(value.jsonText)"
            }
        }
        #expect(
            sources == [
                "INVOICE=data.invoice", "name=data.customer.first_name or \"customer\"",
                "copies=data.copies or 1",
                "shop=always \"012\"", "ratio=always 1.5", "flag=always true", "mail=recipient",
                "number=subject",
            ])
    }

    @Test("What YAML could take for a number, a boolean or a time is read as it stands")
    func traps() throws {
        let rules = try Fixtures.parse("good", "traps.yaml").ruleSet.rules
        #expect(rules.map(\.name) == ["012", "no", "on"])
        #expect(rules.map(\.event) == ["yes", "null", "1:30"])
        #expect(rules.allSatisfy { $0.route == "on" })
        let ids = rules.map { rule in
            if case .provider(let id, _) = rule.message.template { return id.string }
            return ""
        }
        #expect(ids == ["012", "1_000", "0x1F"])
        #expect(rules[0].key.map(\.description) == ["data.no", "data.yes", "data.null"])
    }

    @Test("The digest of a file and its templates never changes")
    func digest() throws {
        #expect(
            try Fixtures.parse("good", "params.yaml").source.digest.description
                == "282b8df39bc122f0340f679fc5af7ff5b4acd4d88be5053e1386fd3bb097bea6")
        let source = RuleSource(
            content: Array("b".utf8),
            templates: [.init(name: "z", content: [1]), .init(name: "a", content: [])])
        #expect(source.templates.map(\.name) == ["a", "z"])
        #expect(
            source.digest.description == "8b07fe2fbad5bebb65346e698c8447f347184d92b5aba81835ca3af6459cdd89")
    }

    @Test("The digest covers content and templates, and not the file's name")
    func digestCovers() throws {
        func digest(_ text: String, _ subject: String, fileName: String = "rules.yaml") throws -> Digest {
            try RuleFile.parse(Array(text.utf8), fileName: fileName) { name in
                switch name {
                case "a.subject.mustache": Array(subject.utf8)
                case "a.txt.mustache", "other.txt.mustache": Array("x".utf8)
                default: nil
                }
            }.source.digest
        }
        let text = ruleFile("template: { file: a }")
        let first = try digest(text, "Hello")
        #expect(try digest(text, "Hello", fileName: "elsewhere/other.yaml") == first)
        #expect(try digest(text, "Hello!") != first)
        #expect(try digest(text + "# comment\n", "Hello") != first)
    }

    @Test("The source holds exactly the templates that are used, and is read again from them alone")
    func source() throws {
        let parsed = try Fixtures.parse("good", "shop.yaml")
        #expect(
            parsed.source.templates.map(\.name) == [
                "password-reset.html.mustache", "password-reset.subject.mustache",
                "password-reset.txt.mustache",
                "review.subject.mustache", "review.txt.mustache",
            ])
        let again = try RuleFile.parse(parsed.source, fileName: "stored")
        #expect(again.ruleSet.rules == parsed.ruleSet.rules)
        #expect(again.ruleSet.digest == parsed.ruleSet.digest)
    }

    @Test("Defaults are what rules without a value of their own get")
    func defaults() throws {
        let parsed = try Fixtures.parse("good", "shop.yaml")
        #expect(parsed.defaults.route == "brevo" && parsed.defaults.from?.name == "Shop")
        #expect(
            parsed.ruleSet.rules.allSatisfy { $0.route == "brevo" && $0.message.from == parsed.defaults.from }
        )
    }

    @Test("Examples keep their payload as JSON, in the order of the file and with the types that stand there")
    func examples() throws {
        let examples = try Fixtures.parse("good", "full.yaml").examples
        #expect(examples.count == 2)
        let first = try #require(examples.first)
        #expect(
            String(decoding: first.payload, as: UTF8.self)
                == #"{"invoice":"012-7","total":4.2,"nothing":null,"flags":[true,false,null],"negative":-3,"#
                + #""exponent":1e3,"note":"He said \"yes\"","customer":{"email":"ann@Shop.example","id":7}}"#)
        #expect(first.id == "evt-1" && first.source == "billing" && first.subject == "12")
        #expect(first.occurredAt == Timestamp("2026-11-21T22:04:05Z"))
        #expect(first.rule == "every-field" && first.expectation.decision == "key_missing")
        let event = examples[1].event(at: Timestamp(microseconds: 5))
        #expect(
            event.type == "invoice.paid" && event.occurredAt.microseconds == 5
                && event.payload == Array("{}".utf8))
        let shop = try #require(try Fixtures.parse("good", "shop.yaml").examples.first)
        #expect(shop.expectation == .init(decision: "emitted", key: ["42"], to: "a@x.test"))
        #expect(shop.place == Place(line: 12, column: 9))
    }

    @Test("Scopes of an activation replace those of the file, and the digest stays")
    func scopes() throws {
        let rules = try Fixtures.parse("good", "shop.yaml").ruleSet
        let scoped = rules.withScopes(["review-request": "ask", "unknown": "x"])
        #expect(scoped.rules.map(\.scope) == ["order-confirmation", "password-reset", "ask"])
        #expect(scoped.digest == rules.digest && scoped.payloadPaths == rules.payloadPaths)
    }
}
