// Laying down the rows that should be recorded for a page of events.
import SendonceCore
import SendonceReading
import SendonceStore

extension ReplayPass {
    /// Decides the page's events. What another pass judges is taken from the recorded rows.
    mutating func decide(_ page: RecordPage) {
        decisions.removeAll()
        commands.removeAll()
        emitted.removeAll(keepingCapacity: true)
        judged.removeAll(keepingCapacity: true)
        var recorded = StandIns(page)
        for index in page.events.ends.indices where stoppedAt == nil {
            let event = EventCursor(page.events.row(index))
            guard event.position >= 1 else { continue }
            do throws(Obstacle) {
                if partition.count == 1 {
                    for decision in try replayer.decide(event) { lay(decision) }
                } else {
                    for decision in try replayer.decideShare(event) { lay(decision, &recorded) }
                }
            } catch {
                stop(error)
            }
        }
    }

    private mutating func lay(_ decision: Decision) {
        DecisionRow.add(decision, to: decisions)
        tally[decision.reason.ordinal] += 1
        guard let command = decision.command else { return }
        let number = number + Int64(commands.ends.count) + 1
        emitted.append(Emitted(command: command, scope: replayer.scope(of: command.rule), number: number))
        CommandRow.add(command, number: number, to: commands)
    }

    private mutating func lay(_ replayed: Replayed, _ recorded: inout StandIns) {
        let decision = replayed.decision
        guard replayed.isJudged else {
            if let row = recorded.decision(decision) {
                decisions.add(raw: row)
                decisions.endRow()
                judged.append(false)
            }
            if let row = recorded.command(decision) {
                commands.add(raw: row)
                commands.endRow()
            }
            return
        }
        judged.append(true)
        lay(decision)
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
    mutating func decision(_ decision: Decision) -> UnsafeRawBufferPointer? {
        StandIns.row(of: page.decisions, from: &nextDecision, decision) { cursor in
            (cursor.integer(), cursor.text(), cursor.integer())
        }
    }

    /// The recorded command for the same event, rule and item.
    mutating func command(_ decision: Decision) -> UnsafeRawBufferPointer? {
        StandIns.row(of: page.commands, from: &nextCommand, decision) { cursor in
            _ = cursor.integer()
            _ = cursor.part()
            return (cursor.integer(), cursor.text(), cursor.integer())
        }
    }

    private static func row(
        of rows: RowBuffer, from next: inout Int, _ decision: Decision,
        _ identity: (inout RowCursor) -> (Int64, Text, Int64)
    ) -> UnsafeRawBufferPointer? {
        let wanted = (decision.position, decision.rule, decision.item)
        while next < rows.ends.count {
            var cursor = rows.cursor(next)
            let found = identity(&cursor)
            if found > wanted { return nil }
            next += 1
            if found == wanted { return rows.row(next - 1) }
        }
        return nil
    }
}
