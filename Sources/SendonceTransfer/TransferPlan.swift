// What moving this log there would mean, found out without changing anything.
package import SendonceCore
import SendonceStore

package struct TransferPlan: Sendable {
    package enum Step: Hashable, Sendable {
        /// Nothing has been done yet.
        case start
        /// The log is sealed, and the copy is not complete or not confirmed.
        case resume(transfer: Text)
        /// The copy was confirmed; what applications wrote to the old place since may follow.
        case bringRest(transfer: Text)
    }

    package var step: Step
    package var sourcePlace: Text
    package var targetPlace: Text
    /// Rows of each table at the source.
    package var rows: [(table: String, count: Int64)]
    package var intake: Int64

    package var events: Int64 { rows.first { $0.table == TransferTable.log.name }?.count ?? 0 }
}

extension Transfer {
    /// Errors: `.refused` if the two databases do not stand so that the log may move.
    package func plan(now: Timestamp) throws(TransferError) -> TransferPlan {
        let step = try nextStep(isRebuild: false)
        if case .start = step { try checkStart(now: now) }
        return try TransferError.storing { () throws(StoreError) in
            var rows: [(table: String, count: Int64)] = []
            for table in TransferTable.all { rows.append((table.name, try source.count(of: table))) }
            return TransferPlan(
                step: step, sourcePlace: try source.place(), targetPlace: try target.place(), rows: rows,
                intake: try source.intakeCount())
        }
    }

    /// Whether it can begin: nobody is sending, the target is empty and can hold everything.
    package func checkStart(now: Timestamp) throws(TransferError) {
        let open = try TransferError.storing { () throws(StoreError) in try source.openAttempts(now: now) }
        if let open { throw .refused(open.words) }
        try checkTarget()
        try checkTexts()
    }

    /// The next step of a rebuild or of a transfer: what was begun as one is not ended as the other, because
    /// their copies hold different things. What comes after the confirmation is the same.
    package func nextStep(isRebuild: Bool) throws(TransferError) -> TransferPlan.Step {
        let step = try nextStep()
        let begun = try TransferError.storing { () throws(StoreError) in try target.authority() }
        guard let begun, begun.state == .copy, begun.isRebuild != isRebuild else { return step }
        throw .refused("new place: \(begun.refusal ?? "it was begun by another command")")
    }

    /// A transfer is named at its target first, then at its source: so whoever goes on knows that both are
    /// its own two sides, whatever their addresses are.
    func nextStep() throws(TransferError) -> TransferPlan.Step {
        let (from, to, isSame) = try TransferError.storing { () throws(StoreError) in
            (try source.authority(), try target.authority(), try source.place() == target.place())
        }
        if isSame { throw .refused("both names mean the same database") }
        switch (from?.state ?? .inForce, to?.state) {
        case (.inForce, nil): return .start
        case (.inForce, .copy):
            // Interrupted between the two; or it waits for another log.
            let place = try TransferError.storing { () throws(StoreError) in try source.place() }
            guard to?.place == place else { throw .refused("new place: \(to?.refusal ?? "it is a copy")") }
            try checkTarget()
            return .start
        case (.moved, .copy) where from?.transfer == to?.transfer:
            return .resume(transfer: from?.transfer ?? "")
        case (.moved, .inForce) where from?.transfer == to?.transfer:
            return .bringRest(transfer: from?.transfer ?? "")
        case (.inForce, .inForce): throw .refused("the new place holds a log that is in force there")
        case (.inForce, .moved): throw .refused("new place: \(to?.refusal ?? "it held a log that moved on")")
        case (_, .givenUp): throw .refused("new place: \(to?.refusal ?? "it was given up")")
        case (.moved, _), (.copy, _), (.givenUp, _):
            throw .refused(from?.refusal ?? "the log is not in force there")
        }
    }

    package func checkTarget() throws(TransferError) {
        let filled = try TransferError.storing { () throws(StoreError) in
            for table in TransferTable.all where try target.count(of: table) > 0 { return true }
            return false
        }
        if filled {
            throw .refused(
                "the new place holds a log already: transfer to a new database "
                    + "(`sendonce migrate up` makes its tables)")
        }
    }

    /// What the target could not hold must be known before anything is sealed.
    package func checkTexts() throws(TransferError) {
        guard source.keepsEveryText, !target.keepsEveryText else { return }
        var found: [String] = []
        try TransferError.storing { () throws(StoreError) in
            for table in TransferTable.all {
                try source.pages(of: table) { rows throws(StoreError) in
                    for row in rows where found.count < 10 && !row.isPlain(table) {
                        found.append("\(table.name) \(row.first.map(Transfer.words) ?? "")")
                    }
                }
            }
            try waitingPages { events throws(StoreError) in
                for event in events where found.count < 10 && !event.isPlain {
                    found.append("outbox \(event.sequence)")
                }
            }
        }
        guard found.isEmpty else {
            throw .refused(
                "the new place cannot hold a NUL, bytes that are not UTF-8, or an event before 1970, which "
                    + "stand in: \(found.joined(separator: ", "))\(found.count < 10 ? "" : " …"); "
                    + "such a log stays where it is")
        }
    }

    private static func words(_ value: TransferValue) -> String {
        switch value {
        case .null: "null"
        case .integer(let number): "\(number)"
        case .text(let bytes): String(decoding: bytes, as: UTF8.self)
        case .bytes(let bytes): hexadecimalText(bytes.prefix(6))
        }
    }
}

private func isPlainText(_ bytes: some Collection<UInt8>) -> Bool {
    !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
}

extension TransferRow {
    fileprivate func isPlain(_ table: TransferTable) -> Bool {
        zip(table.columns, self).allSatisfy { column, value in
            guard column.kind == .text, case .text(let bytes) = value else { return true }
            return isPlainText(bytes)
        }
    }
}

extension IntakeEvent {
    fileprivate var isPlain: Bool {
        isPlainText(event.payload) && event.occurredAt.microseconds >= 0
            && [event.id, event.type, event.source, event.subject, event.traceparent].allSatisfy {
                !($0?.utf8.contains(0) ?? false)
            }
    }
}
