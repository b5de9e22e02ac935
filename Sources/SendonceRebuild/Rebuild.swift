// Makes decisions, ledger, commands and queue again from the log, into a database beside the old one. What
// only the delivery knows (attempts, outcomes, ends, gates, acts) is copied, command by command. The log is
// sealed at its old place first, and the new one stays fenced until a person confirms it.
package import SendonceCore
import SendonceProjection
import SendonceReading
package import SendonceStore
package import SendonceTransfer

/// A rebuild into a migrated, empty database.
///
/// Guarantees: the log comes over unchanged, every link recomputed; each transaction leaves log, decisions,
/// ledger and commands whole up to some position, and running it again goes on there; every row of the
/// delivery comes over or is named in the report; a command without a recorded attempt comes back held.
package struct Rebuild {
    package typealias Source = TransferSource & RuleSetFileReader

    private let source: any Source
    private let target: any RebuildTarget
    private let transfer: Transfer

    package init(from source: any Source, to target: any RebuildTarget) {
        self.source = source
        self.target = target
        transfer = Transfer(from: source, to: target)
    }

    // MARK: Planning

    /// What would be done, without changing anything. Before a start the whole log is read, each link is
    /// recomputed, and every rule set that it names is loaded.
    ///
    /// Errors: `.refused` if the two databases do not stand so that this may be done; `.store(.damaged)` with
    /// the position where the chain breaks.
    package func plan(now: Timestamp, progress: (String, Int64) -> Void = { _, _ in })
        throws(TransferError) -> RebuildPlan
    {
        let (step, imported) = try nextStep()
        if case .start = step {
            try transfer.checkStart(now: now)
            let head = try TransferError.storing { () throws(StoreError) in try checkLog(progress) }
            if let imported, imported.transfer != AuthorityRecord.importName(of: head) {
                throw .refused(
                    "the import is not complete: it ends with position \(head.position); run "
                        + "`sendonce import` again")
            }
        }
        return try TransferError.storing { () throws(StoreError) in
            var rows: [(table: String, count: Int64)] = []
            for table in TransferTable.all { rows.append((table.name, try source.count(of: table))) }
            return RebuildPlan(
                step: step, isImport: imported != nil, sourcePlace: try source.place(),
                targetPlace: try target.place(), rows: rows, intake: try source.intakeCount())
        }
    }

    /// An imported log is in force nowhere and cannot be sealed; so its rebuild has a name that follows from
    /// the import's.
    private func nextStep() throws(TransferError) -> (TransferPlan.Step, imported: AuthorityRecord?) {
        let (from, to, isSame) = try TransferError.storing { () throws(StoreError) in
            (try source.authority(), try target.authority(), try source.place() == target.place())
        }
        guard let from, from.isImport, from.state == .copy else {
            return (try transfer.nextStep(isRebuild: true), nil)
        }
        if isSame { throw .refused("both names mean the same database: rebuild into a new one") }
        let name = AuthorityRecord.rebuildName(from.transfer)
        switch to {
        case nil: return (.start, from)
        case let to? where to.transfer == name && to.state == .copy: return (.resume(transfer: name), from)
        case let to? where to.transfer == name && to.state == .inForce:
            return (.bringRest(transfer: name), from)
        case let to?:
            throw .refused("new place: \(to.refusal ?? "it holds a log that is in force there")")
        }
    }

    private func checkLog(_ progress: (String, Int64) -> Void) throws(StoreError) -> LogHead {
        var head = LogHead.empty
        var known: Set<Digest> = []
        try logPages(after: &head) { page throws(StoreError) in
            for logged in page where logged.event.type == Event.activationType {
                guard let activation = Activation(logged), known.insert(activation.ruleSet).inserted else {
                    continue
                }
                _ = try RulesInForce(activation, from: source)
            }
            progress("checked", page.last?.position ?? 0)
        }
        return head
    }

    /// Reads the log from a position on and recomputes every link before anything is done with an event.
    private func logPages(
        after head: inout LogHead, _ body: ([LoggedEvent]) throws(StoreError) -> Void
    ) throws(StoreError) {
        while true {
            let page = try source.logPage(
                after: head.position, limit: TransferLimits.rows, bytes: TransferLimits.bytes)
            if page.isEmpty { return }
            for logged in page {
                head = head.adding(logged.event)
                guard head == LogHead(position: logged.position, link: logged.link) else {
                    throw .damaged(
                        "the log's chain breaks at position \(head.position): the event there, or the link, "
                            + "is not what was recorded; nothing of the new database is in force")
                }
            }
            try body(page)
        }
    }

    // MARK: Doing it

    /// Seals the old place and builds the new one; or goes on with that; or, after the confirmation, brings
    /// what came into the old intake since. `name` is given to the rebuild if it starts now. With a plan of
    /// this start, the log is not checked once more before the seal; it is while it is decided.
    package func run(
        _ act: TransferAct, name: Text, planned: RebuildPlan? = nil,
        progress: (String, Int64) -> Void = { _, _ in }
    ) throws(TransferError) -> RebuildReport {
        let (step, imported) = try nextStep()
        switch step {
        case .start:
            if planned?.step != .start { _ = try plan(now: act.now, progress: progress) }
            let name = try begin(act, name: name, imported)
            return try build(act, name, imported, progress)
        case .resume(let name): return try build(act, name, imported, progress)
        case .bringRest(let name):
            guard imported != nil else {
                let rest = try transfer.bringRest(transfer: name) { progress($0, Int64($1)) }
                return RebuildReport(transfer: name, brought: rest.brought, remaining: rest.remaining)
            }
            let brought = try bringIntake(name, progress)
            return RebuildReport(transfer: name, brought: brought, remaining: 0)
        }
    }

    private func begin(
        _ act: TransferAct, name: Text, _ imported: AuthorityRecord?
    ) throws(TransferError) -> Text {
        guard let imported else {
            return try transfer.seal(act, name: AuthorityRecord.rebuildName(name))
        }
        let name = AuthorityRecord.rebuildName(imported.transfer)
        try TransferError.storing { () throws(StoreError) in
            try target.begin(act.record(.copy, name, place: try source.place()))
        }
        return name
    }

    private func build(
        _ act: TransferAct, _ name: Text, _ imported: AuthorityRecord?, _ progress: (String, Int64) -> Void
    ) throws(TransferError) -> RebuildReport {
        var report = try TransferError.storing { () throws(StoreError) in
            try target.continueNumbers(after: try source.lastIntakeNumber())
            try decide(name, progress)
            // The same time whenever this is run: a second run writes the same rows.
            let sealedAt = try source.authority()?.recordedAt ?? act.now
            let delivery = try DeliveryCopy(from: source, to: target, transfer: name, at: sealedAt)
            return try delivery.run(progress)
        }
        report.brought = try bringIntake(name, progress)
        try TransferError.storing { () throws(StoreError) in
            try target.continueNumbers(after: try source.lastIntakeNumber())
            try compare(&report, name)
        }
        // What is copied byte for byte was read back; else the new place is not confirmed.
        let copied = [TransferTable.log.name, "outbox"]
        let different = report.tables.filter { copied.contains($0.name) && !$0.isEqual }
        guard different.isEmpty else { throw .differs(different) }
        try TransferError.storing { () throws(StoreError) in
            let digest = Transfer.digest(of: report.tables)
            try target.record(act.record(.copy, name, place: try source.place(), digest: digest))
            report.digest = digest
            report.remaining = max(
                0, try source.intakeCount() - (report.tables.last?.source.rows ?? 0))
        }
        return report
    }

    /// From where an earlier run ended.
    private func decide(_ name: Text, _ progress: (String, Int64) -> Void) throws(StoreError) {
        let projector = try LogProjector(ruleSetsFrom: source, into: target, transfer: name)
        var head = try target.head()
        if head.position > 0 {
            let there = try source.logPage(after: head.position - 1, limit: 1, bytes: 0).first
            guard there?.position == head.position, there?.link == head.link else {
                throw .damaged(
                    "the new database ends with another event #\(head.position) than the log has: start "
                        + "again with a new database")
            }
        }
        try logPages(after: &head) { page throws(StoreError) in
            try projector.project(page)
            progress("decided", page.last?.position ?? 0)
        }
    }

    private func bringIntake(_ name: Text, _ progress: (String, Int64) -> Void) throws(TransferError) -> Int {
        try TransferError.storing { () throws(StoreError) in
            try transfer.bring(transfer: name, progress: { progress($0, Int64($1)) }, afterPage: { _ in })
        }
    }

    // MARK: Comparing

    /// Reads both sides from one end to the other.
    private func compare(_ report: inout RebuildReport, _ name: Text) throws(StoreError) {
        let decided: [TransferTable] = [.ruleSet, .activation, .scope, .decision, .ledger, .command]
        for table in TransferTable.all {
            let comparison = TableComparison(
                name: table.name, source: try source.digest(of: table), copy: try target.digest(of: table))
            report.tables.append(comparison)
            guard decided.contains(table), !comparison.isEqual else { continue }
            report.differences.append(try RowDifferences(of: table, from: source, to: target))
        }
        report.tables.append(try transfer.compareIntake(transfer: name))
    }
}
