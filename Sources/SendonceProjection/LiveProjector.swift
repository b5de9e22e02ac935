// The projector at work: takes a batch from the intake, asks the pure core what to decide, writes all of it
// in the same transaction. Reading a payload is the only work done here; every conclusion is `Projector`'s.
package import SendonceCore
import SendonceReading
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
            return .moved(try self.decide(taken, under: rules, in: transaction, now: now))
        }
    }

    private func decide(
        _ taken: [IntakeEvent], under rules: RulesInForce, in transaction: any ProjectionTransaction,
        now: Timestamp
    ) throws(StoreError) -> BatchCounts {
        let ahead = ReadAhead(
            taken, after: try transaction.head(),
            repeats: try Repeats(known: transaction.positions(of: Repeats.names(in: taken))), rules: rules,
            now: now)
        defer { ahead.end() }
        var counts = BatchCounts()
        // What is left stays in the intake for the next batch.
        while counts.decisions < Limits.batchDecisions {
            let chunk = ahead.chunk()
            guard !chunk.isEmpty else { break }
            let batch = try self.batch(chunk, in: transaction, room: Limits.batchDecisions - counts.decisions)
            try transaction.write(batch)
            counts.add(batch)
        }
        return counts
    }

    /// Decides events in their order until there are as many decisions as there is room for.
    private func batch(
        _ events: [ReadEvent], in transaction: any ProjectionTransaction, room: Int
    ) throws(StoreError) -> ProjectedBatch {
        let questions = events.flatMap { $0.drafts.compactMap(\.question) }
        var ledger = LedgerView(known: try transaction.winners(questions))
        var batch = ProjectedBatch()
        batch.earliestDue = events.first?.logged.recordedAt
        batch.events.reserveCapacity(events.count)
        batch.decisions.reserveCapacity(events.count)
        batch.moved.reserveCapacity(events.count)
        for event in events where batch.decisions.count < room {
            batch.events.append(event.logged)
            batch.decisions += Projector.decide(event.drafts, at: event.logged.position, ledger: &ledger)
            batch.moved.append(event.sequence)
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
    package var events = 0
    package var decisions = 0
    package var emitted = 0

    mutating func add(_ batch: ProjectedBatch) {
        events += batch.events.count
        decisions += batch.decisions.count
        emitted += batch.decisions.count { $0.command != nil }
    }
}
