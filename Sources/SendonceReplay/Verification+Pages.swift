// The way through the log: page by page, each event decided again, each row compared.
import SendonceCore
import SendonceReading
import SendonceStore

/// The positions that a verification goes through.
struct PositionRange {
    var from: Int64
    var to: Int64
}

extension Verification {
    /// Whether every event of the range was decided again.
    var isComplete: Bool { stoppedAt == nil }

    var recomputedDigest: Digest? { isComplete ? (fork ?? decisionDigest).digest : nil }

    /// Goes through all pages of the range.
    mutating func readPages(_ range: PositionRange, _ chain: inout ChainCheck) throws(StoreError) {
        let page = RecordPage()
        // A log is read from the very first row, also what stands where nothing may stand.
        var after = range.from == 1 ? Int64.min : range.from - 1
        while max(after, 0) < range.to {
            let step = Int64(VerificationLimits.pageEvents)
            var next = RecordRequest(
                after: after, through: range.to, number: number, events: Int(step - max(after, 0) % step),
                bytes: VerificationLimits.pageBytes)
            try log.read(next, into: page)
            chain.check(page, &findings)
            decide(page)
            try compare(page, &next)
            after = page.through
            reach(after, chain)
        }
        counts.events += chain.events
    }

    private mutating func reach(_ position: Int64, _ chain: ChainCheck) {
        decisionDigest.reach(position)
        commandDigest.reach(position)
        fork?.reach(position)
        guard position % VerificationLimits.blockEvents == 0, let link = chain.recorded,
            findings.differenceCount == 0, isComplete
        else { return }
        var counts = counts
        counts.events += chain.events
        checkpoint = Certificate.Checkpoint(
            position: position, link: link, decisions: decisionDigest.link,
            commandIDs: commandDigest.link, number: number, counts: counts)
    }

    // MARK: Deciding

    /// Decides the page's events and lays the rows down that should be recorded.
    private mutating func decide(_ page: RecordPage) {
        recomputedDecisions.removeAll()
        emitted.removeAll(keepingCapacity: true)
        for index in page.events.ends.indices where stoppedAt == nil {
            let event = EventCursor(page.events.row(index))
            guard event.position >= 1 else { continue }
            do throws(Obstacle) {
                var decisions = try replayer.decide(event.logged)
                if decisions.count > 1 { decisions.sort(by: Decision.precedes) }
                for decision in decisions {
                    DecisionRow.add(decision, to: recomputedDecisions)
                    counts.reasons[decision.reason.word, default: 0] += 1
                    if let command = decision.command {
                        emitted.append(Emitted(command: command, scope: replayer.scope(of: command.rule)))
                    }
                }
            } catch {
                stop(error)
            }
        }
        number(emittedAfter: number)
    }

    mutating func stop(_ obstacle: Obstacle) {
        stoppedAt = obstacle.position
        if let difference = obstacle.difference { findings.add(difference) }
        findings.add(obstacle: "from position \(obstacle.position) on nothing was decided again: "
            + obstacle.words)
    }

    private mutating func number(emittedAfter last: Int64) {
        recomputedCommands.removeAll()
        for index in emitted.indices {
            emitted[index].number = last + Int64(index) + 1
            CommandRow.add(emitted[index].command, number: emitted[index].number, to: recomputedCommands)
        }
    }

    // MARK: Comparing

    private mutating func compare(_ page: RecordPage, _ request: inout RecordRequest) throws(StoreError) {
        let areDecisionsSame = page.decisions.hasSameBytes(as: recomputedDecisions)
        if !areDecisionsSame { compareDecisions(page) }
        if !page.commands.hasSameBytes(as: recomputedCommands) {
            // Once more, and also what stands out of its order.
            request.lookahead = VerificationLimits.commandLookahead
            try log.read(request, into: page)
            compareCommands(page)
        } else {
            number += Int64(emitted.count)
        }
        if isComplete { for won in emitted { ledger.expect(won) } }
        counts.decisions += Int64(page.decisions.ends.count)
        counts.commands += Int64(page.commands.ends.count)
        if !areDecisionsSame, fork == nil { fork = decisionDigest }
        decisionDigest.add(page.decisions.bytes)
        let bytes = recomputedDecisions.bytes
        fork?.add(bytes)
        for index in page.commands.ends.indices {
            var cursor = page.commands.cursor(index)
            _ = cursor.integer()
            if let id = cursor.part() { commandDigest.add(id) }
        }
    }

    private mutating func compareDecisions(_ page: RecordPage) {
        let shape = RowShape.decision
        shape.compare(
            recorded: values(of: page.decisions, shape), recomputed: values(of: recomputedDecisions, shape)
        ) { findings.add($0) }
    }

    /// Numbers are compared with each other, so that one command that is missing does not make all that follow
    /// it differ.
    private mutating func compareCommands(_ page: RecordPage) {
        let shape = RowShape.command
        let recorded = values(of: page.commands, shape)
        var recomputed = values(of: recomputedCommands, shape)
        var numbers: [[String]: String?] = [:]
        for row in recorded {
            numbers[shape.identity(row)] = row[0]
            let found = row[0].flatMap { Int64($0) } ?? 0
            if found != number + 1 {
                findings.add(
                    Breach(.commandNumbersWithoutHoles, "command \(found) follows command \(number)"))
            }
            number = max(number, found)
        }
        for index in recomputed.indices {
            guard let found = numbers[shape.identity(recomputed[index])] else { continue }
            recomputed[index][0] = found
            emitted[index].number = found.flatMap { Int64($0) } ?? 0
        }
        shape.compare(recorded: recorded, recomputed: recomputed) { findings.add($0) }
    }

    /// The rows that can be judged, with their values.
    private func values(of rows: RowBuffer, _ shape: RowShape) -> [[String?]] {
        rows.ends.indices.map { shape.values(rows.row($0)) }.filter { row in
            guard let stoppedAt, let position = row[shape.position].flatMap({ Int64($0) }) else {
                return true
            }
            return position < stoppedAt
        }
    }
}

/// A command that follows from the log, with the scope of its key and the number that it should have.
struct Emitted {
    var command: Command
    var scope: Text
    var number: Int64 = 0
}

extension Decision {
    /// The order in which decisions of one event are recorded.
    static func precedes(_ left: Decision, _ right: Decision) -> Bool {
        left.rule == right.rule ? left.item < right.item : left.rule < right.rule
    }
}
