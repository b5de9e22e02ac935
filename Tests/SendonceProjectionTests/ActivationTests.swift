// Bringing rules into force on a real store: what is recorded, what is refused, what nobody can overlook.
import GRDB
import SendonceCore
import SendonceProjection
import SendonceReading
import SendonceRules
import SendonceSQLite
import SendonceStore
import Testing

@Suite("Activation of rule sets")
struct ActivationTests {
    private let scratch: ScratchStore
    private var store: SQLiteStore { scratch.store }

    init() throws {
        scratch = try ScratchStore()
    }

    private func time(_ second: Int64) -> Timestamp { Timestamp(microseconds: second * 1_000_000) }

    @discardableResult
    private func activate(_ parsed: ParsedRules, confirmed: Int64? = nil, at second: Int64 = 1) throws
        -> Activation?
    {
        let plan = try RuleSetActivation.plan(parsed, in: store)
        return try RuleSetActivation.activate(
            plan, actor: "ann", reason: "because", confirmedKeys: confirmed, now: time(second), in: store)
    }

    /// Appends orders with these numbers and projects them.
    private func project(_ orders: ClosedRange<Int>) throws {
        for order in orders {
            _ = try store.append(
                NewEvent(
                    type: "order.placed", payload: Array(#"{"order":\#(order),"email":"a@x.test"}"#.utf8)))
        }
        let projector = LiveProjector(store: store)
        while case .moved = try projector.step(now: time(9)) {}
    }

    @Test("Another key of as many parts cannot be taken for the old one: an order's number is no customer's")
    func confused() throws {
        try activate(try RulesText.parsed(RulesText.rule("a")))
        try project(1...3)
        let changed = RulesText.rule("a", key: "data.email")
        let error = #expect(throws: ActivationError.self) {
            try activate(try RulesText.parsed(changed), confirmed: 9)
        }
        #expect(error?.description.contains("Give the rule another name") == true)
        let renamed = RulesText.rule("b", key: "data.email")
        try activate(try RulesText.parsed(renamed), confirmed: 3)
        try project(1...1)
        #expect(try store.scopes() == ["a": 3, "b": 1])
    }

    @Test("A rule that was renamed, removed and put back does not send again")
    func returned() throws {
        try activate(try RulesText.parsed(RulesText.rule("a")))
        try project(1...3)
        try activate(try RulesText.parsed(RulesText.rule("c", extra: ["was: a"])))
        try activate(try RulesText.parsed(RulesText.rule("c")))
        try activate(try RulesText.parsed(RulesText.rule("other", event: "nobody.cares")))
        try activate(try RulesText.parsed(RulesText.rule("c")))
        try project(2...4)
        #expect(try store.scopes()["a"] == 4)
        #expect(try store.scopes()["c"] == nil)
        #expect(try store.lastScopes() == ["a": "a", "c": "a", "other": "other"])
    }

    @Test("An activation is an event of the log with its actor, its reason, its digest and its scopes")
    func recorded() throws {
        let parsed = try RulesText.parsed(RulesText.rule("b"), RulesText.rule("a"))
        let activation = try #require(try activate(parsed, at: 7))
        #expect(activation.position == 1 && activation.ruleSet == parsed.ruleSet.digest)
        #expect(
            activation.actor == "ann" && activation.reason == "because" && activation.recordedAt == time(7))
        #expect(activation.scopes == ["a": "a", "b": "b"])
        #expect(try store.activation() == activation)
        let row = try #require(
            try scratch.read { try Row.fetchOne($0, sql: "SELECT * FROM outbox_log WHERE position = 1") })
        let (type, source, payload): (String, String, String) = (
            row["event_type"], row["source"], row["payload"]
        )
        #expect(type == "sendonce.rules.activated" && source == "sendonce")
        let members = [
            #""rule_set":"\#(parsed.ruleSet.digest)""#, #""scopes":{"a":"a","b":"b"}"#, #""actor":"ann""#,
            #""reason":"because""#,
        ]
        #expect(payload == "{" + members.joined(separator: ",") + "}")
        let decisions = "SELECT count(*) FROM outbox_decision WHERE position = 1 AND reason = 'control'"
        #expect(try scratch.number(decisions) == 1)
    }

    @Test(
        "Before the first activation a plan has nothing to compare with, frees nothing, and is all additions")
    func firstPlan() throws {
        let plan = try RuleSetActivation.plan(RulesText.parsed(RulesText.rule("a")), in: store)
        #expect(plan.current == nil && plan.freedKeyCount == 0 && !plan.isInForce)
        #expect(plan.change.added == ["a"])
        #expect(try scratch.number("SELECT count(*) FROM outbox_log") == 0)
    }

    @Test("Activating what is in force does nothing, whoever asks and however often")
    func sameTwice() throws {
        let parsed = try RulesText.parsed(RulesText.rule("a"))
        try activate(parsed)
        #expect(try RuleSetActivation.plan(parsed, in: store).isInForce)
        #expect(try activate(parsed, confirmed: 5, at: 2) == nil)
        #expect(try scratch.number("SELECT count(*) FROM outbox_log") == 1)
        #expect(try scratch.number("SELECT count(*) FROM outbox_activation") == 1)
    }

    @Test("A change of key is refused for fewer keys than it frees, and nothing is written")
    func guardRefuses() throws {
        try activate(RulesText.parsed(RulesText.rule("a")))
        try project(1...3)
        let changed = try RulesText.parsed(RulesText.rule("a", key: "data.order, recipient"))
        for confirmed: Int64? in [nil, 0, 2, -3] {
            let error = #expect(throws: ActivationError.self) { try activate(changed, confirmed: confirmed) }
            guard case .unconfirmed(freed: 3, confirmed: confirmed)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(error?.description.contains("frees 3 keys") == true)
            #expect(error?.description.contains("--free-keys 3") == true)
        }
        #expect(try scratch.number("SELECT count(*) FROM outbox_activation") == 1)
        let plan = try RuleSetActivation.plan(changed, in: store)
        #expect(plan.freedKeyCount == 3 && plan.freedKeys.map(\.cause.scope) == ["a"])
    }

    @Test(
        "With that number or more the change is made, and the freed keys compete anew",
        arguments: [3, 400] as [Int64])
    func guardAccepts(confirmed: Int64) throws {
        try activate(RulesText.parsed(RulesText.rule("a")))
        try project(1...3)
        try activate(
            RulesText.parsed(RulesText.rule("a", key: "data.order, recipient")), confirmed: confirmed)
        try project(1...1)
        #expect(try scratch.number("SELECT count(*) FROM outbox_command") == 4)
        // What was freed stays in the ledger: its memory outlives every change.
        #expect(try scratch.number("SELECT count(*) FROM outbox_ledger") == 4)
    }

    @Test("A rule that was renamed without `was` frees its keys, and with `was` keeps them")
    func rename() throws {
        try activate(RulesText.parsed(RulesText.rule("a")))
        try project(1...2)
        let careless = try RulesText.parsed(RulesText.rule("b"))
        #expect(throws: ActivationError.self) { try activate(careless) }
        let careful = try RulesText.parsed(RulesText.rule("b", extra: ["was: a"]))
        let activation = try #require(try activate(careful))
        #expect(activation.scopes == ["b": "a"])
        try project(1...2)
        #expect(try scratch.number("SELECT count(*) FROM outbox_command") == 2)
    }

    @Test("A chain of renamings keeps the first scope, also when a rule returns after it was gone")
    func chain() throws {
        try activate(RulesText.parsed(RulesText.rule("a")))
        try project(1...2)
        try activate(RulesText.parsed(RulesText.rule("b", extra: ["was: a"])))
        let third = try #require(try activate(RulesText.parsed(RulesText.rule("c", extra: ["was: b"]))))
        #expect(third.scopes == ["c": "a"])
        try activate(RulesText.parsed(RulesText.rule("other", event: "account.closed")))
        let returned = try #require(try activate(RulesText.parsed(RulesText.rule("d", extra: ["was: a"]))))
        #expect(returned.scopes == ["d": "a"])
        try project(1...2)
        #expect(try scratch.number("SELECT count(*) FROM outbox_command") == 2)
    }

    @Test("`was` that names no rule that ever was is refused, with the name that was probably meant")
    func unknownPredecessor() throws {
        try activate(RulesText.parsed(RulesText.rule("welcome")))
        let parsed = try RulesText.parsed(RulesText.rule("hello", extra: ["was: wellcome"]))
        let error = #expect(throws: ActivationError.self) { try activate(parsed) }
        guard case .unfit(let words)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(words.contains("wellcome") && words.contains("did you mean \"welcome\"?"))
    }

    @Test("A plan that somebody overtook is refused, and so is a first one")
    func overtaken() throws {
        let first = try RuleSetActivation.plan(RulesText.parsed(RulesText.rule("a")), in: store)
        let other = try RuleSetActivation.plan(RulesText.parsed(RulesText.rule("b")), in: store)
        func activate(_ plan: ActivationPlan) throws(ActivationError) -> Activation? {
            try RuleSetActivation.activate(
                plan, actor: "ann", reason: "", confirmedKeys: nil, now: time(1), in: store)
        }
        #expect(try activate(first) != nil)
        let error = #expect(throws: ActivationError.self) { try activate(other) }
        guard case .overtaken? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try store.activation()?.ruleSet == first.parsed.ruleSet.digest)
    }

    @Test("Keys that were won between the plan and the confirmation are not freed unseen")
    func keysWonMeanwhile() throws {
        try activate(RulesText.parsed(RulesText.rule("a")))
        try project(1...1)
        let changed = try RulesText.parsed(RulesText.rule("a", key: "data.order, recipient"))
        let plan = try RuleSetActivation.plan(changed, in: store)
        try project(2...3)
        let error = #expect(throws: ActivationError.self) {
            try RuleSetActivation.activate(
                plan, actor: "ann", reason: "", confirmedKeys: 1, now: time(1), in: store)
        }
        guard case .unconfirmed(freed: 3, confirmed: 1)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("The stored files give the same rules under the same digest, templates included")
    func roundTrip() throws {
        let templates = [
            "hello.subject.mustache": "Hello {{data.name}}", "hello.txt.mustache": "Café\r\n{{data.name}}\n",
            "unused.txt.mustache": "never",
        ]
        let rule = RulesText.rule("a").replacing("{ provider_id: \"1\" }", with: "{ file: hello }")
        let parsed = try RulesText.parsed(rule, templates: templates)
        let activation = try #require(try activate(parsed))
        let loaded = try StoredRules.load(activation.ruleSet, from: store)
        #expect(loaded.source == parsed.source && loaded.ruleSet.digest == parsed.ruleSet.digest)
        #expect(loaded.ruleSet.rules == parsed.ruleSet.rules)
        let names = loaded.source.files.map(\.name)
        #expect(names == ["rules", "hello.subject.mustache", "hello.txt.mustache"])
    }

    @Test("A stored rule set that was changed is damage, named with its digest, and decides nothing")
    func damaged() throws {
        let parsed = try RulesText.parsed(RulesText.rule("a"))
        try activate(parsed)
        try scratch.execute(
            """
            DROP TRIGGER outbox_rule_set_no_update;
            UPDATE outbox_rule_set
            SET content = CAST(replace(CAST(content AS TEXT), 'data.order', 'data.other') AS BLOB)
            """)
        _ = try store.append(NewEvent(type: "order.placed", payload: Array(#"{"order":1}"#.utf8)))
        let error = #expect(throws: StoreError.self) { try LiveProjector(store: store).step(now: time(1)) }
        guard case .damaged(let words)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(words.contains(parsed.ruleSet.digest.description) && words.contains("changed"))
        #expect(try scratch.number("SELECT count(*) FROM outbox") == 1)
    }
}
