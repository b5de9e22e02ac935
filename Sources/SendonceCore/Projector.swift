// The function that decides. Everything that it needs comes in as values; everything that it concludes goes
// out as values. It runs in two steps so that a store can fetch all winners of a batch at once: `draft` reads
// the event under the rules and says which keys matter; `decide` settles the drafts in the order of their
// positions.

package enum Projector {
    /// What can be said of an event before the ledger is asked.
    package struct Draft: Sendable {
        package enum Kind: Sendable {
            /// Decided without the ledger.
            case decided(Reason)
            /// Competes for its key with this command.
            case claims(Command, Window)
            /// Ends the command that won the key last.
            case cancels(scope: Text)
        }

        package var rule: Text
        package var item: Int64
        package var key: Key?
        package var recipient: Text?
        package var kind: Kind

        package init(rule: Text = "", item: Int64 = 0, key: Key? = nil, recipient: Text? = nil, kind: Kind) {
            self.rule = rule
            self.item = item
            self.key = key
            self.recipient = recipient
            self.kind = kind
        }

        /// What the ledger must be asked before the draft can be decided; nil if nothing.
        package var question: LedgerQuestion? {
            guard let key else { return nil }
            switch kind {
            case .decided: return nil
            case .claims(let command, let window):
                return LedgerQuestion(key: key, range: window.range(at: command.occurredAt))
            case .cancels: return LedgerQuestion(key: key, range: .latest)
            }
        }
    }

    /// Reads one event under the rules. Always gives at least one draft, and exactly one for each rule that
    /// acts on the event's type and recipient, in the order of rule names.
    package static func draft(
        _ event: Event, at position: Int64, fields: Result<Fields, PayloadDefect>, under rules: RuleSet
    ) -> [Draft] {
        draft(event, at: position, fields: fields, under: rules, rules.reading(of: event.type))
    }

    /// The same where it is known already what the rules say of the event's type.
    package static func draft(
        _ event: Event, at position: Int64, fields: Result<Fields, PayloadDefect>, under rules: RuleSet,
        _ reading: RuleSet.Reading?
    ) -> [Draft] {
        guard let reading else { return [Draft(kind: .decided(.noRule))] }
        switch fields {
        case .failure(let defect):
            return [Draft(kind: .decided(.payloadInvalid(detail: defect.description)))]
        case .success(let fields):
            let reader = EventReader(event: event, fields: fields, position: position, ruleSet: rules.digest)
            var drafts: [Draft] = []
            drafts.reserveCapacity(reading.acting.count + reading.cancelling.count)
            for index in reading.acting { reader.addDrafts(for: rules.rules[index], to: &drafts) }
            for index in reading.cancelling {
                let rule = rules.rules[index]
                // A rule that the event both triggers and cancels has its decisions numbered in one row.
                let taken = drafts.count { $0.rule == rule.name }
                drafts += reader.cancellingDrafts(for: rule, firstItem: Int64(taken))
            }
            return drafts
        }
    }

    /// Settles an event's drafts, in order, and adds the winners to the view so that the next event sees
    /// them.
    package static func decide(
        _ drafts: [Draft], at position: Int64, ledger: inout some Ledger
    ) -> [Decision] {
        drafts.map { draft in
            var decision = Decision(
                position: position, rule: draft.rule, item: draft.item, reason: .noRule, key: draft.key,
                recipient: draft.recipient)
            switch draft.kind {
            case .decided(let reason): decision.reason = reason
            case .cancels:
                let latest = draft.key.flatMap { ledger.latestCommand(of: $0) }
                decision.reason = latest.map { .cancels(command: $0) } ?? .cancelsNothing
            case .claims(let command, let window):
                let winners = draft.question.map { ledger.places($0) } ?? []
                if let loss = loss(at: command.occurredAt, window, to: winners) {
                    decision.reason = loss
                } else {
                    decision.reason = .emitted
                    decision.command = command
                    let winner = Winner(
                        position: position, occurredAt: command.occurredAt, slot: command.slot,
                        generation: command.generation, command: command.id)
                    ledger.add(winner, key: command.key.digest)
                }
            }
            return decision
        }
    }

    /// Why the command of an event of this time may not be emitted, given the winners in its window, lowest
    /// position first; nil if it may.
    package static func loss(at time: Timestamp, _ window: Window, to winners: [WinnerPlace]) -> Reason? {
        func distance(_ winner: WinnerPlace) -> UInt64 { (winner.occurredAt - time).microseconds.magnitude }
        // The nearest winner explains best; of two equally near ones the earlier position.
        let nearest = winners.min { left, right in
            let (toLeft, toRight) = (distance(left), distance(right))
            return toLeft == toRight ? left.position < right.position : toLeft < toRight
        }
        return nearest.map { loss(at: time, window, first: winners.first ?? $0, nearest: $0) }
    }

    /// The same where winners are known to be there: the one with the lowest position, and the nearest.
    package static func loss(
        at time: Timestamp, _ window: Window, first: WinnerPlace, nearest: WinnerPlace
    ) -> Reason {
        guard let until = window.until(winner: nearest.occurredAt, at: time) else {
            return .duplicate(winner: first.position)
        }
        return .withinWindow(winner: nearest.position, until: until)
    }
}
