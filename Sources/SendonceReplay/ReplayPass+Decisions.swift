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
                let replayed = try replayer.decide(event)
                if partition.count == 1 {
                    for decision in replayed { lay(decision.decision) }
                } else {
                    for decision in replayed { lay(decision, &recorded) }
                }
            } catch {
                stop(error)
            }
        }
    }

    private mutating func lay(_ decision: Decision) {
        DecisionRow.add(decision, to: decisions)
        counts.reasons[decision.reason.word, default: 0] += 1
        guard let command = decision.command else { return }
        let number = number + Int64(commands.ends.count) + 1
        emitted.append(Emitted(command: command, scope: replayer.scope(of: command.rule), number: number))
        CommandRow.add(command, number: number, to: commands)
    }

    private mutating func lay(_ replayed: Replayed, _ recorded: inout StandIns) {
        let decision = replayed.decision
        guard replayed.isJudged else {
            guard let row = recorded.decision(decision) else { return }
            decisions.add(raw: row)
            decisions.endRow()
            judged.append(false)
            if StandIns.isEmitted(row), let command = recorded.command(at: commands.ends.count) {
                commands.add(raw: command)
                commands.endRow()
            }
            return
        }
        judged.append(true)
        lay(decision)
    }
}

/// Recorded rows that stand in for what another pass judges.
struct StandIns {
    private let page: RecordPage
    private var next = 0

    init(_ page: RecordPage) {
        self.page = page
    }

    /// The recorded decision for the same event, rule and item. Asked in their order.
    mutating func decision(_ decision: Decision) -> UnsafeRawBufferPointer? {
        while next < page.decisions.ends.count {
            var cursor = page.decisions.cursor(next)
            let (position, rule, item) = (cursor.integer(), cursor.text(), cursor.integer())
            if (position, rule, item) == (decision.position, decision.rule, decision.item) {
                next += 1
                return page.decisions.row(next - 1)
            }
            if (position, rule, item) > (decision.position, decision.rule, decision.item) { return nil }
            next += 1
        }
        return nil
    }

    func command(at place: Int) -> UnsafeRawBufferPointer? {
        place < page.commands.ends.count ? page.commands.row(place) : nil
    }

    static func isEmitted(_ row: UnsafeRawBufferPointer) -> Bool {
        var cursor = RowCursor(row)
        _ = cursor.integer()
        _ = cursor.part()
        _ = cursor.integer()
        return cursor.part()?.elementsEqual("emitted".utf8) ?? false
    }
}
