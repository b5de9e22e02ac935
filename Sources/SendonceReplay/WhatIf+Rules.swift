// Which rules each side has, and what the rules of both are to each other.
import SendonceCore
import SendonceReading
import SendonceRules
import SendonceStore

extension WhatIf {
    /// Takes up what holds before the first event that is there.
    mutating func begin(at first: Int64) throws {
        let activations = try log.activations()
        if first > 1 {
            firstPosition = first
            do throws(Obstacle) {
                guard let last = activations.last(where: { $0.position < first }) else { return }
                recorded.rules = try recorded.load(last)
                try noteRules()
            } catch {
                return stop(error)
            }
        }
        guard request.start == .beginning else { return }
        // Names are those of the rules that are in force now: `was` means one of them.
        try follow(activations.last, among: activations, at: first)
        startedAt = first
    }

    /// From this position on the given rules decide. `was` means a rule that is in force there, or, where
    /// there is none of the name, one that is in force at the log's end: a scope is the same whatever a rule
    /// is called.
    mutating func start(at position: Int64) throws {
        let activations = try log.activations()
        do {
            let change = try follow(recorded.rules?.activation, among: activations, at: position)
            freed = change.freed.map(\.words)
            confused = change.confused.map(\.description)
        } catch let error as RuleChangeError {
            guard case .unknownPredecessor = error, let last = activations.last,
                (try? follow(last, among: activations, at: position)) != nil
            else { throw error }
            namesAreOfTheEnd = true
        }
        startedAt = position
    }

    /// Puts the given rules in force on their side, with their keys under the scopes that an activation after
    /// this one would give them.
    @discardableResult
    private mutating func follow(_ active: Activation?, among activations: [Activation], at position: Int64)
        throws -> RuleChange
    {
        let scopes = Set(activations.flatMap { $0.scopes.values }).sorted()
        let last = activations.prefix { $0.position <= active?.position ?? 0 }.reduce(into: [:]) {
            $0.merge($1.scopes) { _, later in later }
        }
        let change = try RuleChange.compare(
            active: active.map { try StoredRules.load($0.ruleSet, from: log) },
            activeScopes: active?.scopes ?? [:], new: request.rules, historicScopes: scopes,
            lastScopes: last)
        let activation = Activation(
            position: position, ruleSet: request.rules.ruleSet.digest, scopes: change.scopes, actor: "",
            reason: "", recordedAt: Timestamp(microseconds: 0))
        let rules = request.rules.ruleSet.withScopes(change.scopes)
        given.rules = RulesInForce(activation, rules: rules)
        tally.nameGiven(rules)
        return change
    }

    /// Remembers a rule set that came into force on the recorded side.
    mutating func noteRules() throws(Obstacle) {
        guard let rules = recorded.rules, ruleSets.last?.position != rules.activation.position else { return }
        let activation = rules.activation
        let files: [RuleSetFile]?
        do throws(StoreError) {
            files = try log.ruleSetFiles(activation.ruleSet)
        } catch {
            throw Obstacle(at: activation.position, error.description)
        }
        ruleSets.append(
            WhatIfReport.RuleSetInForce(position: activation.position, ruleSet: activation.ruleSet))
        tally.nameRecorded(rules.rules)
        comparison.use(rules.rules, from: files.flatMap { RuleSource(files: $0) })
    }
}

extension RuleChange.Freed {
    fileprivate var words: String {
        switch cause {
        case .keyChanged: "once_per of \(rule) is another list"
        case .replaced(let by):
            "\(rule) is gone, and \(by.map(\.string).joined(separator: ", ")) is not its heir"
        }
    }
}
