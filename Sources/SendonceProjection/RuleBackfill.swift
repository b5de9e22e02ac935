// Letting a rule decide past events: an act of a person, planned first, recorded as events of the log. Each
// of them decides a bounded number of past events in one transaction, so that a backfill of any length never
// holds the write lock for long.
package import SendonceCore
import SendonceJSON
import SendonceReading
import SendonceRules
package import SendonceStore

/// One request, on one thread.
///
/// Guarantees: a request that is given again goes on where it stopped, and does nothing once it is finished.
/// Any number of processes may work on the same one: each event of it is written once. No more commands that
/// can be sent are emitted than were confirmed.
package struct RuleBackfill: Sendable {
    package typealias Store = ProjectionStore & PastReader

    private let request: BackfillRequest
    private let store: any Store

    package init(_ request: BackfillRequest, in store: any Store) throws(BackfillError) {
        try request.check()
        self.request = request
        self.store = store
    }

    /// What would be done now. Writes nothing and takes no lock. Keeps what the range's keys need in memory,
    /// about 300 bytes each: 105 MB for 285,000 events.
    package func plan(now: Timestamp) throws(BackfillError) -> BackfillPlan {
        let task = try begin()
        guard let first = task.first else { return BackfillPlan(next: task.next, done: task.done) }
        return try asking { () throws(StoreError) in try plan(task, from: first, now: now) }
    }

    /// Decides what is left, part by part, and says after each how far it is. Returns what is recorded of the
    /// request at its end.
    ///
    /// - Parameter confirmed: commands that may be sent because of the whole request.
    @discardableResult
    package func run(
        confirmed: Int64, now: () throws(StoreError) -> Timestamp, progress: (Backfill) -> Void = { _ in }
    ) throws(BackfillError) -> Backfill {
        while true {
            let task = try begin()
            guard let first = task.first else { return task.done ?? task.next }
            var stage = try asking { () throws(StoreError) in
                try PastStage(task.rules, task.rule, task.next.range, from: first, of: store)
            }
            var next = task.next
            for part in stage.parts {
                (next.first, next.last) = (part.first, part.last)
                let written = try asking { () throws(StoreError) in
                    try write(next, task, of: &stage, confirmed: confirmed, now: try now())
                }
                // Another process wrote this part: see how far the request is.
                guard let written = try written.get() else { break }
                progress(written)
                next = written
                next.part += 1
            }
        }
    }
}

// MARK: - The request as it stands

extension RuleBackfill {
    /// The request, as the log and the rules in force make it.
    private struct Task {
        var rules: RulesInForce
        var rule: Rule
        /// What would be recorded next; its first and last position are not set yet.
        var next: Backfill
        var done: Backfill?

        /// Where to go on; nil at the end.
        var first: Int64? {
            guard let done else { return next.range.from }
            return done.isLast ? nil : done.last + 1
        }
    }

    private func begin() throws(BackfillError) -> Task {
        guard let activation = try asking({ () throws(StoreError) in try store.activation() }) else {
            throw .unfit("no rules are in force: `sendonce rules activate` comes first")
        }
        let rules = try asking { () throws(StoreError) in try RulesInForce(activation, from: store) }
        let name = request.name(under: activation.ruleSet)
        let done = try asking { () throws(StoreError) in try recorded(name) }
        let head = try asking { () throws(StoreError) in try store.head().position }
        return try task(rules, done: done, name, head: head)
    }

    private func task(
        _ rules: RulesInForce, done: Backfill?, _ name: Text, head: Int64
    ) throws(BackfillError) -> Task {
        guard let rule = rules.rules.rule(named: request.rule) else {
            let names = rules.rules.rules.map(\.name.string)
            throw .unfit(
                "no rule in force is called \(request.rule)"
                    + (Suggestion.nearest(to: request.rule.string, among: names).map {
                        ": did you mean \($0)?"
                    }
                        ?? ": there are \(names.joined(separator: ", "))"))
        }
        // A range that ends with a time ends where the log did when the request began.
        var end = head
        if let done, case .time = request.through { end = done.range.through }
        var next = Backfill(
            request: name, rule: rule.name, range: try request.range(head: end),
            ruleSet: rules.activation.ruleSet, actor: request.actor, reason: request.reason, part: 1,
            first: 0,
            last: 0)
        if let done {
            guard done.rule == next.rule, done.range == next.range else {
                throw .unfit(
                    "request \(name) is another one: rule \(done.rule), events #\(done.range.from) to "
                        + "#\(done.range.through); name this one differently with --request")
            }
            guard done.isLast || done.continues(next) else { throw .overtaken(request: name) }
            next.part = done.part + 1
            next.totals = done.totals
        }
        return Task(rules: rules, rule: rule, next: next, done: done)
    }

    private func recorded(_ name: Text) throws(StoreError) -> Backfill? {
        guard let logged = try store.latestEvent(type: Event.backfillType, subject: name) else { return nil }
        return try Backfill.recorded(in: logged)
    }

    /// The store's errors among a backfill's.
    private func asking<Value>(
        _ body: () throws(StoreError) -> Value
    ) throws(BackfillError) -> Value {
        do throws(StoreError) { return try body() } catch { throw .store(error) }
    }
}

extension Backfill {
    /// What the log says in an event of this type. One that cannot be read was changed behind our back.
    fileprivate static func recorded(in logged: LoggedEvent) throws(StoreError) -> Backfill {
        guard let backfill = Backfill(payload: logged.event.payload) else {
            throw .damaged("event #\(logged.position) is a backfill that cannot be read")
        }
        return backfill
    }
}

// MARK: - Plan

extension RuleBackfill {
    /// Decisions of each kind that a plan shows.
    private static let sampleSize = 5

    private func plan(_ task: Task, from first: Int64, now: Timestamp) throws(StoreError) -> BackfillPlan {
        var plan = BackfillPlan(next: task.next, done: task.done)
        var ledger = LedgerView(known: [:])
        var winners: Set<Int64> = []
        var first = first
        while first <= task.next.range.through {
            let stage = try PastStage(task.rules, task.rule, task.next.range, from: first, of: store)
            for part in stage.parts {
                var backfill = task.next
                (backfill.first, backfill.last) = (part.first, part.last)
                ledger.ask(try store.winners(stage.reading.questions(of: backfill)))
                let position = Int64.max
                plan.add(
                    stage.reading.conclude(backfill, at: position, ledger: &ledger), winners: &winners,
                    now: now, sample: Self.sampleSize)
                first = part.last + 1
            }
        }
        return plan
    }
}

extension BackfillPlan {
    fileprivate mutating func add(
        _ conclusion: BackfillConclusion, winners: inout Set<Int64>, now: Timestamp, sample limit: Int
    ) {
        events += conclusion.events
        wonBefore += conclusion.wonBefore
        var cancelledCommands: Set<CommandID> = []
        for decision in conclusion.decisions {
            if case .cancels(let command) = decision.reason { cancelledCommands.insert(command) }
        }
        for decision in conclusion.decisions {
            var fate = BackfillSample.Fate.refused
            if let command = decision.command {
                emitted += 1
                winners.insert(decision.about)
                if cancelledCommands.contains(command.id) {
                    fate = .cancelled
                    cancelled += 1
                } else if conclusion.superseded[command.id] != nil {
                    fate = .superseded
                    superseded += 1
                } else if let expiresAt = command.expiresAt, now >= expiresAt {
                    fate = .expired
                    expired += 1
                } else {
                    fate = .send
                }
            } else if case .cancels = decision.reason {
                continue
            }
            reasons[decision.reason.word, default: 0] += 1
            switch decision.reason {
            case .duplicate(let winner), .withinWindow(let winner, _):
                if !winners.contains(winner) { lostBefore += 1 }
            default: break
            }
            if sample.count(where: { ($0.fate == .send) == (fate == .send) }) < limit {
                sample.append(BackfillSample(decision: decision, fate: fate))
            }
        }
    }
}

// MARK: - Writing

extension RuleBackfill {
    /// One part, in one transaction. nil: the request stands elsewhere than this process believed.
    private func write(
        _ part: Backfill, _ task: Task, of stage: inout PastStage, confirmed: Int64, now: Timestamp
    ) throws(StoreError) -> Result<Backfill?, BackfillError> {
        // Most of what came since is read before anybody has to wait.
        try stage.bear(through: try store.head().position)
        var read = stage
        defer { stage = read }
        return try store.act { transaction throws(StoreError) -> Result<Backfill?, BackfillError> in
            guard try transaction.activation() == task.rules.activation else {
                return .failure(.overtaken(request: part.request))
            }
            guard try (recorded(part.request)?.last ?? part.range.from - 1) == part.first - 1 else {
                return .success(nil)
            }
            let head = try transaction.head()
            try read.bear(through: head.position)
            var ledger = LedgerView(known: try transaction.winners(read.reading.questions(of: part)))
            let position = head.position + 1
            let conclusion = read.reading.conclude(part, at: position, ledger: &ledger)
            var done = part
            done.totals.events += conclusion.events
            done.totals.emitted += conclusion.emitted
            done.totals.sendable += conclusion.sendable(at: now)
            guard done.totals.sendable <= confirmed else {
                return .failure(.unconfirmed(sendable: done.totals.sendable, confirmed: confirmed))
            }
            try transaction.write(batch(done, conclusion, after: head, now: now))
            return .success(done)
        }
    }

    private func batch(
        _ backfill: Backfill, _ conclusion: BackfillConclusion, after head: LogHead, now: Timestamp
    ) -> ProjectedBatch {
        let event = Event(
            type: Event.backfillType, source: Event.controlSource, subject: backfill.request,
            payload: Array(backfill.payload.utf8), occurredAt: now)
        let next = head.adding(event)
        var batch = ProjectedBatch()
        batch.events = [
            LoggedEvent(position: next.position, event: event, link: next.link, recordedAt: now)
        ]
        let control = Reason.control(detail: backfill.words(conclusion))
        batch.decisions = [Decision(position: next.position, reason: control)] + conclusion.decisions
        batch.superseded = conclusion.superseded
        batch.earliestDue = now
        return batch
    }
}
