// Running the examples of a rule file: each is an event and what must become of it.
import SendonceCore
import SendonceProjection
import SendonceReading
import SendonceRules
import SendonceStore

enum ExampleCheck {
    /// One line for each example that does not come out as it says; empty if all do.
    static func failures(of parsed: ParsedRules, file: String) -> [String] {
        let rehearsal = Rehearsal(parsed.ruleSet)
        return parsed.examples.compactMap { example in
            let event = example.event(at: Timestamp(microseconds: 0))
            let decisions = rehearsal.decisions(for: event).filter {
                $0.rule == example.rule || $0.rule.isEmpty
            }
            guard let difference = difference(decisions, example.expectation) else { return nil }
            return "\(file):\(example.place.line): example of \(example.rule): \(difference)"
        }
    }

    private static func difference(_ decisions: [Decision], _ expect: RuleExample.Expectation) -> String? {
        let words = decisions.map(\.reason.word)
        guard let decision = decisions.first(where: { $0.reason.word == expect.decision }) else {
            return "expected \(expect.decision), got \(words.joined(separator: ", "))"
        }
        if let key = expect.key {
            let text = "[" + key.map { JSONValue.quoted($0.string) }.joined(separator: ",") + "]"
            let found = decision.key?.text.string ?? "no key"
            if found != text { return "expected the key \(text), got \(found)" }
        }
        if let to = expect.to, decision.recipient != to {
            return "expected it to go to \(to), got \(decision.recipient?.string ?? "nobody")"
        }
        return nil
    }
}

/// Decides single events under a rule set with an empty ledger, beside everything real.
struct Rehearsal {
    private let rules: RulesInForce

    init(_ ruleSet: RuleSet) {
        let activation = Activation(
            position: 0, ruleSet: ruleSet.digest, scopes: [:], actor: "", reason: "",
            recordedAt: Timestamp(microseconds: 0))
        rules = RulesInForce(activation, rules: ruleSet)
    }

    func decisions(for event: Event) -> [Decision] {
        var ledger = LedgerView(known: [:])
        return Projector.decide(rules.draft(event, at: 1), at: 1, ledger: &ledger)
    }
}
