// Where a verification begins and ends, and what it takes as given there.
import SendonceCore
import SendonceReading
import SendonceStore

extension Verification {
    mutating func bounds(_ extent: LogExtent) throws(StoreError) -> PositionRange {
        let head = extent.head
        let to = request.to ?? head.position
        if to > head.position {
            findings.add(obstacle: "position \(to) was asked for, but the log ends at \(head.position)")
        }
        if let checkpoint = request.checkpoint, checkpoint.position > head.position {
            findings.add(
                Difference(
                    at: checkpoint.position, .head, recorded: "a log that ends at \(head.position)",
                    recomputed: "a log that reaches \(checkpoint.position), as it did before"))
        }
        var range = PositionRange(
            from: max(1, request.checkpoint.map { $0.position + 1 } ?? request.from),
            to: min(to, head.position))
        // Numbers are given without holes, one for each decision that emits.
        if let checkpoint = request.checkpoint {
            range.numberBefore = checkpoint.number
        } else {
            range.numberBefore = try emitted(1, min(range.from - 1, head.position))
        }
        range.lastNumber = extent.number
        if range.to < head.position {
            range.lastNumber = range.numberBefore + (try emitted(range.from, range.to))
        }
        return range
    }

    /// Counts page by page, so that no state of the database is held for long.
    private func emitted(_ first: Int64, _ last: Int64) throws(StoreError) -> Int64 {
        var (next, count) = (first, Int64(0))
        while next <= last {
            let end = min(last, next + VerificationLimits.countedEvents - 1)
            let found = try log.emitted(next...end)
            count += found
            next = end + 1
            // A forged row may stand behind a hole that nobody has to go through.
            if found == 0, let event = try log.events(after: end, limit: 1, bytes: 0).first {
                next = max(next, event.position)
            }
        }
        return count
    }

    /// A chain whose head lives only beside it proves little: this is the one that was kept elsewhere.
    mutating func checkExpectedHead(_ head: LogHead) throws(StoreError) {
        guard let expected = request.expectedHead else { return }
        let found = try link(at: expected.position)
        guard found != expected.link else { return }
        findings.add(
            Difference(
                at: expected.position, .head,
                recorded: found?.description ?? "a log that ends at \(head.position)",
                recomputed: expected.link.description))
    }

    private func link(at position: Int64) throws(StoreError) -> Digest? {
        guard position > 0 else { return position == 0 ? .zero : nil }
        return try log.events(after: position - 1, limit: 1, bytes: 0)
            .first.flatMap { $0.position == position ? $0.link : nil }
    }

    /// Takes up what holds before the first position: link, rules in force, keys that were won.
    mutating func begin(_ range: PositionRange) throws(StoreError) -> Beginning {
        var beginning = Beginning()
        guard range.from > 1 else { return beginning }
        let before = range.from - 1
        let found = try link(at: before)
        if let checkpoint = request.checkpoint {
            if found != checkpoint.link {
                findings.add(
                    Difference(
                        at: before, .head, recorded: found?.description,
                        recomputed: checkpoint.link.description))
            }
            assumptions.append("positions 1 to \(before) are as an earlier certificate found them")
        } else {
            assumptions.append("positions 1 to \(before) are as recorded")
        }
        assumptions.append("keys won before position \(range.from) are as the ledger records them")
        beginning.chain = ChainCheck(after: before, link: found ?? .zero)
        do throws(Obstacle) {
            beginning.rules = try rules(before: range.from)
        } catch {
            beginning.obstacle = error
        }
        return beginning
    }

    /// The rule set in force before a position, from the event of its activation.
    private mutating func rules(before position: Int64) throws(Obstacle) -> RulesInForce? {
        guard let last = activations.last(where: { $0.position < position }) else { return nil }
        let logged: LoggedEvent?
        do throws(StoreError) {
            logged = try log.events(after: last.position - 1, limit: 1, bytes: 0).first
        } catch {
            throw Obstacle(at: last.position, error.description)
        }
        guard let logged, logged.position == last.position, let activation = Activation(logged) else {
            throw Obstacle(
                at: position, "the rule set in force before it is not known",
                difference: Difference(
                    at: last.position, .activation, recorded: "rule_set=\(last.ruleSet)", recomputed: nil))
        }
        if activation != last { report(recorded: last, recomputed: activation) }
        return try Replayer(log).load(activation)
    }

    // MARK: Behind the last event

    /// Commands that were there when the verification began, and that no page has: nothing emitted them.
    mutating func checkRest(of range: PositionRange, _ pass: ReplayPass) throws(StoreError) {
        if range.from == 1 { try addStrays(after: .min, through: 0) }
        // Behind a wide hole nothing was looked for.
        if pass.chain.position == range.to { try addStrays(after: pass.number, through: range.lastNumber) }
    }

    private mutating func addStrays(after number: Int64, through last: Int64) throws(StoreError) {
        var number = number
        let page = RecordPage()
        page.through = .max
        while number < last {
            var request = RecordRequest(after: 0, through: .max, number: number, events: 0, bytes: 0)
            request.lastNumber = last
            request.countsEmitted = false
            request.mostCommands = VerificationLimits.pageRows
            try log.readCommands(request, into: page)
            let shape = RowShape.command
            for index in page.commands.ends.indices {
                let values = shape.values(page.commands.row(index))
                number = shape.integer(values, shape.number)
                shape.difference(recorded: values, recomputed: nil).map { findings.add($0) }
            }
            if page.commands.ends.count < VerificationLimits.pageRows { return }
        }
    }

    /// Rows that stand where the log has not come to yet, however far it went meanwhile: what is to be
    /// decided there would meet them.
    mutating func checkBeyond(_ ledger: LedgerComparison.Recorded) throws(StoreError) {
        // Each kind is read before the log is asked how far it goes, or with it.
        let recorded = try log.activations()
        let extent = try log.extent()
        for activation in recorded where activation.position > extent.head.position {
            report(recorded: activation, recomputed: nil)
        }
        if let (values, number) = ledger.highest, number > extent.number {
            RowShape.ledger.difference(recorded: values, recomputed: nil).map { findings.add($0) }
        }
        let page = RecordPage()
        var after = extent.head.position
        // A page may end earlier.
        while after < .max {
            try log.read(
                RecordRequest(
                    after: after, through: .max, number: 0, events: .max,
                    bytes: VerificationLimits.pageBytes), into: page)
            findOrphans(page)
            after = page.through
        }
    }

    /// Decisions without their event.
    private mutating func findOrphans(_ page: RecordPage) {
        var present: Set<Int64> = []
        for index in page.events.ends.indices { present.insert(EventCursor(page.events.row(index)).position) }
        let shape = RowShape.decision
        for index in page.decisions.ends.indices {
            let values = shape.values(page.decisions.row(index))
            guard !present.contains(shape.integer(values, shape.position)) else { continue }
            shape.difference(recorded: values, recomputed: nil).map { findings.add($0) }
        }
    }

    // MARK: Activations

    /// Compares the recorded activations with those that the log's events say.
    mutating func compareActivations(_ range: PositionRange, _ pass: ReplayPass) {
        let recorded = activations.filter { range.from == 1 || $0.position >= range.from }
        let (said, stoppedAt) = (pass.replayer.activations, pass.stoppedAt)
        for activation in said where stoppedAt.map({ activation.position < $0 }) ?? true {
            let other = recorded.first { $0.position == activation.position }
            if other != activation { report(recorded: other, recomputed: activation) }
        }
        for activation in recorded where !said.contains(where: { $0.position == activation.position }) {
            if let stoppedAt, activation.position >= stoppedAt { continue }
            report(recorded: activation, recomputed: nil)
        }
    }

    private mutating func report(recorded: Activation?, recomputed: Activation?) {
        let (left, right) = (recorded.map(Self.values), recomputed.map(Self.values))
        let names = ["rule_set", "scopes", "actor", "reason", "recorded_at"]
        let changed = names.indices.filter { left?[$0] != right?[$0] }
        func words(_ values: [String]?) -> String? {
            values.map { values in changed.map { "\(names[$0])=\(values[$0])" }.joined(separator: " ") }
        }
        findings.add(
            Difference(
                at: (recorded ?? recomputed)?.position ?? 0, .activation,
                columns: recorded == nil || recomputed == nil ? [] : changed.map { names[$0] },
                recorded: words(left), recomputed: words(right)))
    }

    private static func values(_ activation: Activation) -> [String] {
        let scopes = activation.scopes.keys.sorted().map { "\($0):\(activation.scopes[$0] ?? $0)" }
        return [
            activation.ruleSet.description, scopes.joined(separator: ","), activation.actor.string,
            activation.reason.string, String(activation.recordedAt.microseconds),
        ]
    }
}
