// What other rules would have done, case by case.
import SendonceCore
import SendonceReplay
import SendonceRules
import SendonceStore
import Testing

@Suite("What-if: other rules over the same log")
struct WhatIfTests {
    typealias Counts = WhatIfReport.Counts

    private static let day: Int64 = 86_400

    /// Three orders, the first one twice, a day later; then a return.
    private func shop(_ rules: ParsedRules) throws -> PlainLog {
        var log = PlainLog()
        try log.activate(rules)
        let other = #""second":"boss@x.test""#
        log.add("order.placed", #"{"order":1,"email":"ann@x.test",\#(other)}"#, at: 10)
        log.add("order.placed", #"{"order":2,"email":"bob@x.test",\#(other)}"#, at: 20)
        log.add("order.placed", #"{"order":1,"email":"ann@x.test",\#(other)}"#, at: 2 * Self.day)
        log.add("order.placed", #"{"order":3,"email":"cid@x.test",\#(other)}"#, at: 2 * Self.day + 1)
        log.add("order.returned", #"{"order":3,"email":"cid@x.test"}"#, at: 2 * Self.day + 2)
        return log
    }

    private func report(
        _ log: PlainLog, _ rules: ParsedRules, since start: WhatIfStart = .beginning,
        _ change: (inout WhatIfRequest) -> Void = { _ in }
    ) throws -> WhatIfReport {
        var request = WhatIfRequest(rules: rules, file: "rules.yaml")
        request.start = start
        change(&request)
        var comparison = WhatIf(log, request)
        return try comparison.run()
    }

    private let one = WhatIfRules.rule("confirmation")

    @Test("Under the rules that are in force every message is unchanged")
    func same() throws {
        let rules = try WhatIfRules.parsed(one)
        let found = try report(shop(rules), rules)
        #expect(found.counts == Counts(unchanged: 3))
        #expect(found.summary == "+0, -0, 3 unchanged")
        #expect(found.samples.isEmpty && found.reasons.isEmpty && found.obstacles.isEmpty)
        #expect(found.recipients == WhatIfReport.Recipients())
        #expect(found.rules.map(\.label) == ["confirmation"])
    }

    @Test("A rule that is added gives exactly its own messages, and they say that no such rule was there")
    func added() throws {
        let log = try shop(WhatIfRules.parsed(one))
        let sorry = WhatIfRules.rule("sorry", event: "order.returned")
        let found = try report(log, WhatIfRules.parsed(one, sorry))
        #expect(found.counts == Counts(new: 1, unchanged: 3))
        #expect(found.rules.map(\.label) == ["confirmation", "sorry (new)"])
        #expect(found.rules.last?.counts == Counts(new: 1))
        #expect(found.reasons == [.init(recorded: "no_rule", given: "emitted", messages: 1)])
        #expect(found.samples.map(\.position) == [6])
        #expect(found.samples.first?.recipient == "cid@x.test")
        #expect(found.recipients == .init(new: 1, lost: 0, changed: 0, any: 1))
    }

    @Test("A rule for a type that another rule acts on too has no recorded reason")
    func addedBeside() throws {
        let log = try shop(WhatIfRules.parsed(one))
        let found = try report(log, WhatIfRules.parsed(one, WhatIfRules.rule("survey")))
        #expect(found.counts == Counts(new: 3, unchanged: 3))
        #expect(found.reasons == [.init(recorded: nil, given: "emitted", messages: 3)])
    }

    @Test("A rule that is gone loses exactly its own messages")
    func removed() throws {
        let log = try shop(WhatIfRules.parsed(one, WhatIfRules.rule("sorry", event: "order.returned")))
        let found = try report(log, WhatIfRules.parsed(one))
        #expect(found.counts == Counts(lost: 1, unchanged: 3))
        #expect(found.rules.map(\.label) == ["confirmation", "sorry (gone)"])
        #expect(found.reasons == [.init(recorded: "emitted", given: "no_rule", messages: 1)])
        #expect(found.recipients == .init(new: 0, lost: 1, changed: 0, any: 1))
    }

    @Test("A shorter window sends again what was a duplicate, and a longer one does not")
    func window() throws {
        let every = WhatIfRules.rule("confirmation", extra: ["every: 1d"])
        let shorter = try report(shop(WhatIfRules.parsed(one)), WhatIfRules.parsed(every))
        #expect(shorter.counts == Counts(new: 1, changed: 3))
        #expect(shorter.reasons == [.init(recorded: "duplicate", given: "emitted", messages: 1)])
        #expect(shorter.fields == [.init(field: .window, messages: 3)])
        #expect(shorter.samples.first?.winner == 2)
        #expect(shorter.samples.last?.changes == [.init(.window, "forever", "every 1d")])
        let longer = try report(shop(WhatIfRules.parsed(every)), WhatIfRules.parsed(one))
        #expect(longer.counts == Counts(lost: 1, changed: 3))
        #expect(longer.reasons == [.init(recorded: "emitted", given: "duplicate", messages: 1)])
        let within = WhatIfRules.rule("confirmation", extra: ["within: 30d"])
        #expect(
            try report(shop(WhatIfRules.parsed(every)), WhatIfRules.parsed(within)).reasons
                == [.init(recorded: "emitted", given: "within_window", messages: 1)])
    }

    @Test("A renamed rule that says what it was is unchanged; one that does not is gone, and another new")
    func renamed() throws {
        let log = try shop(WhatIfRules.parsed(one))
        let heir = try report(
            log, WhatIfRules.parsed(WhatIfRules.rule("receipt", extra: ["was: confirmation"])))
        #expect(heir.counts == Counts(unchanged: 3))
        #expect(heir.rules.map(\.label) == ["receipt (was confirmation)"])
        let stranger = try report(log, WhatIfRules.parsed(WhatIfRules.rule("receipt")))
        #expect(stranger.counts == Counts(new: 3, lost: 3))
        #expect(stranger.rules.map(\.label) == ["receipt (new)", "confirmation (gone)"])
        #expect(stranger.recipients.any == 3)
    }

    @Test("A rule that was renamed on the way is one rule to the end")
    func renamedInTheLog() throws {
        var log = try shop(WhatIfRules.parsed(one))
        try log.activate(WhatIfRules.parsed(WhatIfRules.rule("receipt", extra: ["was: confirmation"])), at: 9)
        log.add("order.placed", #"{"order":4,"email":"dan@x.test"}"#, at: 30)
        log.add("order.placed", #"{"order":1,"email":"ann@x.test"}"#, at: 31)
        let given = try WhatIfRules.parsed(WhatIfRules.rule("thanks", extra: ["was: receipt"]))
        let found = try report(log, given)
        #expect(found.counts == Counts(unchanged: 4))
        #expect(found.rules.map(\.label) == ["thanks (was receipt)"])
        #expect(found.recorded.map(\.position) == [1, 7])
        #expect(found.assumptions.contains { $0.hasPrefix("activations: those at 7 ") })
    }

    @Test("Another recipient path says something else, to both people")
    func recipient() throws {
        let log = try shop(WhatIfRules.parsed(one))
        let found = try report(log, WhatIfRules.parsed(WhatIfRules.rule("confirmation", to: "data.second")))
        #expect(found.counts == Counts(changed: 3))
        #expect(found.fields == [.init(field: .to, messages: 3)])
        #expect(found.samples.first?.changes == [.init(.to, "ann@x.test", "boss@x.test")])
        #expect(found.recipients == .init(new: 0, lost: 0, changed: 4, any: 4))
    }

    @Test(
        "What a message is made of is compared field by field",
        arguments: [
            ("route: other", "route", "brevo", "other"),
            ("from: billing@shop.example", "from", nil, nil),
            ("delay: 3d", "delay", "1970-01-01T00:00:10.000000Z", "1970-01-04T00:00:10.000000Z"),
            ("expires_after: 15m", "expires_after", "never", "1970-01-01T00:15:10.000000Z"),
            ("supersedes: [recipient]", "supersedes", nil, nil),
            ("on_unknown: hold", "on_unknown", nil, nil),
            ("cc: [copy@shop.example]", "cc", nil, nil),
        ] as [(String, String, String?, String?)])
    func fields(_ line: String, _ field: String, _ before: String?, _ after: String?) throws {
        let log = try shop(WhatIfRules.parsed(one))
        let found = try report(log, WhatIfRules.parsed(WhatIfRules.rule("confirmation", extra: [line])))
        #expect(found.counts == Counts(changed: 3))
        #expect(found.fields.map(\.field.rawValue) == [field])
        #expect(found.samples.first?.changes.map(\.recorded) == [before])
        #expect(found.samples.first?.changes.map(\.given) == [after])
    }

    @Test("Another template, other params and other bytes in a template's file are something else")
    func templates() throws {
        let provider = WhatIfRules.rule("confirmation", template: "{ provider_id: \"2\" }")
        let params = WhatIfRules.rule(
            "confirmation", template: "{ provider_id: \"1\", params: { order: data.order } }")
        let file = WhatIfRules.rule("confirmation", template: "{ file: mail }")
        let log = try shop(WhatIfRules.parsed(one))
        for rules in [provider, params] {
            let found = try report(log, WhatIfRules.parsed(rules))
            #expect(found.fields == [.init(field: .template, messages: 3)])
        }
        func parsed(_ text: String) throws -> ParsedRules {
            try WhatIfRules.parsed(
                file, templates: ["mail.subject.mustache": "Hello", "mail.txt.mustache": text])
        }
        let filed = try shop(parsed("Thanks"))
        #expect(try report(filed, parsed("Thanks")).counts == Counts(unchanged: 3))
        #expect(try report(filed, parsed("Thank you")).fields == [.init(field: .template, messages: 3)])
    }

    @Test("From a position on, the keys that the recorded rules won stay won")
    func since() throws {
        let log = try shop(WhatIfRules.parsed(one))
        let rules = try WhatIfRules.parsed(WhatIfRules.rule("confirmation", extra: ["route: other"]))
        let found = try report(log, rules, since: .position(4))
        #expect(found.counts == Counts(changed: 1))
        #expect((found.from, found.to) == (4, 6))
        #expect(found.samples.map(\.position) == [5])
        // Orders are told apart by another key: what was won before does not count, and activating says so.
        let rekeyed = try WhatIfRules.parsed(WhatIfRules.rule("confirmation", key: "data.order, recipient"))
        let freed = try report(log, rekeyed, since: .position(4))
        #expect(freed.counts == Counts(new: 1, changed: 1))
        #expect(freed.assumptions.contains { $0.contains("once_per of confirmation is another list") })
        let confused = try WhatIfRules.parsed(WhatIfRules.rule("confirmation", key: "recipient"))
        let refused = try report(log, confused, since: .position(4))
        #expect(refused.assumptions.contains { $0.contains("cannot be activated there") })
    }

    @Test("A rule that was removed comes back with its keys, as an activation would bring it back")
    func returned() throws {
        var log = try shop(WhatIfRules.parsed(one))
        try log.activate(WhatIfRules.parsed(WhatIfRules.rule("receipt", extra: ["was: confirmation"])), at: 5)
        try log.activate(WhatIfRules.parsed(WhatIfRules.rule("survey", event: "order.returned")), at: 6)
        let found = try report(log, WhatIfRules.parsed(WhatIfRules.rule("receipt")))
        #expect(found.counts == Counts(unchanged: 3))
    }

    @Test("A time is when the projector took an event, and from its first one on all are decided anew")
    func sinceTime() throws {
        let log = try shop(WhatIfRules.parsed(one))
        let rules = try WhatIfRules.parsed(WhatIfRules.rule("survey"))
        func counts(_ seconds: Int64) throws -> Counts {
            try report(log, rules, since: .time(Timestamp(microseconds: seconds * 1_000_000))).counts
        }
        // Taken at second 21; the third order of the log is a duplicate under the old name only.
        #expect(try counts(21) == Counts(new: 3, lost: 2))
        #expect(try counts(22) == Counts(new: 2, lost: 1))
    }

    @Test("A rule that is renamed from a position on keeps its keys")
    func sinceRenamed() throws {
        let log = try shop(WhatIfRules.parsed(one))
        let heir = try WhatIfRules.parsed(WhatIfRules.rule("receipt", extra: ["was: confirmation"]))
        #expect(try report(log, heir, since: .position(3)).counts == Counts(unchanged: 2))
        let stranger = try WhatIfRules.parsed(WhatIfRules.rule("receipt"))
        #expect(try report(log, stranger, since: .position(3)).counts == Counts(new: 3, lost: 2))
    }

    @Test("A rule may say that it was one that came after the start: keys are known by their scope")
    func sinceBeforeTheName() throws {
        var log = try shop(WhatIfRules.parsed(one))
        try log.activate(WhatIfRules.parsed(WhatIfRules.rule("receipt", extra: ["was: confirmation"])), at: 9)
        let thanks = try WhatIfRules.parsed(WhatIfRules.rule("thanks", extra: ["was: receipt"]))
        let found = try report(log, thanks, since: .position(3))
        #expect(found.counts == Counts(unchanged: 2))
        #expect(found.assumptions.contains { $0.hasPrefix("names: `was` names rules that came later") })
    }

    @Test("Each message is compared with the rules that were in force for it")
    func activatedInTheLog() throws {
        let other = try WhatIfRules.parsed(
            WhatIfRules.rule("confirmation", template: "{ provider_id: \"2\" }"))
        var log = try shop(WhatIfRules.parsed(one))
        try log.activate(other, at: 9)
        log.add("order.placed", #"{"order":4,"email":"dan@x.test"}"#, at: 30)
        let found = try report(log, other)
        #expect(found.counts == Counts(changed: 3, unchanged: 1))
        #expect(found.fields == [.init(field: .template, messages: 3)])
    }

    @Test("The reason is that of the same recipient, where the event has several")
    func reasonOfTheRecipient() throws {
        var log = PlainLog()
        func rule(_ window: String) throws -> ParsedRules {
            try WhatIfRules.parsed(
                WhatIfRules.rule(
                    "notice", to: "data.all", key: "data.order, recipient", extra: ["within: \(window)"]))
        }
        try log.activate(rule("1d"))
        log.add("order.placed", #"{"order":1,"all":["a@x.test"]}"#, at: 0)
        log.add("order.placed", #"{"order":1,"all":["nobody","a@x.test"]}"#, at: 7_200)
        let found = try report(log, rule("1h"))
        #expect(found.reasons == [.init(recorded: "within_window", given: "emitted", messages: 1)])
        #expect(found.samples.first?.winner == 2)
    }

    @Test("Several recipients of one event are compared one by one")
    func severalRecipients() throws {
        var log = PlainLog()
        let all = WhatIfRules.rule("notice", to: "data.all", key: "data.order, recipient")
        try log.activate(WhatIfRules.parsed(all))
        log.add(
            "order.placed",
            #"{"order":1,"all":["a@x.test","b@x.test"],"some":["c@x.test","b@x.test","d@x.test"]}"#, at: 1)
        let some = WhatIfRules.rule("notice", to: "data.some", key: "data.order, recipient")
        let found = try report(log, WhatIfRules.parsed(some))
        // b is the same; a's place is taken by c; d is one more.
        #expect(found.counts == Counts(new: 1, changed: 1, unchanged: 1))
        #expect(found.samples.map(\.recipient) == ["d@x.test", "c@x.test"])
        #expect(found.samples.last?.changes.map(\.field) == [.to, .oncePer])
    }
}

extension WhatIfReport.Change {
    init(_ field: RuleChange.Aspect, _ recorded: String?, _ given: String?) {
        self.init(field: field, recorded: recorded, given: given)
    }
}
