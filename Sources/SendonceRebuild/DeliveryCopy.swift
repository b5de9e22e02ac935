// Brings over what only the delivery knows, and gives every command its place: finished, queued as it was, or
// held.
import SendonceCore
import SendonceStore

/// One pass over the commands of the new place, whose projector's rows are written already. Repeated, it
/// compares what is there and writes what is missing.
struct DeliveryCopy {
    private let source: any TransferReader
    private let target: any RebuildTarget
    private let transfer: Text
    private let time: Timestamp
    private let renumbering: Renumbering

    /// - Parameter time: when a command that the rebuild holds is said to be held.
    init(
        from source: any TransferReader, to target: any RebuildTarget, transfer: Text, at time: Timestamp
    ) throws(StoreError) {
        self.source = source
        self.target = target
        self.transfer = transfer
        self.time = time
        renumbering = try Renumbering(from: source, to: target)
    }

    /// In the order in which the tables allow it: attempts before ends, the queue before the ends.
    func run(_ progress: (String, Int64) -> Void) throws(StoreError) -> RebuildReport {
        var report = RebuildReport(transfer: transfer)
        report.renumbered = renumbering.count
        func copied(_ lost: LostRows) {
            if lost.rows > 0 { report.lost.append(lost) }
            progress(lost.table, 0)
        }
        copied(try copyAttempts())
        copied(try copyOutcomes())
        var acceptedLate: [Int64: TransferValue] = [:]
        copied(try copyLateAnswers(&acceptedLate))
        var gates = RowWriter(.gate, of: target, transfer: transfer)
        var lastGate: Int64 = 0
        copied(
            try copyNumbered(.gate, into: &gates) { row throws(StoreError) in
                lastGate = row[0].number ?? lastGate
                return true
            })
        for lost in try place(into: &gates, after: lastGate, acceptedLate, &report.commands, progress) {
            copied(lost)
        }
        var acts = RowWriter(.act, of: target, transfer: transfer)
        var known: Set<Int64> = []
        var pages = RowPages(.act, of: source)
        while let row = try pages.next() {
            known.insert(row[0].number ?? 0)
            try acts.add(row)
        }
        try acts.end()
        copied(try copyActCommands(of: known))
        return report
    }

    // MARK: Tables

    private func copyAttempts() throws(StoreError) -> LostRows {
        var rows = try DeliveryRows(.attempt, of: source, renumbering)
        var writer = RowWriter(.attempt, of: target, transfer: transfer)
        while let row = try rows.next() { try writer.add(row) }
        try writer.end()
        return rows.lost
    }

    /// An outcome needs its attempt; one without counts among what is lost, and holds its command.
    private func copyOutcomes() throws(StoreError) -> LostRows {
        var rows = try DeliveryRows(.outcome, of: source, renumbering)
        var attempts = try DeliveryRows(.attempt, of: source, renumbering)
        var writer = RowWriter(.outcome, of: target, transfer: transfer)
        var strays = LostRows(table: TransferTable.outcome.name)
        while let row = try rows.next() {
            let key = TransferTable.outcome.key(row)
            while let attempt = try attempts.peek(), TransferTable.attempt.key(attempt).precedes(key) {
                _ = try attempts.next()
            }
            guard let attempt = try attempts.peek(), TransferTable.attempt.key(attempt) == key else {
                strays.add(key)
                continue
            }
            try writer.add(row)
        }
        try writer.end()
        return rows.lost.adding(strays)
    }

    /// Remembers which of them say that a message was accepted: few, because a dispatcher is seldom too late.
    private func copyLateAnswers(
        _ accepted: inout [Int64: TransferValue]
    ) throws(StoreError) -> LostRows {
        var writer = RowWriter(.lateAnswer, of: target, transfer: transfer)
        let lost = try copyNumbered(.lateAnswer, into: &writer) { row throws(StoreError) in
            guard let attempt = row[2].number else { return false }
            let found = try target.rows(
                of: .attempt, after: [row[1], .integer(attempt - 1)], limit: 1, bytes: 0
            ).first
            guard found?[0] == row[1], found?[1] == row[2] else { return false }
            let isAccepted =
                row[4].word == Outcome.accepted.rawValue || row[4].word == Outcome.duplicate.rawValue
            if isAccepted, let command = row[1].number, accepted[command] == nil {
                accepted[command] = row.last
            }
            return true
        }
        try writer.end()
        return lost
    }

    /// A table with numbers of its own, which stay.
    private func copyNumbered(
        _ table: TransferTable, into writer: inout RowWriter,
        where belongs: (TransferRow) throws(StoreError) -> Bool
    ) throws(StoreError) -> LostRows {
        var lost = LostRows(table: table.name)
        var pages = RowPages(table, of: source)
        while var row = try pages.next() {
            guard let new = renumbering.number(row[1].number ?? 0) else {
                lost.add(table.key(row))
                continue
            }
            row[1] = .integer(new)
            guard try belongs(row) else {
                lost.add(table.key(row))
                continue
            }
            try writer.add(row)
        }
        return lost
    }

    private func copyActCommands(of acts: Set<Int64>) throws(StoreError) -> LostRows {
        var rows = try DeliveryRows(.actCommand, of: source, renumbering)
        var writer = RowWriter(.actCommand, of: target, transfer: transfer)
        var strays = LostRows(table: TransferTable.actCommand.name)
        while let row = try rows.next() {
            if acts.contains(row[0].number ?? 0) {
                try writer.add(row)
            } else {
                strays.add(TransferTable.actCommand.key(row))
            }
        }
        try writer.end()
        return rows.lost.adding(strays)
    }

    // MARK: The place of each command

    private func place(
        into gates: inout RowWriter, after lastGate: Int64, _ acceptedLate: [Int64: TransferValue],
        _ counts: inout CommandCounts,
        _ progress: (String, Int64) -> Void
    ) throws(StoreError) -> [LostRows] {
        var attempts = try DeliveryRows(.attempt, of: source, renumbering)
        var outcomes = try DeliveryRows(.outcome, of: source, renumbering)
        var queued = try DeliveryRows(.queue, of: source, renumbering)
        var finishes = try DeliveryRows(.finish, of: source, renumbering)
        var queue = RowWriter(.queue, of: target, transfer: transfer)
        var ends = RowWriter(.finish, of: target, transfer: transfer)
        var gate = lastGate
        for first in stride(from: 1, through: renumbering.commands, by: RebuildLimits.commands) {
            let last = min(first + Int64(RebuildLimits.commands) - 1, renumbering.commands)
            let rebuilt = try rebuilt(first, last)
            var ended: [TransferRow] = []
            for number in first...last {
                var record = CommandRecord(
                    number: number, finish: try finishes.rows(of: number).first,
                    queued: try queued.rows(of: number).first.map(QueueRow.init), rebuilt: rebuilt[number],
                    try attempts.rows(of: number), try outcomes.rows(of: number))
                record.acceptedLate = acceptedLate[number]
                switch try record.fate(at: time) {
                case .finished(let row, let isMadeAgain):
                    ended.append(row)
                    if isMadeAgain { counts.ended += 1 } else { counts.finished += 1 }
                case .queued(let row, let newHold):
                    try queue.add(row)
                    counts.add(newHold)
                    guard let newHold else { continue }
                    gate += 1
                    try gates.add(gateRow(gate, number, newHold))
                }
            }
            try queue.reach([.integer(last)])
            // Not before: the projector queued every command again, and one that is queued cannot end.
            for row in ended { try ends.add(row) }
            try ends.reach([.integer(last)])
            progress("commands", last)
        }
        // What came behind the last command belongs to none.
        try queue.end()
        try ends.end()
        try gates.end()
        _ = try (queued.peek(), finishes.peek())
        return [queued.lost, finishes.lost]
    }

    private func rebuilt(_ first: Int64, _ last: Int64) throws(StoreError) -> [Int64: QueueRow] {
        var found: [Int64: QueueRow] = [:]
        var next = first
        while next <= last {
            let rows = try target.rows(
                of: .queue, after: [.integer(next - 1)], limit: RebuildLimits.commands,
                bytes: TransferLimits.bytes)
            guard let end = rows.last?[0].number else { break }
            for row in rows {
                if let number = row[0].number, number <= last { found[number] = QueueRow(row: row) }
            }
            next = end + 1
        }
        return found
    }

    private func gateRow(_ number: Int64, _ command: Int64, _ hold: HoldReason) -> TransferRow {
        [
            .integer(number), .integer(command), .integer(time.microseconds),
            .text(Array(hold.rawValue.utf8)), .null, .null,
        ]
    }
}

extension CommandRecord {
    /// Attempts with their outcomes, both in the order of their numbers.
    fileprivate init(
        number: Int64, finish: TransferRow?, queued: QueueRow?, rebuilt: QueueRow?, _ attempts: [TransferRow],
        _ outcomes: [TransferRow]
    ) {
        self.init(
            number: number, finish: finish, queued: queued, rebuilt: rebuilt,
            tries: attempts.map { attempt in
                RecordedTry(attempt: attempt, outcome: outcomes.first { $0[1] == attempt[1] })
            },
            strays: outcomes.count { outcome in !attempts.contains { $0[1] == outcome[1] } })
    }
}

extension CommandCounts {
    fileprivate mutating func add(_ newHold: HoldReason?) {
        switch newHold {
        case nil: kept += 1
        case .unknownOutcome: unsure += 1
        default: restored += 1
        }
    }
}

extension LostRows {
    fileprivate func adding(_ other: LostRows) -> LostRows {
        var both = self
        both.rows += other.rows
        both.first = Array((first + other.first).prefix(RebuildLimits.named))
        return both
    }
}
