// A backfill, decided again: the past events that it is about, as its rule saw them when the backfill came.
import SendonceCore
import SendonceReading
import SendonceStore

extension Replayer {
    /// The decisions that follow from one part of a backfill, from the log before it and the keys that were
    /// won before it.
    ///
    /// Cost: reads the part's events again and, where the rule has `cancel_on`, all that stand between them
    /// and the backfill.
    mutating func decide(_ part: Backfill, at position: Int64) throws(Obstacle) -> [Decision] {
        guard partition.count == 1 else {
            throw Obstacle(
                at: position,
                "a backfill is judged with all keys in memory: leave out --memory, or give it more")
        }
        guard !isSeeded else {
            throw Obstacle(
                at: position, "a backfill is judged by what was won before it: begin at position 1")
        }
        guard let rules, let rule = try self.rule(named: part.rule, before: position) else {
            // Among other rules than the recorded ones there may be no such rule: then it decides nothing.
            if keepsRules { return [] }
            throw Obstacle(
                at: position, "the backfill names a rule that was not in force",
                difference: Difference(
                    at: position, .decision, columns: ["rule"], recorded: part.rule.string,
                    recomputed: "a rule in force"))
        }
        var reading = BackfillReading(rule, part.range)
        do throws(StoreError) {
            try each(from: part.first, through: min(part.last, position - 1), rule.event) { logged in
                guard part.range.contains(logged.position, logged.event.occurredAt) else { return }
                reading.decide(later: past(logged, under: rules, for: rule))
            }
            // What is newer supersedes a command, which no decision says.
            if let cancelling = rule.cancellation?.event {
                try each(from: part.first, through: position - 1, cancelling) { logged in
                    reading.bear(past(logged, under: rules, for: rule))
                }
            }
        } catch {
            throw Obstacle(at: position, error.description)
        }
        let conclusion = reading.conclude(part, at: position, ledger: &keys)
        let control = Reason.control(detail: part.words(conclusion))
        return ([Decision(position: position, reason: control)] + conclusion.decisions)
            .sorted(by: Decision.precedes)
    }

    /// The rule that a person named at this position. Other rules than the recorded ones may call it
    /// differently: there it is the one that has its keys.
    private func rule(named name: Text, before position: Int64) throws(Obstacle) -> Rule? {
        guard keepsRules else { return rules?.rules.rule(named: name) }
        do throws(StoreError) {
            let recorded = try log.activations().last { $0.position < position }
            let scope = recorded?.scopes[name] ?? name
            return rules?.rules.rules.first { $0.scope == scope }
        } catch {
            throw Obstacle(at: position, error.description)
        }
    }

    private func past(_ logged: LoggedEvent, under rules: RulesInForce, for rule: Rule) -> PastEvent {
        let event = rules.past(logged, for: rule)
        guard let first = repeats.firstPosition(ofEventAt: logged.position) else { return event }
        return event.repeating(first, for: rule)
    }

    private func each(
        from first: Int64, through last: Int64, _ type: Text, _ body: (LoggedEvent) -> Void
    ) throws(StoreError) {
        var after = first - 1
        while after < last {
            let page = try log.events(
                after: after, limit: VerificationLimits.pageEvents, bytes: VerificationLimits.pageBytes)
            guard let end = page.last else { return }
            for logged in page where logged.position <= last && logged.event.type == type { body(logged) }
            after = end.position
        }
    }
}
