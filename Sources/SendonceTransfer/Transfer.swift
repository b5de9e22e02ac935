// Moves a log with all its memory to another database. At every moment at most one of the two may decide and
// send: the source is sealed before the first row is read, and the copy stays fenced until a person confirms
// it. Whatever interrupts this, running it again goes on: a page is compared with what the copy holds of it,
// and only what is missing is written.
package import SendonceCore
package import SendonceStore

/// What was moved, and that both sides hold the same.
package struct TransferReport: Sendable {
    package var transfer: Text
    /// Each table on both sides; empty where only the rest was brought.
    package var tables: [TableComparison]
    /// Over all tables, as it is recorded with the copy.
    package var digest: Digest?
    /// Events of the intake that this run brought.
    package var brought: Int
    /// Events that stand in the source's intake and did not come.
    package var remaining: Int64
}

package struct Transfer {
    package let source: any TransferSource
    package let target: any TransferTarget

    package init(from source: any TransferSource, to target: any TransferTarget) {
        self.source = source
        self.target = target
    }

    /// Seals, copies and compares; or goes on with that; or, after the confirmation, brings what came into
    /// the source's intake since. `name` is given to the transfer if it starts now.
    ///
    /// Guarantee: the copy is ready to be confirmed only if every row was read back equal on both sides.
    @discardableResult
    package func run(
        _ act: TransferAct, name: Text, progress: (String, Int) -> Void = { _, _ in }
    ) throws(TransferError) -> TransferReport {
        switch try nextStep(isRebuild: false) {
        case .start:
            // Before anything is sealed.
            _ = try plan(now: act.now)
            let transfer = try seal(act, name: name)
            return try copy(act, transfer: transfer, progress: progress)
        case .resume(let transfer): return try copy(act, transfer: transfer, progress: progress)
        case .bringRest(let transfer): return try bringRest(transfer: transfer, progress: progress)
        }
    }

    /// Fences the target, which is empty, then the source: in between, nothing is lost but the permission to
    /// use an empty database.
    package func seal(_ act: TransferAct, name: Text) throws(TransferError) -> Text {
        try TransferError.storing { () throws(StoreError) in
            let (from, to) = (try source.place(), try target.place())
            let begun = try target.authority()
            let transfer = begun?.transfer ?? name
            if begun == nil { try target.begin(act.record(.copy, transfer, place: from)) }
            try source.seal(act.record(.moved, transfer, place: to))
            return transfer
        }
    }

    private func copy(
        _ act: TransferAct, transfer: Text, progress: (String, Int) -> Void
    ) throws(TransferError) -> TransferReport {
        let (brought, compared) = try TransferError.storing { () throws(StoreError) in
            try target.continueNumbers(after: try source.lastIntakeNumber())
            for table in TransferTable.all { try copy(table, transfer: transfer, progress: progress) }
            let brought = try bring(transfer: transfer, progress: progress) { _ in }
            try target.continueNumbers(after: try source.lastIntakeNumber())
            return (brought, try compare(transfer: transfer))
        }
        let different = compared.filter { !$0.isEqual }
        guard different.isEmpty else { throw .differs(different) }
        return try TransferError.storing { () throws(StoreError) in
            let digest = Transfer.digest(of: compared)
            try target.record(act.record(.copy, transfer, place: try source.place(), digest: digest))
            let intake = compared.last?.source.rows ?? 0
            return TransferReport(
                transfer: transfer, tables: compared, digest: digest, brought: brought,
                remaining: max(0, try source.intakeCount() - intake))
        }
    }

    private func copy(
        _ table: TransferTable, transfer: Text, progress: (String, Int) -> Void
    ) throws(StoreError) {
        var last: TransferRow?
        var count = 0
        while true {
            let rows = try source.rows(
                of: table, after: last, limit: TransferLimits.rows, bytes: TransferLimits.bytes)
            // The page behind the last row is empty and reaches to the end: nothing else may stand there.
            try target.write(
                TransferPage(table: table, after: last, rows: rows, isLast: rows.isEmpty), transfer: transfer)
            guard let end = rows.last else { return }
            last = table.key(end)
            count += rows.count
            progress(table.name, count)
        }
    }

    func waitingPages(_ body: ([IntakeEvent]) throws(StoreError) -> Void) throws(StoreError) {
        var last = Int64.min
        while true {
            let events = try source.waiting(
                after: last, limit: TransferLimits.rows, bytes: TransferLimits.bytes)
            guard let end = events.last else { return }
            try body(events)
            last = end.sequence
        }
    }

    /// Brings events of the intake that have not come yet. `afterPage` sees the numbers of all that are there
    /// now.
    package func bring(
        transfer: Text, progress: (String, Int) -> Void, afterPage: ([Int64]) throws(StoreError) -> Void
    ) throws(StoreError) -> Int {
        var count = 0
        try waitingPages { events throws(StoreError) in
            count += try target.arrive(events, transfer: transfer)
            try afterPage(events.map(\.sequence))
            progress("outbox", count)
        }
        return count
    }

    /// An event is deleted here only after it was committed there, and what was committed there is known
    /// there: interrupted in between, it is not brought again.
    package func bringRest(
        transfer: Text, progress: (String, Int) -> Void
    ) throws(TransferError) -> TransferReport {
        try TransferError.storing { () throws(StoreError) in
            let brought = try bring(transfer: transfer, progress: progress) { numbers throws(StoreError) in
                try source.remove(arrived: numbers, transfer: transfer)
            }
            return TransferReport(
                transfer: transfer, tables: [], digest: nil, brought: brought,
                remaining: try source.intakeCount())
        }
    }

    // MARK: Comparing

    /// Reads both sides from one end to the other.
    private func compare(transfer: Text) throws(StoreError) -> [TableComparison] {
        var compared: [TableComparison] = []
        for table in TransferTable.all {
            compared.append(
                TableComparison(
                    name: table.name, source: try source.digest(of: table), copy: try target.digest(of: table)
                )
            )
        }
        compared.append(try compareIntake(transfer: transfer))
        return compared
    }

    /// Events that came, and the same at the source; what was written there since is none of them.
    package func compareIntake(transfer: Text) throws(StoreError) -> TableComparison {
        var (here, there) = (RowDigester(), RowDigester())
        var last = Int64.min
        while true {
            let events = try target.arrived(
                with: transfer, after: last, limit: TransferLimits.rows, bytes: TransferLimits.bytes)
            guard let end = events.last else { break }
            for event in events { here.add(event) }
            for event in try source.waiting(numbered: events.map(\.sequence)) { there.add(event) }
            last = end.sequence
        }
        return TableComparison(name: "outbox", source: there.result(), copy: here.result())
    }

    package static func digest(of tables: [TableComparison]) -> Digest {
        var builder = DigestBuilder()
        for table in tables {
            builder.addPart(table.name)
            builder.add(table.copy.rows)
            builder.add(table.copy.digest)
        }
        return builder.digest()
    }
}
