// Makes the drafts of a page's events under one rule set: the part of deciding that needs nothing but the
// event, so that several threads can do it for several pages at once.
import SendonceCore
import SendonceReading
import SendonceStore

/// Belongs to one thread.
final class Drafter {
    private let rules: RulesInForce
    private let repeats: RepeatedNames

    init(_ rules: RulesInForce, _ repeats: RepeatedNames) {
        self.rules = rules
        self.repeats = repeats
    }

    var activation: Activation { rules.activation }

    /// Drafts the events from one on, up to the next control event: what comes after it may be decided by
    /// other rules.
    func draft(_ page: RecordPage, from first: Int, into drafts: Drafts) {
        drafts.removeAll()
        drafts.activation = rules.activation
        var end = page.events.ends.count
        for index in first..<end {
            let event = EventCursor(page.events.row(index))
            guard event.position >= 1 else { continue }
            if event.isControl {
                end = index
                break
            }
            let before = drafts.entries.count
            if let winner = repeats.firstPosition(ofEventAt: event.position) {
                let reason = Reason.repeatedEvent(of: winner)
                add(Projector.Draft(kind: .decided(reason)), at: event.position, to: drafts)
            } else {
                let made = rules.draft(event.envelope, payload: event.payload, at: event.position)
                for draft in made { add(draft, at: event.position, to: drafts) }
                if made.count > 1 { sort(made, from: before, drafts) }
            }
            for entry in before..<drafts.entries.count { drafts.entries[entry].end = drafts.entries.count }
        }
        drafts.events = first..<end
    }

    private func add(_ draft: Projector.Draft, at position: Int64, to drafts: Drafts) {
        var decision = Decision(
            position: position, rule: draft.rule, item: draft.item, reason: .noRule, key: draft.key,
            recipient: draft.recipient)
        var entry = DraftEntry(kind: .cancels, position: position)
        switch draft.kind {
        case .decided(let reason):
            decision.reason = reason
            entry.kind = .decided(reason.ordinal)
        case .cancels:
            decision.reason = .cancelsNothing
            entry.key = draft.key?.digest ?? .zero
        case .claims(let command, let window):
            decision.reason = .emitted
            decision.command = command
            entry.kind = .claims(window)
            entry.key = command.key.digest
            entry.occurredAt = command.occurredAt
            entry.claim = drafts.commands.ends.count
            CommandRow.add(command, number: 0, to: drafts.commands)
            let scope = rules.activation.scopes[command.rule] ?? command.rule
            LedgerRow.add(command, scope: scope, number: 0, to: drafts.winners)
        }
        DecisionRow.add(decision, to: drafts.decisions)
        drafts.order.append(drafts.entries.count)
        drafts.entries.append(entry)
    }

    /// Puts the last entries' places in the order in which their decisions are recorded.
    private func sort(_ made: [Projector.Draft], from first: Int, _ drafts: Drafts) {
        drafts.order[first...].sort { left, right in
            let (left, right) = (made[left - first], made[right - first])
            return left.rule == right.rule ? left.item < right.item : left.rule < right.rule
        }
    }
}
