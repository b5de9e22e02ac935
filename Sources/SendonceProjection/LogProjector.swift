// The projector over a log that exists: the same drafts and the same decisions as when its events came, into
// a database that holds none of them yet.
package import SendonceCore
import SendonceJSON
import SendonceReading
package import SendonceStore

/// Decides a log again, page by page, from its first event or from where an earlier run ended. Belongs to one
/// thread.
///
/// Guarantee: events come to the target as they are, with their positions, links and times of recording; each
/// transaction leaves the log, its decisions, its ledger and its commands whole up to some position. Whoever
/// calls has checked the links.
///
/// Not guaranteed: the queue as it was. Everything that was ever emitted is queued here, so that a command
/// can be superseded by one that was, in its time, sent already.
package final class LogProjector {
    private let source: any RuleSetFileReader
    private let target: any RebuildTarget
    private let transfer: Text
    private var rules: RulesInForce?
    /// What the last part of a backfill was decided from: the next part needs the same.
    private var stage: (request: Text, stage: PastStage)?

    /// Events that are decided together: their winners are asked for at once.
    private static let chunkLength = 250

    /// - Parameters:
    ///   - source: where the rule sets are that the log's activations name.
    ///   - transfer: under which the target is fenced.
    package init(
        ruleSetsFrom source: any RuleSetFileReader, into target: any RebuildTarget, transfer: Text
    ) throws(StoreError) {
        self.source = source
        self.target = target
        self.transfer = transfer
        rules = try target.activation().map { activation throws(StoreError) in
            try RulesInForce(activation, from: source)
        }
    }

    /// Writes and decides neighbours of the log, the first of which follows the last one at the target. Each
    /// run of events between two control events is one transaction, each control event another.
    ///
    /// Errors: `.damaged` with the position, if an event could not have been decided like that.
    package func project(_ page: [LoggedEvent]) throws(StoreError) {
        var plain = page[..<page.startIndex]
        for (index, logged) in page.enumerated() {
            guard logged.event.isControl else { continue }
            try decide(Array(page[plain.endIndex..<index]))
            try act(on: logged)
            plain = page[...index]
        }
        try decide(Array(page[plain.endIndex...]))
    }

    // MARK: Events of applications

    private func decide(_ events: [LoggedEvent]) throws(StoreError) {
        guard let first = events.first else { return }
        guard let rules else {
            throw .damaged("position \(first.position) stands before the first activation of a rule set")
        }
        try write(from: first) { transaction throws(StoreError) in
            var repeats = Repeats(known: try transaction.positions(of: Repeats.names(in: events)))
            for start in stride(from: 0, to: events.count, by: Self.chunkLength) {
                let chunk = events[start..<min(start + Self.chunkLength, events.count)]
                let drafts = chunk.map { logged in
                    if let first = repeats.firstPosition(of: logged.event, at: logged.position) {
                        return [Projector.Draft(kind: .decided(.repeatedEvent(of: first)))]
                    }
                    return rules.draft(logged.event, at: logged.position)
                }
                let questions = drafts.flatMap { $0.compactMap(\.question) }
                var ledger = LedgerView(known: try transaction.winners(questions))
                var batch = ProjectedBatch()
                batch.events = Array(chunk)
                for (logged, drafts) in zip(chunk, drafts) {
                    batch.decisions += Projector.decide(drafts, at: logged.position, ledger: &ledger)
                }
                try transaction.write(batch)
            }
        }
    }

    private func write(
        from first: LoggedEvent, _ body: (any ProjectionTransaction) throws(StoreError) -> Void
    ) throws(StoreError) {
        try target.rebuild(transfer) { transaction throws(StoreError) in
            let head = try transaction.head().position
            guard head == first.position - 1 else {
                throw .conflict(
                    "position \(first.position) comes, and the new log ends with \(head): another process "
                        + "works on it; let it end, and start again")
            }
            try body(transaction)
        }
    }

    // MARK: Control events

    private func act(on logged: LoggedEvent) throws(StoreError) {
        switch logged.event.type {
        case Event.activationType: try activate(logged)
        case Event.backfillType: try backfill(logged)
        default:
            throw .damaged(
                "position \(logged.position): an event of the type \(logged.event.type) changes decisions in "
                    + "a way that this program does not know: use a newer sendonce")
        }
    }

    private func activate(_ logged: LoggedEvent) throws(StoreError) {
        guard let activation = Activation(logged) else {
            throw .damaged("position \(logged.position): the activation's payload does not name a rule set")
        }
        let loaded = try RulesInForce(activation, from: source)
        guard let files = try source.ruleSetFiles(activation.ruleSet) else {
            throw .damaged("rule set \(activation.ruleSet) is named but not stored")
        }
        try write(from: logged) { transaction throws(StoreError) in
            try transaction.write(
                activation, event: logged,
                decision: Decision(
                    position: logged.position, reason: .control(detail: Activation.words(loaded.rules))),
                files: files)
        }
        rules = loaded
        stage = nil
    }

    /// What is read of the past is committed: the parts of a backfill are transactions of their own here as
    /// they were when it was made.
    private func backfill(_ logged: LoggedEvent) throws(StoreError) {
        guard let rules, let part = Backfill(payload: logged.event.payload),
            part.ruleSet == rules.activation.ruleSet, let rule = rules.rules.rule(named: part.rule),
            part.range.through < logged.position
        else {
            throw .damaged(
                "position \(logged.position): the backfill's payload does not fit the rules in force there")
        }
        var stage = try stage(of: part, under: rules, rule)
        try stage.bear(through: logged.position - 1)
        self.stage = (part.request, stage)
        try write(from: logged) { transaction throws(StoreError) in
            var ledger = LedgerView(known: try transaction.winners(stage.reading.questions(of: part)))
            let conclusion = stage.reading.conclude(part, at: logged.position, ledger: &ledger)
            var batch = ProjectedBatch()
            batch.events = [logged]
            batch.decisions =
                [Decision(position: logged.position, reason: .control(detail: part.words(conclusion)))]
                + conclusion.decisions
            batch.superseded = conclusion.superseded
            batch.earliestDue = logged.recordedAt
            try transaction.write(batch)
        }
    }

    private func stage(
        of part: Backfill, under rules: RulesInForce, _ rule: Rule
    ) throws(StoreError) -> PastStage {
        if let (request, stage) = stage, request == part.request, stage.range == part.range,
            stage.rule.name == part.rule, stage.contains(part)
        {
            return stage
        }
        return try PastStage(rules, rule, part.range, from: part.first, of: target)
    }
}

extension PastStage {
    /// Whether all events of a part were read.
    fileprivate func contains(_ part: Backfill) -> Bool {
        guard let first = parts.first?.first, let last = parts.last?.last else { return false }
        return first <= part.first && part.last <= last
    }
}
