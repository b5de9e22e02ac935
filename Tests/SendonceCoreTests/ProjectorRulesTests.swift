// Several rules and several recipients for one event, cancelling, and keys that outlive a change of rules.
import Testing

@testable import SendonceCore

@Suite("Projector: rules")
struct ProjectorRulesTests {
    @Test("Three rules give three decisions in the order of their names, at most one command each")
    func severalRules() {
        var sample = SampleRules()
        sample.add("c-rule")
        sample.add("a-rule", once: ["data.absent"])
        sample.add("b-rule", to: "data.absent")
        sample.add("d-rule", on: "user.left")
        let decisions = SampleLedger.decisions([SampleEvent()], under: sample.ruleSet)
        #expect(decisions.map(\.rule) == ["a-rule", "b-rule", "c-rule"])
        #expect(decisions.map(\.reason) == [.keyMissing(part: "data.absent"), .recipientMissing, .emitted])
        #expect(decisions.map(\.position) == [1, 1, 1])
    }

    @Test("Each of several recipients has a decision of its own, numbered in the order of the list")
    func severalRecipients() {
        let rules = SampleRules.one(once: ["data.user_id", "recipient"])
        let list: [JSONValue] = [
            .string("a@x.test"), .string("not an address"), .string("a@X.TEST"), .null, .string("b@x.test"),
        ]
        let event = SampleEvent("user.joined", ["user_id": .integer("1"), "email": .array(list)])
        let decisions = SampleLedger.decisions([event], under: rules)
        #expect(decisions.map(\.item) == [0, 1, 2, 3, 4])
        let words = ["emitted", "recipient_invalid", "duplicate", "recipient_invalid", "emitted"]
        #expect(decisions.map(\.reason.word) == words)
        #expect(decisions[2].reason == .duplicate(winner: 1))
        #expect(decisions.map(\.recipient) == ["a@x.test", nil, "a@x.test", nil, "b@x.test"])
        #expect(decisions.compactMap(\.command).map(\.item) == [0, 4])
    }

    @Test("A cancelling event names the latest winner's command, and says so where there is none")
    func cancelling() throws {
        var sample = SampleRules()
        sample.add(window: .within(.days(1))) { rule, sample in
            rule.cancellation = Cancellation(event: "user.left", key: sample.parts(["data.member"]))
        }
        let rules = sample.ruleSet
        let left = SampleEvent("user.left", at: 5, ["member": .string("42")])
        let decisions = SampleLedger.decisions(
            [left, SampleEvent(at: Span.days(9).microseconds), SampleEvent(at: 0), left], under: rules)
        #expect(decisions.map(\.reason.word) == ["cancels_nothing", "emitted", "emitted", "cancels"])
        // The latest by position, although its event's own time is the earlier one.
        let latest = try #require(decisions[2].command)
        #expect(decisions[3].reason == .cancels(command: latest.id))
        #expect(decisions[3].key == latest.key && decisions[3].command == nil)
    }

    @Test("A cancelling event with a bad key or a bad recipient is a decision with that reason")
    func cancellingFails() {
        var sample = SampleRules()
        sample.add(once: ["data.user_id", "recipient"]) { rule, sample in
            rule.cancellation = Cancellation(
                event: "user.left", key: sample.parts(["data.user_id", "recipient"]))
        }
        let rules = sample.ruleSet
        let events = [
            SampleEvent("user.left", ["email": .string("a@x.test")]),
            SampleEvent("user.left", ["user_id": .integer("1")]),
            SampleEvent("user.left", ["user_id": .integer("1"), "email": .string("a")]),
            SampleEvent("user.left", ["user_id": .number("1.5"), "email": .string("a@x.test")]),
        ]
        let words = SampleLedger.decisions(events, under: rules).map(\.reason.word)
        #expect(words == ["key_missing", "recipient_missing", "recipient_invalid", "key_invalid"])
    }

    @Test("One event can cancel for several recipients, each with a decision of its own")
    func cancellingSeveral() {
        var sample = SampleRules()
        sample.add(once: ["recipient"]) { rule, sample in
            rule.cancellation = Cancellation(event: "user.left", key: sample.parts(["recipient"]))
        }
        let emails: JSONValue = .array([.string("a@x.test"), .string("b@x.test")])
        let decisions = SampleLedger.decisions(
            [
                SampleEvent("user.joined", ["email": .string("b@x.test")]),
                SampleEvent("user.left", ["email": emails]),
            ],
            under: sample.ruleSet)
        #expect(decisions.map(\.reason.word) == ["emitted", "cancels_nothing", "cancels"])
        #expect(decisions.map(\.item) == [0, 0, 1])
    }

    @Test("A rule that one event both triggers and cancels numbers its decisions without repetition")
    func triggeredAndCancelled() {
        var sample = SampleRules()
        sample.add(once: ["data.user_id", "recipient"]) { rule, sample in
            rule.cancellation = Cancellation(
                event: rule.event, key: sample.parts(["data.user_id", "recipient"]))
        }
        let emails: JSONValue = .array([.string("a@x.test"), .string("b@x.test")])
        let event = SampleEvent("user.joined", ["user_id": .integer("1"), "email": emails])
        let decisions = SampleLedger.decisions([event], under: sample.ruleSet)
        #expect(decisions.map(\.item) == [0, 1, 2, 3])
        #expect(decisions.map(\.reason.word) == ["emitted", "emitted", "cancels", "cancels"])
    }

    @Test("A renamed rule that keeps its scope keeps its keys; without the scope it would send again")
    func renamed() {
        var ledger = SampleLedger()
        let before = SampleRules.one()
        let keeping = SampleRules.one { rule, _ in
            rule.name = "greeting"
            rule.was = "welcome"
        }
        let losing = SampleRules.one { rule, _ in
            rule.name = "greeting"
            rule.scope = "greeting"
        }
        let event = SampleEvent()
        let reasons = ledger.project([(1, event, before), (2, event, keeping), (3, event, losing)]).map(
            \.reason)
        #expect(reasons == [.emitted, .duplicate(winner: 1), .emitted])
    }

    @Test("A changed window counts from then on, against all earlier winners")
    func changedWindows() {
        let hour = Span.hours(1).microseconds
        var ledger = SampleLedger()
        func project(_ position: Int64, _ window: Window, at time: Int64) -> Reason? {
            ledger.project([(position, SampleEvent(at: time), SampleRules.one(window: window))]).first?.reason
        }
        func reached(_ time: Int64) -> Timestamp { Timestamp(microseconds: time) }
        #expect(project(1, .within(.hours(24)), at: 0) == .emitted)
        // Shortened: what the old window would have kept back is sent.
        #expect(project(2, .within(.hours(1)), at: hour) == .emitted)
        // Lengthened: the winner of the short window competes.
        #expect(
            project(3, .within(.hours(24)), at: 24 * hour)
                == .withinWindow(winner: 2, until: reached(25 * hour)))
        // Another kind of window sees the same winners.
        #expect(
            project(4, .every(.days(1)), at: 23 * hour) == .withinWindow(winner: 2, until: reached(24 * hour))
        )
        #expect(project(5, .every(.days(1)), at: 24 * hour) == .emitted)
        #expect(project(6, .forever, at: 1_000 * hour) == .duplicate(winner: 1))
        #expect(project(7, .within(.hours(24)), at: 1_000 * hour) == .emitted)
        #expect(project(8, .forever, at: 5_000 * hour) == .duplicate(winner: 1))
    }

    @Test("A payload path that only another event type's rule reads is not asked for")
    func slotsByType() {
        var sample = SampleRules()
        sample.add("a", on: "x", once: ["data.a"], to: "data.to") { rule, sample in
            rule.cancellation = Cancellation(event: "z", key: sample.parts(["data.c"]))
            rule.condition = .and(.has(sample.field("data.w"), parent: nil), .field(sample.field("type")))
        }
        sample.add("b", on: "y", once: ["data.b", "id"], to: "data.to")
        let rules = sample.ruleSet
        func names(_ type: Text) -> [String]? {
            rules.reading(of: type)?.slots.map { rules.payloadPaths[$0].description }.sorted()
        }
        #expect(names("x") == ["data.a", "data.to", "data.w"])
        #expect(names("y") == ["data.b", "data.to"])
        // Cancelling does not read the recipient where the key does not name it.
        #expect(names("z") == ["data.c"])
        #expect(names("w") == nil)
        #expect(rules.rule(named: "b")?.event == "y")
    }
}
