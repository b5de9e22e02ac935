// Bringing a rule set into force: an act of a person, planned first, recorded as an event of the log.
package import SendonceCore
import SendonceReading
package import SendonceRules
package import SendonceStore

/// What an activation would change, and what it would cost.
package struct ActivationPlan: Sendable {
    package var parsed: ParsedRules
    /// What is in force now; nil before the first activation.
    package var current: Activation?
    package var change: RuleChange
    /// Keys in the ledger that the new rules would no longer find: each may send again.
    package var freedKeys: [FreedKeys]

    /// Keys of rules that go without an heir, by rule. They stay claimed, for a rule that says `was`.
    package var orphanedKeys: [(rule: Text, keys: Int64)]

    /// 0 where nothing is un-claimed.
    package var freedKeyCount: Int64 { freedKeys.reduce(0) { $0 + $1.keys } }
    /// Whether the rule set is in force already.
    package var isInForce: Bool { current?.ruleSet == parsed.ruleSet.digest }
}

/// Keys that a change would un-claim, and why.
package struct FreedKeys: Sendable {
    package var cause: RuleChange.Freed
    package var keys: Int64
}

package enum ActivationError: Error, Sendable {
    case store(StoreError)
    /// The change does not fit the rules in force, for example `was` names a rule that never was.
    case unfit(String)
    /// The change un-claims keys, and the number that was confirmed is lower than the number that it frees.
    case unconfirmed(freed: Int64, confirmed: Int64?)
    /// Somebody activated another rule set since the plan was made.
    case overtaken

    package var description: String {
        switch self {
        case .store(let error): error.description
        case .unfit(let words): words
        case .unconfirmed(let freed, let confirmed):
            "this change frees \(freed) \(freed == 1 ? "key" : "keys"), which could then send again"
                + (confirmed.map { " (confirmed: \($0))" } ?? "")
                + ": name the old rule with `was:`, or confirm with --free-keys \(freed)"
        case .overtaken: "another rule set was activated meanwhile: look at the difference again"
        }
    }
}

package enum RuleSetActivation {
    package typealias Store = ProjectionStore & RuleSetReader

    /// Compares the parsed rules with those in force and counts the keys that the change would free.
    package static func plan(_ parsed: ParsedRules, in store: any RuleSetReader) throws(ActivationError)
        -> ActivationPlan
    {
        do {
            let current = try store.activation()
            let scopes = try store.scopes()
            let change = try RuleChange.compare(
                active: try current.map { activation in try StoredRules.load(activation.ruleSet, from: store)
                },
                activeScopes: current?.scopes ?? [:], new: parsed, historicScopes: scopes.keys.sorted(),
                lastScopes: try store.lastScopes())
            if let confused = change.confused.first { throw ActivationError.unfit(confused.description) }
            let freed = change.freed.compactMap { freed in
                scopes[freed.scope].flatMap { $0 > 0 ? FreedKeys(cause: freed, keys: $0) : nil }
            }
            let orphaned = change.removed.compactMap { rule in
                scopes[current?.scopes[rule] ?? rule].map { (rule: rule, keys: $0) }
            }
            return ActivationPlan(
                parsed: parsed, current: current, change: change, freedKeys: freed, orphanedKeys: orphaned)
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as RuleChangeError {
            throw .unfit(error.description)
        } catch let error as ActivationError {
            throw error
        } catch {
            throw .unfit("\(error)")
        }
    }

    /// Writes the activation into the log. `confirmedKeys` must be at least the number of keys that the
    /// change frees at that moment: a busy log wins keys while a person reads. A rule set that is in force
    /// already is left as it is: nil.
    package static func activate(
        _ plan: ActivationPlan, actor: Text, reason: Text, confirmedKeys: Int64?, now: Timestamp,
        in store: any Store
    ) throws(ActivationError) -> Activation? {
        guard !plan.isInForce else { return nil }
        let files = plan.parsed.source.files
        let outcome: Result<Activation, ActivationError>
        do {
            outcome = try store.act {
                transaction throws(StoreError) -> Result<Activation, ActivationError> in
                guard try transaction.activation() == plan.current else { return .failure(.overtaken) }
                // Counted under the write lock: keys may have been won since the plan.
                let scopes = plan.change.freed.isEmpty ? [:] : try store.scopes()
                let freed = plan.change.freed.reduce(Int64(0)) { $0 + (scopes[$1.scope] ?? 0) }
                guard freed == 0 || (confirmedKeys ?? 0) >= freed else {
                    return .failure(.unconfirmed(freed: freed, confirmed: confirmedKeys))
                }
                let head = try transaction.head()
                let activation = Activation(
                    position: head.position + 1, ruleSet: plan.parsed.ruleSet.digest,
                    scopes: plan.change.scopes,
                    actor: actor, reason: reason, recordedAt: now)
                let event = Event(
                    type: Event.activationType, source: Event.controlSource,
                    payload: Array(activation.payload.utf8), occurredAt: now)
                let next = head.adding(event)
                try transaction.write(
                    activation,
                    event: LoggedEvent(
                        position: next.position, event: event, link: next.link, recordedAt: now),
                    decision: Decision(
                        position: next.position,
                        reason: .control(detail: Activation.words(plan.parsed.ruleSet))),
                    files: files)
                return .success(activation)
            }
        } catch {
            throw .store(error)
        }
        return try outcome.get()
    }
}
