// A backfill in the log, under other rules: each past event's messages are compared with that event's own.
import SendonceCore
import SendonceReplay
import SendonceRules
import SendonceStore
import Testing

@Suite("What-if: a log with a backfill")
struct WhatIfBackfillTests {
    typealias Counts = WhatIfReport.Counts

    private static let other = WhatIfRules.rule("other", event: "nobody.cares")

    private static func late(_ name: String = "late", _ extra: String...) -> String {
        WhatIfRules.rule(name, event: "order.shipped", extra: extra)
    }

    /// Shipments of orders 1 to 3 at positions 2 to 4, decided at 6 by a rule that came at 5.
    private func shop(_ rules: String..., people: [String] = ["ann", "bob", "cid"]) throws -> PlainLog {
        var log = PlainLog()
        try log.activate(WhatIfRules.parsed(Self.other))
        for (index, name) in people.enumerated() {
            log.add(
                "order.shipped", #"{"order":\#(index + 1),"email":"\#(name)@x.test"}"#, at: Int64(index + 1))
        }
        try log.activate(WhatIfRules.parsed([Self.other] + rules), at: 10)
        log.backfill("late", from: 2, through: 4, at: 20)
        return log
    }

    /// The given rules decide nothing but the backfill.
    private func report(_ log: PlainLog, _ rules: String...) throws -> WhatIfReport {
        var request = WhatIfRequest(
            rules: try WhatIfRules.parsed([Self.other] + rules), file: "rules.yaml")
        request.start = .position(Int64(log.logged.count))
        var comparison = WhatIf(log, request)
        return try comparison.run()
    }

    @Test("A backfill is decided by the rule that has its rule's keys, whatever that is called")
    func renamed() throws {
        let heir = try report(shop(Self.late()), Self.late("shipped", "was: late"))
        #expect(heir.counts == Counts(unchanged: 3))
        let stranger = try report(shop(Self.late()), Self.late("shipped"))
        #expect(stranger.counts == Counts(lost: 3))
        // The rule was renamed before the backfill, which names it as it was called then.
        var log = try shop(Self.late("early"))
        log.removeLast()
        try log.activate(WhatIfRules.parsed(Self.other, Self.late("late", "was: early")), at: 15)
        log.backfill("late", from: 2, through: 4, at: 20)
        #expect(try report(log, Self.late("late")).counts == Counts(unchanged: 3))
        #expect(try report(log, Self.late("early", "was: late")).counts == Counts(unchanged: 3))
    }

    @Test(
        "A message that one past event loses and one that another gains are two messages",
        arguments: [["ann", "bob", "cid"], ["ann", "ann", "ann"]])
    func events(people: [String]) throws {
        let log = try shop(Self.late("late", "when: data.order != 1"), people: people)
        let found = try report(log, Self.late("late", "when: data.order != 2"))
        #expect(found.counts == Counts(new: 1, lost: 1, unchanged: 1))
        #expect(
            found.reasons == [
                .init(recorded: "emitted", given: "condition_false", messages: 1),
                .init(recorded: "condition_false", given: "emitted", messages: 1),
            ])
    }

    @Test("What the given rules had sent when it came is lost to the backfill alone, which says what it did")
    func sentBefore() throws {
        var request = WhatIfRequest(
            rules: try WhatIfRules.parsed(Self.other, Self.late()), file: "rules.yaml")
        request.start = .beginning
        var comparison = WhatIf(try shop(Self.late()), request)
        let found = try comparison.run()
        #expect(found.counts == Counts(new: 3, lost: 3))
        #expect(found.reasons.contains(.init(recorded: "emitted", given: "control", messages: 3)))
    }

    @Test("A bound of time that cannot be read ends the comparison; it is not taken for none")
    func unreadable() throws {
        for name in ["occurred_from", "occurred_through"] {
            for value in [#""r-0123456789abcdef0123""#, "5", "null"] {
                var log = try shop(Self.late())
                log.removeLast()
                log.backfill("late", from: 2, through: 4, at: 20, saying: #""\#(name)":\#(value)"#)
                let found = try report(log, Self.late())
                #expect(
                    found.obstacles == [
                        "from position 6 on nothing was decided again: the backfill's payload cannot be read"
                    ])
            }
        }
    }
}

extension PlainLog {
    /// All of the range in one event, with a member more if there is one.
    fileprivate mutating func backfill(
        _ rule: Text, from: Int64, through: Int64, at seconds: Int64, saying member: String? = nil
    ) {
        let part = Backfill(
            request: "march", rule: rule, range: BackfillRange(from: from, through: through),
            ruleSet: known.last?.ruleSet ?? .zero, actor: "ann", reason: "rule added late", part: 1,
            first: from, last: through)
        let payload = part.payload.dropLast() + (member.map { "," + $0 } ?? "") + "}"
        add(
            Event(
                type: Event.backfillType, source: Event.controlSource, subject: part.request,
                payload: Array(payload.utf8), occurredAt: Timestamp(microseconds: seconds * 1_000_000)))
    }
}
