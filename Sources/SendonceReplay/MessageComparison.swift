// In what two messages differ that both sides send for one event.
import SendonceCore
import SendonceRules

/// Compares commands, and of what stands in the rules alone the parts that make the message. What a template
/// renders is out of reach here: no template engine is linked.
struct MessageComparison {
    /// Compared as the rules write them; all others as the commands have them.
    private static let written: [RuleChange.Aspect] = [.template, .sender, .copies, .onUnknown]
    /// Everything that is compared, for people.
    static let compared: [RuleChange.Aspect] =
        RuleChange.Aspect.allCases.filter { ![.event, .when, .cancelOn].contains($0) }

    private let given: ParsedRules
    private var recorded: (rules: RuleSet, source: RuleSource?)?
    private var known: [RulePair: [RuleChange.Aspect]] = [:]

    private struct RulePair: Hashable {
        var recorded: Text
        var given: Text
    }

    init(given: ParsedRules) {
        self.given = given
    }

    /// The recorded rules from here on.
    mutating func use(_ rules: RuleSet, from source: RuleSource?) {
        recorded = (rules, source)
        known = [:]
    }

    /// The fields that differ, in the order of `RuleChange.Aspect`; none where a side sends nothing.
    mutating func changes(in pair: MessagePair) -> [WhatIfReport.Change] {
        guard let before = pair.recorded, let after = pair.given else { return [] }
        let inRules = writtenDifferences(before.rule, after.rule)
        return MessageComparison.compared.compactMap { field in
            if MessageComparison.written.contains(field) {
                return inRules.contains(field) ? WhatIfReport.Change(field: field) : nil
            }
            return change(field, before, after)
        }
    }

    private func change(_ field: RuleChange.Aspect, _ before: Command, _ after: Command) -> WhatIfReport
        .Change?
    {
        func compared(_ value: (Command) -> String) -> WhatIfReport.Change? {
            let (old, new) = (Text(value(before)), Text(value(after)))
            return old == new
                ? nil : WhatIfReport.Change(field: field, recorded: old.string, given: new.string)
        }
        switch field {
        case .to: return compared { $0.recipient.description }
        case .oncePer: return compared { $0.key.text.string }
        case .window:
            // The slot of one event follows from the window alone, which says more to people.
            guard before.slot != after.slot else { return nil }
            return WhatIfReport.Change(
                field: field, recorded: recorded?.rules.rule(named: before.rule)?.window.words,
                given: given.ruleSet.rule(named: after.rule)?.window.words)
        case .delay: return compared { $0.notBefore.text }
        case .expiresAfter: return compared { $0.expiresAt?.text ?? "never" }
        case .route: return compared { $0.route.string }
        case .supersedes:
            return before.supersedeDigest == after.supersedeDigest ? nil : WhatIfReport.Change(field: field)
        case .event, .when, .cancelOn, .template, .sender, .copies, .onUnknown: return nil
        }
    }

    private mutating func writtenDifferences(_ before: Text, _ after: Text) -> [RuleChange.Aspect] {
        let pair = RulePair(recorded: before, given: after)
        if let found = known[pair] { return found }
        guard let recorded, let old = recorded.rules.rule(named: before),
            let new = given.ruleSet.rule(named: after)
        else { return [] }
        let found = RuleChange.aspects(old, in: recorded.source, new, in: given.source)
        known[pair] = found
        return found
    }
}

extension Window {
    fileprivate var words: String {
        switch self {
        case .forever: "forever"
        case .within(let length): "within \(length.description)"
        case .every(let length): "every \(length.description)"
        }
    }
}
