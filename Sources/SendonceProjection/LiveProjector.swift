// The projector at work: takes a batch from the intake, asks the pure core what to decide, writes all of it
// in the same transaction. Reading a payload is the only work done here; every conclusion is `Projector`'s.
package import SendonceCore
import SendonceJSON
package import SendonceStore

/// Projects batch after batch. Belongs to one thread; any number of them may exist for one log, because the
/// store lets one transaction run at a time and each reads the head anew.
package final class LiveProjector {
    package typealias Store = ProjectionStore & RuleSetReader

    private let store: any Store
    private let batchEvents: Int
    private let batchBytes: Int
    private var rules: RulesInForce?

    package init(
        store: any Store, batchEvents: Int = Limits.batchEvents, batchBytes: Int = Limits.batchBytes
    ) {
        self.store = store
        self.batchEvents = batchEvents
        self.batchBytes = batchBytes
    }

    /// Moves and decides at most one batch, durably. `now` is recorded as the time of recording; nothing is
    /// decided by it.
    ///
    /// Guarantee: all of the batch or nothing; each event gets the next position and at least one decision.
    /// Without an active rule set nothing is moved, so that no event is decided `no_rule` before anybody
    /// wrote a rule.
    package func step(now: Timestamp) throws(StoreError) -> ProjectionReport {
        guard try store.hasIntake() else { return .idle }
        do throws(StoreError) {
            return try move(now: now)
        } catch {
            guard case .standby(let remaining) = error else { throw error }
            return .standby(remaining: remaining)
        }
    }

    private func move(now: Timestamp) throws(StoreError) -> ProjectionReport {
        try store.project { transaction throws(StoreError) in
            guard let activation = try transaction.activation() else { return .noRuleSet }
            let rules = try rulesInForce(activation)
            let taken = try transaction.take(events: batchEvents, bytes: batchBytes)
            guard !taken.isEmpty else { return .idle }
            let batch = try self.decide(taken, under: rules, in: transaction, now: now)
            try transaction.write(batch)
            return .moved(BatchCounts(batch))
        }
    }

    private func decide(
        _ taken: [IntakeEvent], under rules: RulesInForce, in transaction: any ProjectionTransaction,
        now: Timestamp
    ) throws(StoreError) -> ProjectedBatch {
        var head = try transaction.head()
        var repeats = try Repeats(known: transaction.positions(of: Repeats.names(in: taken)))
        var batch = ProjectedBatch()
        batch.events.reserveCapacity(taken.count)
        var drafts: [[Projector.Draft]] = []
        drafts.reserveCapacity(taken.count)
        var decisions = 0
        for intake in taken {
            // What is left stays in the intake for the next batch.
            guard decisions < Limits.batchDecisions else { break }
            head = head.adding(intake.event)
            batch.events.append(
                LoggedEvent(position: head.position, event: intake.event, link: head.link, recordedAt: now))
            batch.moved.append(intake.sequence)
            if let first = repeats.firstPosition(of: intake.event, at: head.position) {
                drafts.append([Projector.Draft(kind: .decided(.repeatedEvent(of: first)))])
            } else {
                drafts.append(rules.draft(intake.event, at: head.position))
            }
            decisions += drafts.last?.count ?? 0
        }
        let questions = drafts.flatMap { $0.compactMap(\.question) }
        var ledger = LedgerView(known: try transaction.winners(questions))
        for (event, drafts) in zip(batch.events, drafts) {
            batch.decisions += Projector.decide(drafts, at: event.position, ledger: &ledger)
        }
        return batch
    }

    private func rulesInForce(_ activation: Activation) throws(StoreError) -> RulesInForce {
        if let rules, rules.activation == activation { return rules }
        let loaded = try RulesInForce(activation, from: store)
        rules = loaded
        return loaded
    }
}

/// What one step did.
package enum ProjectionReport: Hashable, Sendable {
    /// The intake was empty.
    case idle
    /// Events wait, but no rule set was ever activated.
    case noRuleSet
    case moved(BatchCounts)
    /// Another process projects; unless it renews its lease, this one may take over after this time.
    case standby(remaining: Span)
}

/// Figures of one projected batch.
package struct BatchCounts: Hashable, Sendable {
    package var events: Int
    package var emitted: Int

    init(_ batch: ProjectedBatch) {
        events = batch.events.count
        emitted = batch.decisions.count { $0.command != nil }
    }
}
