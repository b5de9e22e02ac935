// The replay property: the log and the rule sets in force, decided again one event at a time with a ledger
// made of plain arrays, give the decisions and command ids that are recorded, and the same hash chain.
import Foundation
import GRDB
import SendonceCore
import SendonceProjection
import SendonceReading
import SendonceStore

struct Recomputation {
    private let world: World

    init(_ world: World) {
        self.world = world
    }

    func check() throws {
        let activations = try readActivations()
        var rules: RulesInForce?
        var head = LogHead.empty
        var ledger: [Digest: [Winner]] = [:]
        var names: [EventName: Int64] = [:]
        let recorded = try readDecisions()
        for row in try world.inspection.rows("SELECT * FROM outbox_log ORDER BY position") {
            let event = row.event
            head = head.adding(event)
            if row.digest("link") != head.link {
                return world.report("the hash chain breaks at \(head.position)")
            }
            if let activation = activations[head.position] {
                rules = try RulesInForce(activation, from: world.application)
                continue
            }
            guard let rules else { return world.report("G1: \(head.position) was decided without rules") }
            let name = event.id.map { EventName(source: event.source, id: $0) }
            var decisions: [Decision] = []
            if let name, let first = names[name] {
                decisions = [Decision(position: head.position, reason: .repeatedEvent(of: first))]
            } else {
                if let name { names[name] = head.position }
                decisions = decide(rules.draft(event, at: head.position), at: head.position, &ledger)
            }
            let found = recorded[head.position] ?? []
            let expected = decisions.map(words)
            if found != expected {
                world.report("replay: position \(head.position) is decided \(expected), recorded \(found)")
            }
        }
    }

    private func decide(
        _ drafts: [Projector.Draft], at position: Int64, _ ledger: inout [Digest: [Winner]]
    ) -> [Decision] {
        var known: [LedgerQuestion: [Winner]] = [:]
        for question in drafts.compactMap(\.question) {
            let all = ledger[question.key.digest] ?? []
            switch question.range {
            case .first: known[question] = Array(all.prefix(1))
            case .latest: known[question] = Array(all.suffix(1))
            case .between(let from, let end):
                known[question] = all.filter { from <= $0.occurredAt && $0.occurredAt < end }
            }
        }
        var view = LedgerView(known: known)
        let decisions = Projector.decide(drafts, at: position, ledger: &view)
        for case let (command?, key?) in decisions.map({ ($0.command, $0.key) }) {
            ledger[key.digest, default: []].append(
                Winner(
                    position: position, occurredAt: command.occurredAt, slot: command.slot,
                    generation: command.generation, command: command.id))
        }
        return decisions
    }

    /// One line for a decision, with all that a reader could tell apart.
    private func words(_ decision: Decision) -> String {
        var (winner, command): (Int64?, String?) = (nil, decision.command?.id.description)
        switch decision.reason {
        case .duplicate(let position), .withinWindow(let position, _), .repeatedEvent(let position):
            winner = position
        case .cancels(let id): command = id.description
        default: break
        }
        return line(
            decision.rule.string, decision.item, decision.reason.word, decision.key?.text.string, winner,
            command)
    }

    private func line(
        _ rule: String, _ item: Int64, _ reason: String, _ key: String?, _ winner: Int64?, _ command: String?
    ) -> String {
        "\(rule)#\(item) \(reason) \(key ?? "-") \(winner ?? 0) \(command ?? "-")"
    }

    private func readDecisions() throws -> [Int64: [String]] {
        var decisions: [Int64: [String]] = [:]
        for row in try world.inspection.rows("SELECT * FROM outbox_decision ORDER BY position, rule, item") {
            decisions[row["position"], default: []].append(
                line(row["rule"], row["item"], row["reason"], row["key"], row["winner"], row["command"]))
        }
        return decisions
    }

    private func readActivations() throws -> [Int64: Activation] {
        var activations: [Int64: Activation] = [:]
        for row in try world.inspection.rows("SELECT * FROM outbox_activation") {
            guard let ruleSet = row.digest("digest") else { continue }
            let position: Int64 = row["position"]
            activations[position] = Activation(
                position: position, ruleSet: ruleSet, scopes: [:], actor: Text(row["actor"]),
                reason: Text(row["reason"]), recordedAt: Timestamp(microseconds: row["recorded_at"]))
        }
        for row in try world.inspection.rows("SELECT * FROM outbox_scope") {
            activations[row["position"]]?.scopes[Text(row["rule"])] = Text(row["scope"])
        }
        return activations
    }
}

extension Row {
    fileprivate var event: Event {
        let id: String? = self["id"]
        let subject: String? = self["subject"]
        let traceparent: String? = self["traceparent"]
        let (type, source, payload): (String, String, String) = (
            self["event_type"], self["source"], self["payload"]
        )
        return Event(
            id: id.map { Text($0) }, type: Text(type), source: Text(source),
            subject: subject.map { Text($0) },
            payload: Array(payload.utf8), occurredAt: Timestamp(microseconds: self["occurred_at"]),
            traceparent: traceparent.map { Text($0) })
    }
}
