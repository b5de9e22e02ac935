// Random logs under random rules, compared with a model that knows nothing of pairs, pages or tables: two
// lists of messages, made by walking over all earlier winners.
import SendonceCore
import SendonceReading
import SendonceReplay
import SendonceRules
import SendonceStore
import Testing

@Suite("What-if: random logs against a plain model")
struct WhatIfModelTests {
    @Test(
        "Under the only rule set that was ever in force nothing changes, whatever the log is",
        arguments: 1...20)
    func same(_ seed: UInt64) throws {
        var die = Die(seed: seed)
        var log = PlainLog()
        let rules = try RandomRules.parsed(variant: Int(seed % 3), before: nil)
        try log.activate(rules)
        die.fill(&log, events: 150)
        var comparison = WhatIf(log, WhatIfRequest(rules: rules, file: "rules.yaml"))
        let found = try comparison.run()
        let expected = PlainModel.messages(log, .recorded).count
        #expect(found.counts == .init(unchanged: Int64(expected)), "seed \(seed)")
        #expect(expected > 30, "seed \(seed) says something")
        #expect(found.endedRecorded == found.endedGiven)
    }

    @Test("New, lost, changed and unchanged are what the model finds", arguments: 1...30)
    func model(_ seed: UInt64) throws {
        var die = Die(seed: seed)
        var log = PlainLog()
        try log.activate(RandomRules.parsed(variant: 0, before: nil))
        die.fill(&log, events: 60)
        try log.activate(RandomRules.parsed(variant: 1, before: 0), at: 5_000)
        die.fill(&log, events: 90)
        let rules = try RandomRules.parsed(variant: 2, before: 1)
        var request = WhatIfRequest(rules: rules, file: "rules.yaml")
        let since = Int64.random(in: 1...160, using: &die)
        // Half of them from the first position, half from another.
        if seed % 2 == 0 { request.start = .position(since) }
        var comparison = WhatIf(log, request)
        let found = try comparison.run()

        let start = seed % 2 == 0 ? since : 1
        let before = PlainModel.messages(log, .recorded).filter { $0.position >= start }
        let after = PlainModel.messages(
            log, .given(rules.ruleSet.withScopes([Text("thanks"): Text("confirmation")]), from: start))
        var expected = WhatIfReport.Counts()
        var left = after
        for message in before {
            guard let place = left.firstIndex(where: { $0.place == message.place }) else {
                expected.lost += 1
                continue
            }
            if left.remove(at: place) == message { expected.unchanged += 1 } else { expected.changed += 1 }
        }
        expected.new = Int64(left.count)
        #expect(found.counts == expected, "seed \(seed), from \(start)")
        #expect(found.reasons.reduce(0) { $0 + $1.messages } == expected.new + expected.lost)
        #expect(found.rules.reduce(0) { $0 + $1.counts.new } == expected.new)
    }
}

/// Rules whose variants differ in names, windows, conditions, delays and routes; never in recipients, so that
/// a message is known by its position, scope and recipient.
private enum RandomRules {
    static func parsed(variant: Int, before: Int?) throws -> ParsedRules {
        let names = ["confirmation", "receipt", "thanks"]
        let was = before.map { ["was: \(names[$0])"] } ?? []
        let window = [[], ["every: 10m"], ["within: 20m"]][variant]
        return try WhatIfRules.parsed(
            WhatIfRules.rule(
                names[variant], extra: was + window + ["when: data.total > \(variant * 20)"]),
            WhatIfRules.rule(
                "digest", key: "recipient", extra: [["every: 1h"], ["every: 1h"], ["every: 30m"]][variant]),
            WhatIfRules.rule(
                "review", event: "order.delivered", key: "data.order, recipient",
                extra: [
                    variant == 2 ? "route: other" : "route: brevo", "delay: \(variant + 1)h",
                    "cancel_on: { event: order.returned, key: [data.order, recipient] }",
                ]),
            WhatIfRules.rule("always", event: "order.delivered", extra: ["within: 5m"]))
    }
}

/// What is sent, and what it is made of as far as the variants of `RandomRules` differ.
private struct PlainMessage: Equatable {
    struct Place: Equatable {
        var position: Int64
        var scope: Text
        var recipient: EmailAddress
    }

    var place: Place
    var slot: Text
    var route: Text
    var notBefore: Timestamp
    var position: Int64 { place.position }
}

private enum PlainModel {
    enum Side {
        case recorded
        case given(RuleSet, from: Int64)
    }

    private struct Won {
        var key: Digest
        var time: Timestamp
    }

    static func messages(_ log: PlainLog, _ side: Side) -> [PlainMessage] {
        var won: [Won] = []
        var names: Set<Text> = []
        var rules: RulesInForce?
        var messages: [PlainMessage] = []
        for logged in log.logged {
            var isCompared = true
            if case .given(let set, let start) = side {
                if logged.position >= start, rules?.rules.digest != set.digest {
                    rules = RulesInForce(activation(set), rules: set)
                }
                isCompared = logged.position >= start
            }
            if let activation = log.known.first(where: { $0.position == logged.position }) {
                if case .given = side, isCompared { continue }
                rules = parsed(log, activation)
                continue
            }
            if let id = logged.event.id, !names.insert(id).inserted { continue }
            guard let rules else { continue }
            for draft in rules.draft(logged.event, at: logged.position) {
                guard case .claims(let command, let window) = draft.kind else { continue }
                let rivals = won.filter { $0.key == command.key.digest }.map(\.time)
                guard !rivals.contains(where: { competes($0, command.occurredAt, window) }) else { continue }
                won.append(Won(key: command.key.digest, time: command.occurredAt))
                guard isCompared else { continue }
                let scope = rules.rules.rule(named: command.rule)?.scope ?? command.rule
                messages.append(
                    PlainMessage(
                        place: .init(
                            position: logged.position, scope: scope, recipient: command.recipient),
                        slot: command.slot, route: command.route, notBefore: command.notBefore))
            }
        }
        return messages
    }

    private static func competes(_ winner: Timestamp, _ time: Timestamp, _ window: Window) -> Bool {
        let (left, right) = (winner.microseconds, time.microseconds)
        switch window {
        case .forever: return true
        case .within(let length): return abs(left - right) < length.microseconds
        case .every(let length): return left / length.microseconds == right / length.microseconds
        }
    }

    private static func parsed(_ log: PlainLog, _ activation: Activation) -> RulesInForce? {
        guard let files = log.files[activation.ruleSet],
            let parsed = try? StoredRules.parse(files, digest: activation.ruleSet)
        else { return nil }
        return RulesInForce(activation, rules: parsed.ruleSet.withScopes(activation.scopes))
    }

    private static func activation(_ rules: RuleSet) -> Activation {
        Activation(
            position: 0, ruleSet: rules.digest, scopes: [:], actor: "", reason: "",
            recordedAt: Timestamp(microseconds: 0))
    }
}

/// SplitMix64, and a shop that it rolls.
private struct Die: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    private mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &self)
    }

    /// Events of a few hours, not in their order; some that nobody can read, some written twice.
    mutating func fill(_ log: inout PlainLog, events: Int) {
        let types: [Text] = [
            "order.placed", "order.placed", "order.delivered", "order.returned", "order.seen",
        ]
        for _ in 0..<events {
            let type = types[Int(number(0...4))]
            let order = number(0...12) == 0 ? "null" : "\(number(1...12))"
            let email = number(0...15) == 0 ? "nobody" : "p\(number(1...6))@x.test"
            let id: Text? = number(0...3) == 0 ? Text("e-\(number(1...20))") : nil
            log.add(
                type, #"{"order":\#(order),"email":"\#(email)","total":\#(number(0...60))}"#,
                at: number(0...20_000), id: id)
        }
    }
}
