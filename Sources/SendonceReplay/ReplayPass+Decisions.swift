// Laying down the rows that should be recorded for a page of events.
import SendonceCore
import SendonceReading
import SendonceStore

extension ReplayPass {
    /// Decides the page's events. What another pass judges is taken from the recorded rows.
    mutating func decide(_ page: ReadPage) {
        decisions.removeAll()
        commands.removeAll()
        winners.removeAll()
        winning.removeAll(keepingCapacity: true)
        judged.removeAll(keepingCapacity: true)
        var recorded = StandIns(page.rows)
        var index = 0
        let count = page.rows.events.ends.count
        while index < count, isComplete {
            do throws(Obstacle) {
                let drafts = try drafts(page, from: index)
                settle(drafts, &recorded)
                index = drafts.events.upperBound
                guard index < count else { return }
                let event = EventCursor(page.rows.events.row(index))
                guard event.isControl else { continue }
                for decision in try replayer.act(on: event.logged) { lay(decision, &recorded) }
                index += 1
            } catch {
                stop(error)
            }
        }
    }

    /// The drafts from an event on: those that were made ahead, if the rules were the right ones.
    private mutating func drafts(_ page: ReadPage, from index: Int) throws(Obstacle) -> Drafts {
        let ahead = page.drafts
        if ahead.events.lowerBound == index, let activation = ahead.activation,
            activation == replayer.rules?.activation
        {
            return ahead
        }
        let event = EventCursor(page.rows.events.row(index))
        drafts.removeAll()
        // What stands where nothing may stand is not decided.
        drafts.events = index..<(event.position < 1 ? index + 1 : index)
        guard event.position >= 1, !event.isControl else { return drafts }
        let rules = try replayer.inForce(at: event.position)
        Drafter(rules, planned.repeats).draft(page.rows, from: index, into: drafts)
        return drafts
    }

    // MARK: Settling

    private mutating func settle(_ drafts: Drafts, _ recorded: inout StandIns) {
        var first = 0
        // Reasons that the ledger gave, instead of that of the draft.
        var reasons: [Reason?] = []
        while first < drafts.entries.count {
            let end = drafts.entries[first].end
            reasons.removeAll(keepingCapacity: true)
            for index in first..<end { reasons.append(settle(drafts.entries[index])) }
            for place in first..<end {
                let index = drafts.order[place]
                lay(drafts, index, reasons[index - first], &recorded)
            }
            first = end
        }
    }

    /// Asks the ledger, and tells it who won.
    private mutating func settle(_ entry: DraftEntry) -> Reason? {
        guard isJudged(entry) else { return nil }
        switch entry.kind {
        case .decided: return nil
        case .cancels: return replayer.keys.latestCommand(of: entry.key).map { .cancels(command: $0) }
        case .claims(let window):
            if let loss = replayer.keys.loss(of: entry.key, at: entry.occurredAt, window) { return loss }
            replayer.keys.add(position: entry.position, at: entry.occurredAt, window, key: entry.key)
            return nil
        }
    }

    private func isJudged(_ entry: DraftEntry) -> Bool {
        if partition.count == 1 { return true }
        // What asks for no key is judged in the first pass.
        if case .decided = entry.kind { return partition.index == 0 }
        return partition.contains(entry.key)
    }

    // MARK: Rows

    private mutating func lay(
        _ drafts: Drafts, _ index: Int, _ reason: Reason?, _ recorded: inout StandIns
    ) {
        let row = drafts.decisions.row(index)
        let entry = drafts.entries[index]
        guard isJudged(entry) else { return standIn(for: row, &recorded) }
        if partition.count > 1 { judged.append(true) }
        if let reason {
            DecisionRow.add(row, because: reason, to: decisions)
            tally[reason.ordinal] += 1
            return
        }
        decisions.add(raw: row)
        decisions.endRow()
        switch entry.kind {
        case .decided(let ordinal): tally[ordinal] += 1
        case .cancels: tally[Reason.cancelsNothing.ordinal] += 1
        case .claims:
            tally[Reason.emitted.ordinal] += 1
            let number = nextNumber
            winning.append(commands.ends.count)
            commands.add(raw: drafts.commands.row(entry.claim))
            commands.replace(number, at: (commands.ends.last ?? 0) + CommandRow.numberOffset)
            commands.endRow()
            winners.add(raw: drafts.winners.row(entry.claim))
            winners.replace(number, at: winners.count - LedgerRow.numberFromEnd)
            winners.endRow()
        }
    }

    /// A decision of a control event.
    private mutating func lay(_ decision: Decision, _ recorded: inout StandIns) {
        if partition.index > 0 {
            single.removeAll()
            DecisionRow.add(decision, to: single)
            return standIn(for: single.row(0), &recorded)
        }
        if partition.count > 1 { judged.append(true) }
        DecisionRow.add(decision, to: decisions)
        tally[decision.reason.ordinal] += 1
        guard let command = decision.command else { return }
        let number = nextNumber
        winning.append(commands.ends.count)
        CommandRow.add(command, number: number, to: commands)
        LedgerRow.add(command, scope: replayer.scope(of: command.rule), number: number, to: winners)
    }

    private var nextNumber: Int64 { number &+ Int64(commands.ends.count) &+ 1 }

    private mutating func standIn(for row: UnsafeRawBufferPointer, _ recorded: inout StandIns) {
        let identity = DecisionRow.identity(row)
        if let row = recorded.decision(identity) {
            decisions.add(raw: row)
            decisions.endRow()
            judged.append(false)
        }
        if let row = recorded.command(identity) {
            commands.add(raw: row)
            commands.endRow()
        }
    }
}

/// Recorded rows that stand in for what another pass judges. Asked in their order.
struct StandIns {
    private let page: RecordPage
    private var nextDecision = 0
    private var nextCommand = 0

    init(_ page: RecordPage) {
        self.page = page
    }

    /// The recorded decision for the same event, rule and item.
    mutating func decision(_ identity: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        StandIns.row(of: page.decisions, from: &nextDecision, identity, DecisionRow.identity)
    }

    /// The recorded command for the same event, rule and item.
    mutating func command(_ identity: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        StandIns.row(of: page.commands, from: &nextCommand, identity, CommandRow.identity)
    }

    private static func row(
        of rows: RowBuffer, from next: inout Int, _ wanted: UnsafeRawBufferPointer,
        _ identity: (UnsafeRawBufferPointer) -> UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        let position = position(wanted)
        for index in next..<rows.ends.count {
            let found = identity(rows.row(index))
            let place = StandIns.position(found)
            if place > position { break }
            // Rows of one event may be passed over: an earlier one of them may be missing.
            if place < position { next = index + 1 }
            if haveSameBytes(found, wanted) {
                next = index + 1
                return rows.row(index)
            }
        }
        return nil
    }

    private static func position(_ identity: UnsafeRawBufferPointer) -> Int64 {
        var cursor = RowCursor(identity)
        return cursor.integer()
    }
}
