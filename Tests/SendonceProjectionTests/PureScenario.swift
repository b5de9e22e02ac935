// A scenario without any store: one event after the other through the rules in force, with a ledger in
// memory.
import SendonceCore
import SendonceProjection
import SendonceReading
import SendonceRules
import SendonceStore
import Testing

/// The plainest way to run a scenario. It knows no batches, so that a store's batches are checked against it.
struct PureScenario {
    private var head = LogHead.empty
    private var inForce: (parsed: ParsedRules, rules: RulesInForce)?
    private var waiting: [Event] = []
    private var names: [EventName: Int64] = [:]
    private var winners: [Digest: [Winner]] = [:]
    private var keysByScope: [Text: Int64] = [:]
    private var commands: [Command] = []
    private var cancelledBy: [CommandID: Int64] = [:]
    private var supersededBy: [CommandID: Int64] = [:]
    private var lines: [String] = []

    static func run(_ scenario: Scenario) throws -> ScenarioResult {
        var pure = PureScenario()
        for line in scenario.lines {
            switch line {
            case .event(let event, _): pure.waiting.append(event)
            case .batch: pure.project()
            case .activation(let file, let freedKeys, let time):
                pure.project()
                try pure.activate(scenario.rules(file), freedKeys: freedKeys, time: time)
            }
        }
        pure.project()
        let ended = pure.commands.filter {
            pure.cancelledBy[$0.id] != nil || pure.supersededBy[$0.id] != nil
        }
        let endings = ended.map {
            EndingLine(
                command: $0.id.description, cancelledBy: pure.cancelledBy[$0.id],
                supersededBy: pure.supersededBy[$0.id]
            ).text
        }
        return ScenarioResult(lines: pure.lines + endings, link: pure.head.link.description)
    }

    /// Events wait while no rule set is in force.
    private mutating func project() {
        guard let inForce else { return }
        for event in waiting {
            head = head.adding(event)
            var drafts = inForce.rules.draft(event, at: head.position)
            if let id = event.id {
                let name = EventName(source: event.source, id: id)
                if let first = names[name] {
                    drafts = [Projector.Draft(kind: .decided(.repeatedEvent(of: first)))]
                } else {
                    names[name] = head.position
                }
            }
            var known: [LedgerQuestion: [Winner]] = [:]
            for question in drafts.compactMap(\.question) { known[question] = answer(question) }
            var view = LedgerView(known: known)
            let decisions = Projector.decide(drafts, at: head.position, ledger: &view)
            lines += decisions.map { record($0) }.sorted { ($0.rule, $0.item) < ($1.rule, $1.item) }.map(
                \.text)
        }
        waiting = []
    }

    private func answer(_ question: LedgerQuestion) -> [Winner] {
        let all = winners[question.key.digest] ?? []
        switch question.range {
        case .first: return Array(all.prefix(1))
        case .latest: return Array(all.suffix(1))
        case .between(let from, let end): return all.filter { from <= $0.occurredAt && $0.occurredAt < end }
        }
    }

    private mutating func record(_ decision: Decision) -> DecisionLine {
        var line = DecisionLine(
            position: decision.position, rule: decision.rule, item: decision.item,
            reason: decision.reason.word,
            key: decision.key?.text, recipient: decision.recipient, command: decision.command?.id.description,
            slot: decision.command?.slot, notBefore: decision.command?.notBefore,
            expiresAt: decision.command?.expiresAt)
        switch decision.reason {
        case .emitted, .noRule, .recipientMissing, .cancelsNothing: break
        case .duplicate(let position), .repeatedEvent(let position): line.winner = position
        case .withinWindow(let position, let end): (line.winner, line.until) = (position, end)
        case .conditionFalse(let words): line.detail = words
        case .keyMissing(let words), .keyInvalid(let words), .paramMissing(let words),
            .recipientInvalid(let words),
            .payloadInvalid(let words), .control(let words):
            line.detail = words
        case .cancels(let ended):
            line.command = ended.description
            cancelledBy[ended] = cancelledBy[ended] ?? decision.position
        }
        if let emitted = decision.command { emit(emitted) }
        return line
    }

    private mutating func emit(_ command: Command) {
        let winner = Winner(
            position: command.position, occurredAt: command.occurredAt, slot: command.slot,
            generation: command.generation, command: command.id)
        winners[command.key.digest, default: []].append(winner)
        keysByScope[inForce?.rules.rules.rule(named: command.rule)?.scope ?? command.rule, default: 0] += 1
        // A newer event ends what an older one wanted to say; what one event says to several people is
        // equally new.
        for older in commands
        where older.supersedeDigest != nil && older.supersedeDigest == command.supersedeDigest
            && older.position < command.position && supersededBy[older.id] == nil
        {
            if older.occurredAt <= command.occurredAt {
                supersededBy[older.id] = command.position
            } else {
                // What comes late is ended by what happened after it.
                supersededBy[command.id] = older.position
            }
        }
        commands.append(command)
    }

    private mutating func activate(_ parsed: ParsedRules, freedKeys: Int64?, time: Timestamp) throws {
        let change = try RuleChange.compare(
            active: inForce?.parsed, activeScopes: inForce?.rules.activation.scopes ?? [:], new: parsed,
            historicScopes: keysByScope.keys.sorted())
        let freed = change.freed.reduce(Int64(0)) { $0 + (keysByScope[$1.scope] ?? 0) }
        try #require(freed == freedKeys ?? 0, "the scenario says how many keys an activation frees")
        if inForce?.parsed.ruleSet.digest == parsed.ruleSet.digest { return }
        let activation = Activation(
            position: head.position + 1, ruleSet: parsed.ruleSet.digest, scopes: change.scopes,
            actor: "scenario",
            reason: "golden", recordedAt: time)
        head = head.adding(
            Event(
                type: Event.activationType, source: "sendonce", payload: Array(activation.payload.utf8),
                occurredAt: time))
        inForce = (
            parsed, RulesInForce(activation, rules: parsed.ruleSet.withScopes(activation.scopes))
        )
        let count = parsed.ruleSet.rules.count
        let words =
            "rule set \(parsed.ruleSet.digest.description.prefix(12)) with \(count)"
            + " \(count == 1 ? "rule" : "rules") is in force"
        lines.append(record(Decision(position: head.position, reason: .control(detail: words))).text)
    }
}
