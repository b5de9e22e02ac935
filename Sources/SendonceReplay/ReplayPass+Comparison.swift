// What follows from a page of events beside what is recorded: as bytes first, and by rows only where the
// bytes are not the same.
import SendonceCore
import SendonceStore

extension ReplayPass {
    mutating func compare(_ page: ReadPage, _ ledger: inout LedgerComparison) throws(StoreError) {
        let rows = page.rows
        let areDecisionsSame = rows.decisions.hasSameBytes(as: decisions)
        let found = rows.commands
        // Behind the place where deciding ended there is nothing to compare with.
        let isJudged = stoppedAt.map { page.request.after + 1 < $0 } ?? true
        if !areDecisionsSame, isJudged { compareDecisions(page) }
        // Those among `found` that belong to this page.
        var own = Array(found.ends.indices)
        if !isJudged {
            reach(found)
        } else if page.request.number == number, found.hasSameBytes(as: commands) {
            number += Int64(commands.ends.count)
        } else {
            // Once more, from where the last page ended, and also what stands out of its order.
            var again = page.request
            again.number = number
            again.lookahead = VerificationLimits.commandLookahead
            try log.readCommands(again, into: rows)
            own = compareCommands(rows)
            if !isComplete {
                reach(found)
                own = Array(found.ends.indices)
            }
        }
        if isComplete { for index in winners.ends.indices { ledger.expect(winners.row(index)) } }
        counts.decisions += Int64(rows.decisions.ends.count)
        counts.commands += Int64(own.count)
        if !areDecisionsSame, fork == nil { fork = decisionDigest }
        decisionDigest.add(rows.decisions.bytes)
        let bytes = decisions.bytes
        fork?.add(bytes)
        for index in own {
            var cursor = found.cursor(index)
            _ = cursor.integer()
            if let id = cursor.part() { commandDigest.add(id) }
        }
    }

    private mutating func compareDecisions(_ page: ReadPage) {
        let (shape, before) = (RowShape.decision, findings.differenceCount)
        report(
            shape, recorded: values(of: page.rows.decisions, shape), recomputed: values(of: decisions, shape))
        // Whatever made the bytes differ, nobody is told that they are the same.
        guard isComplete, partition.count == 1, findings.differenceCount == before else { return }
        findings.add(
            Difference(
                at: page.request.after + 1, .decision,
                recorded: "rows of other bytes than follow from the log",
                recomputed: "no row that can be named"))
    }

    /// Numbers are compared with each other, so that one command that is missing does not make all that
    /// follow it differ. They ascend with what follows from the log. Returns which of the recorded ones
    /// belong to the page.
    private mutating func compareCommands(_ page: RecordPage) -> [Int] {
        let shape = RowShape.command
        var recomputed = values(of: commands, shape)
        // What a later backfill emitted for events of this page, or of earlier ones, is judged with it.
        let last = number &+ Int64(emitted(page, before: stoppedAt ?? .max))
        let expected = Set(recomputed.map { shape.identity($0) })
        let rows = page.commands.ends.indices.map { shape.values(page.commands.row($0)) }
        let own = rows.indices.filter { index in
            shape.integer(rows[index], shape.number) <= last
                || expected.contains(shape.identity(rows[index]))
        }
        let recorded = judged(own.map { rows[$0] }, shape)
        var numbers: [[Text]: Int64] = [:]
        for row in recorded {
            let current = shape.integer(row, shape.number)
            numbers[shape.identity(row)] = current
            if current != number &+ 1, partition.index == 0 {
                findings.add(
                    Breach(.commandNumbersWithoutHoles, "command \(current) follows command \(number)"))
            }
            reach(current)
        }
        var previous = Int64.min
        var taken: [Int: Int64] = [:]
        for index in recomputed.indices {
            guard let other = numbers[shape.identity(recomputed[index])], other > previous, other <= number
            else { continue }
            recomputed[index][shape.number] = Text(String(other))
            (previous, taken[index]) = (other, other)
        }
        for index in winners.ends.indices {
            guard let other = taken[winning[index]] else { continue }
            winners.replace(other, at: winners.ends[index] - LedgerRow.numberFromEnd)
        }
        report(shape, recorded: recorded, recomputed: recomputed)
        return own
    }

    private func emitted(_ page: RecordPage, before position: Int64) -> Int {
        let shape = RowShape.decision
        return page.decisions.ends.indices.count { index in
            let row = page.decisions.row(index)
            return DecisionRow.isEmitted(row) && shape.integer(shape.values(row), shape.position) < position
        }
    }

    /// Also what was not judged was read, and is not read again.
    private mutating func reach(_ found: RowBuffer) {
        for index in found.ends.indices {
            var cursor = found.cursor(index)
            reach(cursor.integer())
        }
    }

    /// A number that is far beyond all others says nothing about those between.
    private mutating func reach(_ current: Int64) {
        guard current > number, current &- number <= VerificationLimits.widestHole else { return }
        number = current
    }

    /// Names what differs. With several shares of keys each pass speaks of its own; what follows from no
    /// event at all is the first one's.
    private mutating func report(_ shape: RowShape, recorded: [[Text?]], recomputed: [[Text?]]) {
        var own: Set<[Text]>?
        if partition.count > 1 {
            var rows: Set<[Text]> = []
            for index in decisions.ends.indices where judged[index] {
                rows.insert(RowShape.decision.identity(RowShape.decision.values(decisions.row(index))))
            }
            own = rows
        }
        shape.compare(recorded: recorded, recomputed: recomputed) { difference in
            if let own {
                let identity = [
                    Text(String(difference.position)), difference.rule, Text(String(difference.item)),
                ]
                guard own.contains(identity) || partition.index == 0 && difference.recomputed == nil else {
                    return
                }
            }
            hasDifferences = hasDifferences || shape.subject == .decision
            findings.add(difference)
        }
    }

    /// The rows that can be judged, with their values.
    private func values(of rows: RowBuffer, _ shape: RowShape) -> [[Text?]] {
        judged(rows.ends.indices.map { shape.values(rows.row($0)) }, shape)
    }

    private func judged(_ rows: [[Text?]], _ shape: RowShape) -> [[Text?]] {
        guard let stoppedAt else { return rows }
        return rows.filter { shape.integer($0, shape.position) < stoppedAt }
    }
}
