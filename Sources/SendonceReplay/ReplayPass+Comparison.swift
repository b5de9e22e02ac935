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
        if !areDecisionsSame, isJudged { compareDecisions(rows) }
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
            compareCommands(rows.commands)
            if !isComplete { reach(found) }
        }
        if isComplete { for index in winners.ends.indices { ledger.expect(winners.row(index)) } }
        counts.decisions += Int64(rows.decisions.ends.count)
        counts.commands += Int64(found.ends.count)
        if !areDecisionsSame, fork == nil { fork = decisionDigest }
        decisionDigest.add(rows.decisions.bytes)
        let bytes = decisions.bytes
        fork?.add(bytes)
        for index in found.ends.indices {
            var cursor = found.cursor(index)
            _ = cursor.integer()
            if let id = cursor.part() { commandDigest.add(id) }
        }
    }

    private mutating func compareDecisions(_ page: RecordPage) {
        let shape = RowShape.decision
        report(
            shape, recorded: values(of: page.decisions, shape), recomputed: values(of: decisions, shape))
    }

    /// Numbers are compared with each other, so that one command that is missing does not make all that
    /// follow it differ.
    private mutating func compareCommands(_ found: RowBuffer) {
        let shape = RowShape.command
        let recorded = values(of: found, shape)
        var recomputed = values(of: commands, shape)
        var numbers: [[String]: String?] = [:]
        for row in recorded {
            numbers[shape.identity(row)] = row[0]
            let current = row[0].flatMap { Int64($0) } ?? 0
            if current != number + 1, partition.index == 0 {
                findings.add(
                    Breach(.commandNumbersWithoutHoles, "command \(current) follows command \(number)"))
            }
            number = max(number, current)
        }
        for index in recomputed.indices {
            guard let other = numbers[shape.identity(recomputed[index])] else { continue }
            recomputed[index][0] = other
        }
        for index in winners.ends.indices {
            let identity = shape.identity(recomputed[winning[index]])
            guard let other = numbers[identity]?.flatMap({ Int64($0) }) else { continue }
            winners.replace(other, at: winners.ends[index] - LedgerRow.numberFromEnd)
        }
        report(shape, recorded: recorded, recomputed: recomputed)
    }

    /// Also what was not judged was read, and is not read again.
    private mutating func reach(_ found: RowBuffer) {
        for index in found.ends.indices {
            var cursor = found.cursor(index)
            number = max(number, cursor.integer())
        }
    }

    /// Names what differs. With several shares of keys each pass speaks of its own; what follows from no
    /// event at all is the first one's.
    private mutating func report(_ shape: RowShape, recorded: [[String?]], recomputed: [[String?]]) {
        var own: Set<[String]>?
        if partition.count > 1 {
            var rows: Set<[String]> = []
            for index in decisions.ends.indices where judged[index] {
                rows.insert(RowShape.decision.identity(RowShape.decision.values(decisions.row(index))))
            }
            own = rows
        }
        shape.compare(recorded: recorded, recomputed: recomputed) { difference in
            if let own {
                let identity = [String(difference.position), difference.rule.string, String(difference.item)]
                guard own.contains(identity) || partition.index == 0 && difference.recomputed == nil else {
                    return
                }
            }
            hasDifferences = hasDifferences || shape.subject == .decision
            findings.add(difference)
        }
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
