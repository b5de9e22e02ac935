// A past event as one rule sees it now.

/// What one rule makes of an event of the log that it may never have seen: what it would send for it, and
/// which of its keys the event cancels.
package struct PastEvent: Sendable {
    package var position: Int64
    package var occurredAt: Timestamp
    /// As the projector drafts them; none where the rule acts on another type.
    package var drafts: [Projector.Draft]
    /// Keys of the rule that the event's `cancel_on` names.
    package var cancelled: [Key]

    /// Reads an event under a rule of the rule set that is in force. `fields` are read as for a live event,
    /// with the slots of all rules that know the type, so that a past event is as readable as it would have
    /// been.
    package init(
        _ event: Event, at position: Int64, fields: Result<Fields, PayloadDefect>, for rule: Rule,
        ruleSet: Digest
    ) {
        self.position = position
        occurredAt = event.occurredAt
        drafts = []
        cancelled = []
        switch fields {
        case .failure(let defect):
            guard event.type == rule.event else { return }
            drafts = [
                Projector.Draft(
                    rule: rule.name, kind: .decided(.payloadInvalid(detail: defect.description)))
            ]
        case .success(let fields):
            let reader = EventReader(event: event, fields: fields, position: position, ruleSet: ruleSet)
            if event.type == rule.event { reader.addDrafts(for: rule, to: &drafts) }
            guard event.type == rule.cancellation?.event else { return }
            cancelled = reader.cancellingDrafts(for: rule, firstItem: 0).compactMap { draft in
                guard case .cancels = draft.kind else { return nil }
                return draft.key
            }
        }
    }

    /// Commands that the rule would emit if their keys were free, each with what to ask the ledger.
    var claims: [(command: Command, question: LedgerQuestion)] {
        drafts.compactMap { draft in
            guard case .claims(let command, _) = draft.kind, let question = draft.question else { return nil }
            return (command, question)
        }
    }

    /// The same event, whose producer had written it before: no rule sees it.
    package func repeating(_ first: Int64, for rule: Rule) -> PastEvent {
        var repeated = self
        repeated.cancelled = []
        if !drafts.isEmpty {
            repeated.drafts = [
                Projector.Draft(rule: rule.name, kind: .decided(.repeatedEvent(of: first)))
            ]
        }
        return repeated
    }
}
