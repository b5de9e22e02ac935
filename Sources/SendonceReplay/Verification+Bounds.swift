// Where a verification begins and ends, and what it takes as given there.
import SendonceCore
import SendonceReading
import SendonceStore

extension Verification {
    mutating func bounds(_ head: LogHead) throws(StoreError) -> PositionRange {
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
        return PositionRange(
            from: max(1, request.checkpoint.map { $0.position + 1 } ?? request.from),
            to: min(to, head.position))
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
        var keys = KeyTable()
        // No share of the keys: only the number is asked for.
        beginning.number = try LedgerComparison.seed(
            &keys, KeyPartition.none, log, before: range.from)
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

    /// Decisions and commands that stand behind the last event, where no event is.
    mutating func checkTail(after position: Int64, number: Int64, isHead: Bool) throws(StoreError) {
        guard isHead else { return }
        let page = RecordPage()
        let reach = Int64(VerificationLimits.pageEvents)
        let end = min(position, .max - reach) + reach
        var after = position
        // A page may end earlier.
        while after < end {
            try log.read(
                RecordRequest(
                    after: after, through: end, number: number, events: VerificationLimits.pageEvents,
                    bytes: VerificationLimits.pageBytes), into: page)
            findOrphans(page)
            after = page.through
        }
    }

    /// Decisions without their event.
    private mutating func findOrphans(_ page: RecordPage) {
        var present: Set<Int64> = []
        for index in page.events.ends.indices { present.insert(EventCursor(page.events.row(index)).position) }
        for index in page.decisions.ends.indices {
            let values = RowShape.decision.values(page.decisions.row(index))
            guard let place = values[0].flatMap({ Int64($0) }), !present.contains(place) else { continue }
            RowShape.decision.difference(recorded: values, recomputed: nil).map { findings.add($0) }
        }
    }

    // MARK: Activations

    /// Compares the recorded activations with those that the log's events say.
    mutating func compareActivations(_ range: PositionRange, _ pass: ReplayPass) {
        let recorded = activations.filter { $0.position >= range.from }
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
