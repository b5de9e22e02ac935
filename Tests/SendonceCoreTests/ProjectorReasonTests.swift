// Every reason of the closed list: the event that earns it, and what the decision says.
import Testing

@testable import SendonceCore

@Suite("Projector: reasons")
struct ProjectorReasonTests {
    static let ann: JSONValue = .string("ann@x.test")

    private func only(_ event: SampleEvent, _ rules: RuleSet) throws -> Decision {
        let decisions = SampleLedger.decisions([event], under: rules)
        #expect(decisions.count == 1)
        return try #require(decisions.first)
    }

    @Test("The first event of a key is emitted, with a command made from the rule and the event")
    func emitted() throws {
        let rules = SampleRules.one(once: ["data.user_id", "recipient"]) { rule, sample in
            rule.delay = .days(3)
            rule.expiresAfter = .days(5)
            rule.onUnknown = .lookUp
            rule.supersedes = sample.parts(["data.user_id"])
        }
        let event = SampleEvent(at: 1_000, ["user_id": .integer("42"), "email": .string("Ann@X.Test")])
        let decision = try only(event, rules)
        #expect(decision.reason == .emitted)
        #expect(decision.key == Key(scope: "welcome", parts: ["42", "Ann@x.test"]))
        #expect(decision.recipient == "Ann@x.test")
        let command = try #require(decision.command)
        let key = try #require(decision.key)
        #expect(command.id == CommandID(key: key.digest, slot: "forever", generation: 1))
        #expect(command.position == 1 && command.item == 0 && command.generation == 1)
        #expect(command.rule == "welcome" && command.slot == "forever" && command.route == "brevo")
        #expect(command.key == key && command.ruleSet == rules.digest && command.onUnknown == .lookUp)
        #expect(command.occurredAt.microseconds == 1_000)
        #expect(command.notBefore == command.occurredAt + .days(3))
        #expect(command.expiresAt == command.occurredAt + .days(5))
        #expect(command.supersedeDigest == Key(scope: "welcome", parts: ["42"]).digest)
    }

    @Test("Without delay and expiry a command is due at the event's time and never expires")
    func defaults() throws {
        let command = try #require(try only(SampleEvent(at: 7), SampleRules.one()).command)
        #expect(command.notBefore.microseconds == 7)
        #expect(command.expiresAt == nil && command.onUnknown == nil && command.supersedeDigest == nil)
    }

    @Test(
        "A second event of a key is a duplicate that names the winner, in the same batch and in a later one")
    func duplicate() {
        let rules = SampleRules.one()
        var ledger = SampleLedger()
        let event = SampleEvent()
        let first = ledger.project([(1, event, rules), (2, event, rules)])
        let later = ledger.project([(3, event, rules)])
        #expect((first + later).map(\.reason) == [.emitted, .duplicate(winner: 1), .duplicate(winner: 1)])
        #expect((first + later).compactMap(\.command).count == 1)
        #expect(later[0].key == first[0].key && later[0].command == nil)
    }

    @Test("Inside a window the decision names the nearest winner and until when it competes")
    func withinWindow() {
        let day = Span.days(1).microseconds
        let times: [Int64] = [0, day - 1, day, 2 * day - 1, -day, -1, 3 * day / 2]
        let decisions = SampleLedger.decisions(
            times.map { SampleEvent(at: $0) }, under: SampleRules.one(window: .within(.days(1))))
        #expect(
            decisions.map(\.reason) == [
                .emitted,
                .withinWindow(winner: 1, until: Timestamp(microseconds: day)),
                .emitted,
                .withinWindow(winner: 3, until: Timestamp(microseconds: 2 * day)),
                .emitted,
                .withinWindow(winner: 1, until: Timestamp(microseconds: day)),
                .withinWindow(winner: 3, until: Timestamp(microseconds: 2 * day)),
            ])
    }

    @Test("Of two equally near winners the earlier position is named")
    func equallyNear() {
        let day = Span.days(1).microseconds
        let rules = SampleRules.one(window: .within(.days(1)))
        let times = [day, 0, day / 2]
        let reason = SampleLedger.decisions(times.map { SampleEvent(at: $0) }, under: rules).last?.reason
        #expect(reason == .withinWindow(winner: 1, until: Timestamp(microseconds: 2 * day)))
    }

    @Test("Under `every` the decision names the slot's winner and the slot's end")
    func everyWindow() {
        let day = Span.days(1).microseconds
        let times: [Int64] = [day - 1, 0, day, -1, -day]
        let decisions = SampleLedger.decisions(
            times.map { SampleEvent(at: $0) }, under: SampleRules.one(window: .every(.days(1))))
        #expect(
            decisions.map(\.reason) == [
                .emitted, .withinWindow(winner: 1, until: Timestamp(microseconds: day)), .emitted, .emitted,
                .withinWindow(winner: 4, until: Timestamp(microseconds: 0)),
            ])
    }

    @Test("A false condition is a decision, and nothing else is asked of the event")
    func conditionFalse() throws {
        let rules = SampleRules.one { rule, _ in rule.condition = .literal(.bool(false)) }
        let decision = try only(SampleEvent("user.joined", ["email": .null]), rules)
        #expect(decision.reason.word == "condition_false")
        #expect(decision.command == nil && decision.rule == "welcome")
    }

    @Test("A true condition lets an event compete; one that has no answer sends nothing and says why")
    func conditions() throws {
        let holds = SampleRules.one { rule, _ in rule.condition = .literal(.bool(true)) }
        #expect(try only(SampleEvent(), holds).reason == .emitted)
        let unanswered = SampleRules.one { rule, sample in
            rule.condition = .comparison(.greater, .field(sample.field("data.total")), .literal(.integer(0)))
        }
        let reason = try only(SampleEvent(), unanswered).reason
        guard case .conditionFalse(let detail) = reason else {
            Issue.record("\(reason)")
            return
        }
        #expect(detail?.contains("data.total") == true)
    }

    @Test("A type that no rule names is one decision without a rule")
    func noRule() throws {
        let decision = try only(SampleEvent("user.left"), SampleRules.one())
        #expect(decision == Decision(position: 1, reason: .noRule))
    }

    @Test(
        "A key part that is absent, null, empty or blank is missing, never a shared key",
        arguments: [nil, .null, .string(""), .string(" "), .string("\t\n"), .string("\u{3000}")]
            as [JSONValue?])
    func keyMissing(_ value: JSONValue?) throws {
        let event =
            value.map { SampleEvent("user.joined", ["user_id": $0, "email": Self.ann]) }
            ?? SampleEvent("user.joined", ["email": Self.ann])
        let decision = try only(event, SampleRules.one())
        #expect(decision.reason == .keyMissing(part: "data.user_id"))
        #expect(decision.command == nil && decision.key == nil && decision.recipient == "ann@x.test")
    }

    @Test(
        "A key part that is a float, an object, an array or too long is invalid",
        arguments: [
            .number("42.0"), .number("4.2e1"), .number("1e400"), .array([.integer("42")]), .object([]),
            .string(Text(String(repeating: "a", count: Limits.keyPartBytes + 1))),
            .integer(String(repeating: "9", count: Limits.keyPartBytes + 1)),
        ] as [JSONValue])
    func keyInvalid(_ value: JSONValue) throws {
        let decision = try only(
            SampleEvent("user.joined", ["user_id": value, "email": Self.ann]), SampleRules.one())
        #expect(decision.reason == .keyInvalid(part: "data.user_id"))
        #expect(decision.command == nil)
    }

    @Test(
        "Integers and booleans are keyed by their decimal form and word, exactly",
        arguments: [
            (.integer("42"), "42"), (.string("42"), "42"), (.bool(true), "true"), (.string("true"), "true"),
            (.integer("1"), "1"), (.integer("0"), "0"),
            (.integer("18446744073709551615"), "18446744073709551615"),
            (.integer("123456789012345678901234567890"), "123456789012345678901234567890"),
            (.string("042"), "042"), (.string(" 42"), " 42"),
            (.string("User@Example.COM"), "User@Example.COM"),
        ] as [(JSONValue, Text)])
    func keyForms(_ value: JSONValue, _ part: Text) throws {
        let decision = try only(
            SampleEvent("user.joined", ["user_id": value, "email": Self.ann]), SampleRules.one())
        #expect(decision.key == Key(scope: "welcome", parts: [part]))
        #expect(decision.reason == .emitted)
    }

    @Test("42 and \"42\" are one key; true and 1, and two tenants, are not")
    func sameAndDifferentKeys() {
        func event(_ user: JSONValue, _ tenant: JSONValue) -> SampleEvent {
            SampleEvent("user.joined", ["user_id": user, "tenant": tenant, "email": Self.ann])
        }
        let events = [
            event(.integer("42"), .string("a")), event(.string("42"), .string("a")),
            event(.bool(true), .string("a")),
            event(.integer("1"), .string("a")), event(.integer("42"), .string("b")),
        ]
        let reasons = SampleLedger.decisions(
            events, under: SampleRules.one(once: ["data.tenant", "data.user_id"])
        ).map(\.reason)
        #expect(reasons == [.emitted, .duplicate(winner: 1), .emitted, .emitted, .emitted])
    }

    @Test("The envelope's names can be parts of a key, and fail closed where they are not given")
    func envelopeParts() throws {
        let rules = SampleRules.one(once: ["source", "id", "subject", "type"])
        let given = SampleEvent(id: "e-1", source: "shop", subject: "user/42")
        #expect(
            try only(given, rules).key
                == Key(scope: "welcome", parts: ["shop", "e-1", "user/42", "user.joined"]))
        #expect(try only(SampleEvent(id: "e-1"), rules).reason == .keyMissing(part: "source"))
        #expect(try only(SampleEvent(source: "shop"), rules).reason == .keyMissing(part: "id"))
        #expect(
            try only(SampleEvent(id: "e-1", source: "shop"), rules).reason == .keyMissing(part: "subject"))
    }

    @Test(
        "A recipient that is absent, null, empty or an empty list is missing",
        arguments: [nil, .null, .string(""), .array([])] as [JSONValue?])
    func recipientMissing(_ value: JSONValue?) throws {
        let event =
            value.map { SampleEvent("user.joined", ["user_id": .integer("42"), "email": $0]) }
            ?? SampleEvent("user.joined", ["user_id": .integer("42")])
        let decision = try only(event, SampleRules.one(once: ["data.user_id", "recipient"]))
        #expect(decision.reason == .recipientMissing)
        #expect(decision.command == nil)
    }

    @Test(
        "A recipient that is no address is invalid, and the detail names the path and not the value",
        arguments: [
            .integer("42"), .bool(true), .object([]), .string("ann"), .string("ann@x.test\r\nBcc: b@x.test"),
            .string("ann@x.test,bob@x.test"), .string(" "),
        ] as [JSONValue])
    func recipientInvalid(_ value: JSONValue) throws {
        let event = SampleEvent("user.joined", ["user_id": .integer("42"), "email": value])
        let decision = try only(event, SampleRules.one())
        guard case .recipientInvalid(let detail) = decision.reason else {
            Issue.record("\(decision.reason)")
            return
        }
        #expect(detail.contains("data.email") && !detail.contains("Bcc"))
        #expect(decision.command == nil)
    }

    @Test("A list of recipients where the key has none, or a list too long, is invalid")
    func recipientLists() throws {
        func event(_ count: Int) -> SampleEvent {
            SampleEvent(
                "user.joined",
                [
                    "user_id": .integer("1"),
                    "email": .array((0..<count).map { .string(Text("a\($0)@x.test")) }),
                ])
        }
        #expect(try only(event(1), SampleRules.one()).reason.word == "recipient_invalid")
        let keyed = SampleRules.one(once: ["recipient"])
        #expect(try only(event(Limits.recipientsPerEvent + 1), keyed).reason.word == "recipient_invalid")
        let most = SampleLedger.decisions([event(Limits.recipientsPerEvent)], under: keyed)
        #expect(most.count == Limits.recipientsPerEvent && most.allSatisfy { $0.reason == .emitted })
        #expect(most.map(\.item) == most.indices.map(Int64.init))
    }

    @Test("A param without a value is missing; null counts as none; a substitute stands in for both")
    func paramMissing() throws {
        let rules = SampleRules.one { rule, sample in
            rule.message.template = .provider(
                id: "3",
                params: [
                    TemplateParam(name: "to", source: .recipient),
                    TemplateParam(name: "fixed", source: .value(.integer("1"))),
                    TemplateParam(name: "name", source: .field(sample.field("data.name"))),
                    TemplateParam(name: "shop", source: .fieldOr(sample.field("data.shop"), .string("Shop"))),
                ])
        }
        func event(_ name: JSONValue) -> SampleEvent {
            SampleEvent(
                "user.joined", ["user_id": .integer("1"), "email": Self.ann, "name": name, "shop": .null])
        }
        #expect(try only(SampleEvent(), rules).reason == .paramMissing(name: "name"))
        #expect(try only(event(.null), rules).reason == .paramMissing(name: "name"))
        #expect(try only(event(.string("")), rules).reason == .emitted)
        #expect(try only(SampleEvent(), rules).key == Key(scope: "welcome", parts: ["42"]))
    }

    @Test("A payload that cannot be read is one decision for the event, whatever rules name its type")
    func payloadInvalid() {
        var sample = SampleRules()
        sample.add("a")
        sample.add("b")
        let event = SampleEvent().event
        let drafts = Projector.draft(event, at: 9, fields: .failure(.nul), under: sample.ruleSet)
        var view = LedgerView(known: [:])
        let decisions = Projector.decide(drafts, at: 9, ledger: &view)
        #expect(
            decisions == [
                Decision(position: 9, reason: .payloadInvalid(detail: PayloadDefect.nul.description))
            ])
    }

    @Test("A repeated event is decided as such, without a rule and without the ledger")
    func repeatedEvent() {
        let draft = Projector.Draft(kind: .decided(.repeatedEvent(of: 3)))
        #expect(draft.question == nil)
        var view = LedgerView(known: [:])
        let decisions = Projector.decide([draft], at: 9, ledger: &view)
        #expect(decisions == [Decision(position: 9, reason: .repeatedEvent(of: 3))])
    }

    @Test("A failing part of `supersedes` is named, and the key that was found is kept")
    func supersedesMissing() throws {
        let rules = SampleRules.one { rule, sample in rule.supersedes = sample.parts(["data.account"]) }
        let decision = try only(SampleEvent(), rules)
        #expect(decision.reason == .keyMissing(part: "data.account"))
        #expect(decision.key == Key(scope: "welcome", parts: ["42"]))
        #expect(decision.command == nil)
    }

    @Test("The words of the reasons are the closed list, in its order")
    func words() {
        let zero = Timestamp(microseconds: 0)
        let id = CommandID(key: .zero, slot: "forever", generation: 1)
        let reasons: [Reason] = [
            .emitted, .duplicate(winner: 1), .withinWindow(winner: 1, until: zero), .repeatedEvent(of: 1),
            .conditionFalse(detail: nil), .noRule, .keyMissing(part: "a"), .keyInvalid(part: "a"),
            .recipientMissing,
            .recipientInvalid(detail: "a"), .paramMissing(name: "a"), .payloadInvalid(detail: "a"),
            .cancels(command: id), .cancelsNothing, .control(detail: "a"),
        ]
        #expect(reasons.map(\.word) == Reason.words)
    }
}
