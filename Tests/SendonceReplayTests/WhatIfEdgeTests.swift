// What a comparison does at the edges of what it can know, and what it says about it.
import SendonceCore
import SendonceReplay
import SendonceRules
import SendonceStore
import Testing

@Suite("What-if: what it assumes, and what it cannot tell")
struct WhatIfEdgeTests {
    private typealias Counts = WhatIfReport.Counts

    private let one = WhatIfRules.rule("confirmation")

    private func report(_ log: PlainLog, _ rules: String...) throws -> WhatIfReport {
        try report(log, WhatIfRequest(rules: WhatIfRules.parsed(rules), file: "rules.yaml"))
    }

    private func report(_ log: PlainLog, _ request: WhatIfRequest) throws -> WhatIfReport {
        var comparison = WhatIf(log, request)
        return try comparison.run()
    }

    private func orders(_ numbers: Int64...) throws -> PlainLog {
        var log = PlainLog()
        try log.activate(WhatIfRules.parsed(one))
        for number in numbers {
            log.add("order.placed", #"{"order":\#(number),"email":"a\#(number)@x.test"}"#, at: 10 + number)
        }
        return log
    }

    @Test("Commands that a later event ends before they are due are counted beside, on each side")
    func endedBeforeDue() throws {
        func rules(_ delay: String) -> String {
            WhatIfRules.rule(
                "review", key: "data.order",
                extra: [
                    "delay: \(delay)", "supersedes: [recipient]",
                    "cancel_on: { event: order.returned, key: [data.order] }",
                ])
        }
        var log = PlainLog()
        try log.activate(WhatIfRules.parsed(rules("1h")))
        log.add("order.placed", #"{"order":1,"email":"a@x.test"}"#, at: 0)
        log.add("order.placed", #"{"order":2,"email":"b@x.test"}"#, at: 0)
        // Before both are due; behind one hour; and a second return of one that has ended.
        log.add("order.returned", #"{"order":1}"#, at: 1_800)
        log.add("order.returned", #"{"order":2}"#, at: 4_000)
        log.add("order.returned", #"{"order":1}"#, at: 1_801)
        // The newer one ends the older, and one that comes late is ended by what happened after it.
        log.add("order.placed", #"{"order":3,"email":"c@x.test"}"#, at: 10_000)
        log.add("order.placed", #"{"order":4,"email":"c@x.test"}"#, at: 10_060)
        log.add("order.placed", #"{"order":5,"email":"c@x.test"}"#, at: 10_030)
        let found = try report(log, rules("2h"))
        #expect(found.endedRecorded == .init(cancelled: 1, superseded: 2))
        #expect(found.endedGiven == .init(cancelled: 2, superseded: 2))
        #expect(found.counts == Counts(changed: 5))
    }

    @Test("A command without a delay is due at once: nothing can end it before")
    func dueAtOnce() throws {
        let rule = WhatIfRules.rule(
            "review", extra: ["cancel_on: { event: order.returned, key: [data.order] }"])
        var log = PlainLog()
        try log.activate(WhatIfRules.parsed(rule))
        log.add("order.placed", #"{"order":1,"email":"a@x.test"}"#, at: 0)
        log.add("order.returned", #"{"order":1}"#, at: 1)
        let found = try report(log, rule)
        #expect(found.endedRecorded == .init() && found.endedGiven == .init())
    }

    @Test("A control event that nobody here knows does nothing on both sides, and is reported")
    func unknownControlEvent() throws {
        var log = try orders(1)
        log.add("sendonce.moon_landed", "{}", at: 12)
        log.add("sendonce.moon_landed", "{}", at: 12)
        log.add("order.placed", #"{"order":2,"email":"b@x.test"}"#, at: 13)
        let found = try report(log, one)
        #expect(found.counts == Counts(unchanged: 2))
        #expect(found.obstacles.isEmpty)
        let words = "control events: 2 of the type sendonce.moon_landed, the first at 3, are not known"
        #expect(found.assumptions.contains { $0.hasPrefix(words) })
    }

    @Test("An event that a producer wrote twice is seen once on both sides, also without an index of names")
    func repeatedNames() throws {
        var log = try orders()
        for order in 1...3 {
            log.add("order.placed", #"{"order":\#(order),"email":"a@x.test"}"#, at: 1, id: "e-1")
        }
        log.add("order.placed", #"{"order":9,"email":"a@x.test"}"#, at: 1, id: "e-2")
        #expect(try report(log, one).counts == Counts(unchanged: 2))
    }

    @Test("A log that begins later has the rules that were in force there, and says what is not known")
    func partialLog() throws {
        var log = try orders(1, 2, 1)
        log.first = 3
        let found = try report(log, one)
        #expect(found.counts == Counts(unchanged: 2))
        #expect((found.from, found.to) == (3, 4))
        #expect(found.assumptions.contains { $0.hasPrefix("log: events before position 3 are not there") })
    }

    @Test("A rule set that was changed ends the comparison where it came into force")
    func damaged() throws {
        var log = try orders(1)
        let second = try WhatIfRules.parsed(WhatIfRules.rule("confirmation", extra: ["route: other"]))
        try log.activate(second, at: 12)
        try log.activate(WhatIfRules.parsed(one), at: 13)
        log.add("order.placed", #"{"order":2,"email":"b@x.test"}"#, at: 13)
        log.damage(second.ruleSet.digest)
        let found = try report(log, one)
        #expect(found.counts == Counts(unchanged: 1))
        #expect(found.obstacles.count == 1)
        #expect(found.obstacles.first?.hasPrefix("from position 3 on nothing was decided again") ?? false)
        #expect(found.table.hasPrefix("COULD NOT TELL"))
        #expect(found.junit.contains("<error message=\"from position 3 on"))
    }

    @Test("Where there is nothing to compare, nothing is claimed")
    func nothing() throws {
        #expect(try report(PlainLog(), one).obstacles == ["the log is empty: there is nothing to compare"])
        var request = WhatIfRequest(rules: try WhatIfRules.parsed(one), file: "rules.yaml")
        request.start = .position(99)
        let behind = try report(orders(1), request)
        #expect(behind.obstacles.count == 1 && behind.to < behind.from)
    }

    @Test("Rules that could not be activated are refused with the words of an activation")
    func unfit() throws {
        let log = try orders(1)
        let rules = WhatIfRules.rule("receipt", extra: ["was: confirmatoin"])
        do {
            _ = try report(log, rules)
            Issue.record("accepted")
        } catch let error as WhatIfError {
            guard case .unfit(let words) = error else { throw error }
            #expect(words.description.contains(#"did you mean "confirmation"?"#))
        }
    }

    @Test("Without personal data no output names a recipient or a key")
    func impersonal() throws {
        var log = PlainLog()
        try log.activate(WhatIfRules.parsed(one, WhatIfRules.rule("copy")))
        log.add("order.placed", #"{"order":"secret-1","email":"ann@x.test","second":"boss@x.test"}"#, at: 1)
        // One new, one lost, one changed in recipient and key.
        let rules = try WhatIfRules.parsed(
            WhatIfRules.rule("confirmation", to: "data.second", key: "data.email"),
            WhatIfRules.rule("survey"))
        var request = WhatIfRequest(rules: rules, file: "rules.yaml")
        func outputs() throws -> [String] {
            let found = try report(log, request)
            #expect(found.counts == Counts(new: 1, lost: 1, changed: 1))
            return [found.table, found.json.jsonText, found.junit]
        }
        let personal = ["ann@x.test", "boss@x.test", "secret-1"]
        let shown = try outputs()
        for word in personal { #expect(shown[0].contains(word) && shown[1].contains(word)) }
        request.isPersonal = false
        for text in try outputs() {
            for word in personal { #expect(!text.contains(word)) }
        }
    }

    @Test("At most so many samples of each kind are kept, the first ones, and all are counted")
    func samples() throws {
        let log = try orders(1, 2, 3, 4)
        var request = WhatIfRequest(rules: try WhatIfRules.parsed(WhatIfRules.rule("survey")), file: "r")
        request.samples = 2
        let found = try report(log, request)
        #expect(found.samples.map(\.position) == [2, 3, 2, 3])
        #expect(found.samples.map(\.kind) == [.new, .new, .lost, .lost])
        #expect(found.counts == Counts(new: 4, lost: 4))
    }

    @Test("A limit is exceeded by one more than it, for all rules and for each rule")
    func gates() throws {
        let log = try orders(1, 2)
        func found(_ limit: Int64) throws -> WhatIfReport {
            var request = WhatIfRequest(
                rules: try WhatIfRules.parsed(one, WhatIfRules.rule("survey"), WhatIfRules.rule("copy")),
                file: "r")
            request.gates = [.init(.new, limit), .init(.lost, 0)]
            return try report(log, request)
        }
        #expect(try found(4).exceeded.isEmpty)
        #expect(try found(3).exceeded == [.init(.new, 3)])
        // Each rule keeps a limit of 3; both together do not.
        let junit = try found(3).junit
        #expect(junit.contains(#"tests="8" failures="1" errors="0""#))
        #expect(junit.contains(#"<failure message="all rules: 4 messages are new, at most 3 may be"#))
        #expect(try found(1).junit.contains(#"failures="3""#))
    }
}
