// What activating a rule set would change, and whose keys it would let go. Compared before anybody confirms.
package import SendonceCore

/// The difference between the rule set in force and another.
package struct RuleChange: Hashable, Sendable {
    /// A part of a rule, in the words of the rule file.
    package enum Aspect: String, Hashable, Sendable, CaseIterable {
        case event, when, to, oncePer = "once_per", window, delay, expiresAfter = "expires_after", supersedes
        case cancelOn = "cancel_on", template, sender = "from", copies = "cc", route, onUnknown = "on_unknown"
    }

    package struct Renamed: Hashable, Sendable {
        package var from: Text
        package var to: Text
    }

    /// A rule whose `once_per` is another list of as many parts: in the ledger a value of the one could not
    /// be told from a value of the other.
    package struct Confused: Hashable, Sendable, CustomStringConvertible {
        package var rule: Text
        package var from: [String]
        package var to: [String]

        package var description: String {
            "once_per of the rule \"\(rule)\" changes from [\(from.joined(separator: ", "))] to "
                + "[\(to.joined(separator: ", "))]: values of the one would be taken for values of the "
                + "other. Give the rule another name; if the values are the same and only where they stand "
                + "is new, say `was: \(rule)` there too, and it keeps its keys"
        }
    }

    package struct Changed: Hashable, Sendable {
        /// The rule's name in the new set.
        package var name: Text
        package var aspects: [Aspect]
    }

    /// Keys that were won and would compete again.
    package struct Freed: Hashable, Sendable {
        package enum Cause: Hashable, Sendable {
            /// `once_per` has more or fewer parts, so every key is another key.
            case keyChanged(from: [String], to: [String])
            /// The rule is gone, and these new rules act on its event without being its heir.
            case replaced(by: [Text])
        }

        package var scope: Text
        /// The rule in force that holds the scope.
        package var rule: Text
        package var cause: Cause
    }

    /// Lists are in the order of names.
    package var added: [Text] = []
    package var removed: [Text] = []
    package var renamed: [Renamed] = []
    /// A renamed rule stands here too if something else is new about it.
    package var changed: [Changed] = []
    package var unchanged: [Text] = []
    /// Under which scope each rule of the new set would keep its keys; for `RuleSet.withScopes`.
    package var scopes: [Text: Text] = [:]
    /// Not empty: the activation needs a confirmation that names the number of keys.
    package var freed: [Freed] = []

    /// Not empty: the activation is refused, whatever is confirmed.
    package var confused: [Confused] = []

    package var freedScopes: [Text] { freed.map(\.scope) }
    package var isEmpty: Bool { added.isEmpty && removed.isEmpty && renamed.isEmpty && changed.isEmpty }
}

/// Why a rule set cannot follow the one in force, whatever is confirmed.
package enum RuleChangeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `was` names neither a rule in force nor a scope of an earlier one.
    case unknownPredecessor(rule: Text, was: Text, suggestion: String?)
    /// Two rules would share the keys of one scope.
    case scopeShared(scope: Text, rules: [Text])

    package var description: String {
        switch self {
        case .unknownPredecessor(let rule, let was, let suggestion):
            "the rule \"\(rule)\" says that it was \"\(was)\", but no such rule is in force or ever was"
                + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
        case .scopeShared(let scope, let rules):
            "the rules \(rules.map { "\"\($0)\"" }.joined(separator: " and ")) would share the keys under"
                + " \"\(scope)\"; give one of them another name"
        }
    }
}

extension RuleChange {
    /// Compares the rules in force with new ones.
    /// - Parameters:
    ///   - active: nil before the first activation.
    ///   - activeScopes: what the activation in force made of its scopes; a rule that is not named keeps its
    ///     own.
    ///   - historicScopes: every scope that the ledger knows, so that a rule can come back under another
    ///     name.
    ///   - lastScopes: under which scope each rule that ever was in force had its keys last, so that one that
    ///     was removed finds them again.
    package static func compare(
        active: ParsedRules?, activeScopes: [Text: Text] = [:], new: ParsedRules, historicScopes: [Text] = [],
        lastScopes: [Text: Text] = [:]
    ) throws(RuleChangeError) -> RuleChange {
        let old = active?.ruleSet.withScopes(activeScopes).rules ?? []
        var change = RuleChange()
        var heirs: [Text: Text] = [:]
        for rule in new.ruleSet.rules {
            let predecessor = try predecessor(
                of: rule, in: old, historicScopes: historicScopes, lastScopes: lastScopes)
            switch predecessor {
            case .none:
                change.added.append(rule.name)
                change.scopes[rule.name] = rule.name
            case .scope(let scope):
                change.added.append(rule.name)
                change.scopes[rule.name] = scope
            case .rule(let before):
                heirs[before.name] = rule.name
                change.scopes[rule.name] = before.scope
                if before.name != rule.name {
                    change.renamed.append(Renamed(from: before.name, to: rule.name))
                }
                change.note(rule, before: before, active: active?.source, new: new.source)
            }
        }
        try change.checkSharing(rules: new.ruleSet.rules)
        for rule in old where heirs[rule.name] == nil {
            change.removed.append(rule.name)
            let replacements = new.ruleSet.rules.filter { candidate in
                candidate.event == rule.event && candidate.was == nil && change.added.contains(candidate.name)
                    || candidate.name == rule.name
            }
            guard !replacements.isEmpty, !change.scopes.values.contains(rule.scope) else { continue }
            change.freed.append(
                Freed(scope: rule.scope, rule: rule.name, cause: .replaced(by: replacements.map(\.name))))
        }
        change.freed.sort { $0.rule < $1.rule }
        return change
    }

    private enum Predecessor {
        case none
        case scope(Text)
        case rule(Rule)
    }

    /// `was` comes first. Once the renaming is in force, the line may stay in the file: then the name counts.
    private static func predecessor(
        of rule: Rule, in old: [Rule], historicScopes: [Text], lastScopes: [Text: Text]
    ) throws(RuleChangeError) -> Predecessor {
        let named = old.first { $0.name == rule.name }
        guard let was = rule.was else {
            return named.map { .rule($0) } ?? lastScopes[rule.name].map { .scope($0) } ?? .none
        }
        if let before = old.first(where: { $0.name == was }) { return .rule(before) }
        if let named { return .rule(named) }
        if let scope = lastScopes[was] { return .scope(scope) }
        if historicScopes.contains(was) { return .scope(was) }
        let suggestion = Suggestion.nearest(to: was.string, among: old.map(\.name.string))
        throw RuleChangeError.unknownPredecessor(rule: rule.name, was: was, suggestion: suggestion)
    }

    private func checkSharing(rules: [Rule]) throws(RuleChangeError) {
        for rule in rules {
            guard let scope = scopes[rule.name] else { continue }
            let sharing = rules.map(\.name).filter { scopes[$0] == scope }
            if sharing.count > 1 { throw RuleChangeError.scopeShared(scope: scope, rules: sharing) }
        }
    }

    private mutating func note(_ rule: Rule, before: Rule, active: RuleSource?, new: RuleSource) {
        let aspects = RuleChange.aspects(before, in: active, rule, in: new)
        if aspects.isEmpty {
            if before.name == rule.name { unchanged.append(rule.name) }
        } else {
            changed.append(Changed(name: rule.name, aspects: aspects))
        }
        guard aspects.contains(.oncePer) else { return }
        let (from, to) = (before.key.map(\.description), rule.key.map(\.description))
        if from.count != to.count {
            freed.append(
                Freed(scope: before.scope, rule: before.name, cause: .keyChanged(from: from, to: to)))
        } else if before.name == rule.name {
            confused.append(Confused(rule: rule.name, from: from, to: to))
        }
    }

    /// What differs between two rules whatever they are called, in the order of `Aspect`; templates are
    /// compared with the files behind them.
    package static func aspects(
        _ before: Rule, in old: RuleSource?, _ after: Rule, in new: RuleSource
    ) -> [Aspect] {
        aspects(
            before.withoutSlots, after.withoutSlots, sameTemplates: sameTemplates(before, old, after, new))
    }

    private static func aspects(_ before: Rule, _ after: Rule, sameTemplates: Bool) -> [Aspect] {
        let (old, new) = (before.message, after.message)
        let differences: [(Aspect, Bool)] = [
            (.event, before.event != after.event), (.when, before.condition != after.condition),
            (.to, before.recipient != after.recipient), (.oncePer, before.key != after.key),
            (.window, before.window != after.window), (.delay, before.delay != after.delay),
            (.expiresAfter, before.expiresAfter != after.expiresAfter),
            (.supersedes, before.supersedes != after.supersedes),
            (.cancelOn, before.cancellation != after.cancellation),
            (.template, old.template != new.template || !sameTemplates),
            (.sender, old.from != new.from || old.replyTo != new.replyTo),
            (.copies, old.cc != new.cc || old.bcc != new.bcc), (.route, before.route != after.route),
            (.onUnknown, before.onUnknown != after.onUnknown),
        ]
        return differences.filter(\.1).map(\.0)
    }

    /// Whether the files behind both rules' templates hold the same bytes.
    private static func sameTemplates(
        _ before: Rule, _ active: RuleSource?, _ after: Rule, _ new: RuleSource
    ) -> Bool {
        guard case .file(let oldName, _) = before.message.template,
            case .file(let newName, _) = after.message.template
        else { return true }
        return ["subject", "html", "txt"].allSatisfy { part in
            active?.template("\(oldName).\(part).mustache") == new.template("\(newName).\(part).mustache")
        }
    }
}
