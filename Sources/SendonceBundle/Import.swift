// Writes an exported log into an empty database, at the same positions with the same links. What was decided
// is not in the file, so the database is fenced before the first row is written and stays so: without its
// ledger it would send everything again.
package import SendonceCore
package import SendonceStore

package struct ImportReport: Hashable, Sendable {
    /// Names the import in `outbox_authority`.
    package var name: Text
    package var head: LogHead
    package var activations: Int
    package var ruleSets: Int
    /// Whether an earlier run had begun it.
    package var isContinued: Bool
}

/// Each page is one transaction. Interrupted, the same command with the same file goes on: what is there
/// already is compared, and only what is missing is written.
package struct Import {
    let file: LogFile
    let target: any TransferTarget

    package init(_ file: LogFile, into target: any TransferTarget) {
        self.file = file
        self.target = target
    }

    /// Errors: `.refused` before anything was written if the file is redacted, does not begin with the log,
    /// or holds what the database cannot; and if the database is not empty.
    package func run(
        actor: Text, reason: Text, now: Timestamp, progress: (Int64) -> Void = { _ in }
    ) throws(BundleError) -> ImportReport {
        try checkFile()
        let record = AuthorityRecord(
            state: .copy, transfer: AuthorityRecord.importName(of: file.header.head),
            place: Text("the file \(file.path)"), actor: actor, reason: reason, recordedAt: now)
        let isContinued = try begin(record)
        try writeLog(record.transfer, progress)
        try writeRuleSets(record.transfer)
        try writeActivations(record.transfer)
        try verify()
        return ImportReport(
            name: record.transfer, head: file.header.head,
            activations: try BundleError.storing { () throws(StoreError) in try file.activations().count },
            ruleSets: file.ruleSets.count, isContinued: isContinued)
    }

    // MARK: Before anything is written

    private func checkFile() throws(BundleError) {
        let header = file.header
        if header.isRedacted {
            throw .refused(
                "\(file.path) is redacted: its values are pseudonyms, so that no link fits and nothing could "
                    + "be decided by it; what-if reads it as it is, and an import needs an export without "
                    + "--redact")
        }
        guard header.from == 1 else {
            throw .refused(
                "\(file.path) begins with position \(header.from): an import needs the log from its first "
                    + "event; export without --from")
        }
        guard header.events > 0 else { throw .refused("\(file.path) holds no event") }
        if let position = file.firstUnplainPosition, !target.keepsEveryText {
            throw .refused(
                "this database cannot hold a NUL or bytes that are not UTF-8, which stand in position "
                    + "\(position): import into an SQLite file")
        }
    }

    /// Fences the database, unless this import did that before.
    private func begin(_ record: AuthorityRecord) throws(BundleError) -> Bool {
        try BundleError.storing { () throws(StoreError) in
            let known = try target.authority()
            if let known, known.state == .copy, known.transfer == record.transfer { return true }
            if let refusal = known?.refusal { throw .fenced(refusal) }
            let (events, waiting) = (try target.count(of: .log), try target.intakeCount())
            guard known == nil, events == 0, waiting == 0 else {
                throw .fenced(
                    "an import needs an empty database: this one holds \(events) events in the log and "
                        + "\(waiting) in the intake; make a new one with `sendonce migrate up`")
            }
            try target.begin(record)
            return false
        }
    }

    // MARK: Writing

    private func writeLog(_ name: Text, _ progress: (Int64) -> Void) throws(BundleError) {
        var head = LogHead.empty
        while head.position < file.header.through {
            let last = head.position
            let events = try page(after: &head)
            try BundleError.storing { () throws(StoreError) in
                try target.write(
                    TransferPage(
                        table: .log, after: last == 0 ? nil : [.integer(last)], rows: events.map(\.row),
                        isLast: head.position == file.header.through), transfer: name)
            }
            progress(head.position)
        }
    }

    /// The next events of the file, checked again: it was read through before, and may have changed.
    private func page(after head: inout LogHead) throws(BundleError) -> [LoggedEvent] {
        let last = head.position
        let events = try BundleError.storing { () throws(StoreError) in
            try file.events(after: last, limit: BundleLimits.pageEvents, bytes: BundleLimits.pageBytes)
        }
        for event in events {
            head = head.adding(event.event)
            guard head == LogHead(position: event.position, link: event.link) else {
                throw .file(
                    path: file.path,
                    words: "the file was changed while it was read, at position "
                        + "\(event.position): import a file that nobody writes to, into a new database")
            }
        }
        return events
    }

    private func writeRuleSets(_ name: Text) throws(BundleError) {
        try BundleError.storing { () throws(StoreError) in
            var last: TransferRow?
            for (index, digest) in file.ruleSets.enumerated() {
                let files = try file.ruleSetFiles(digest) ?? []
                let rows: [TransferRow] = files.sorted { $0.name < $1.name }.map {
                    [.bytes(digest.bytes), .text($0.name), .bytes($0.content)]
                }
                try target.write(
                    TransferPage(
                        table: .ruleSet, after: last, rows: rows, isLast: index == file.ruleSets.count - 1),
                    transfer: name)
                last = rows.last.map(TransferTable.ruleSet.key)
            }
        }
    }

    private func writeActivations(_ name: Text) throws(BundleError) {
        try BundleError.storing { () throws(StoreError) in
            var (last, lastScope): (TransferRow?, TransferRow?)
            let activations = try file.activations()
            for (index, activation) in activations.enumerated() {
                let isLast = index == activations.count - 1
                let row: TransferRow = [
                    .integer(activation.position), .bytes(activation.ruleSet.bytes), .text(activation.actor),
                    .text(activation.reason), .integer(activation.recordedAt.microseconds),
                ]
                try target.write(
                    TransferPage(table: .activation, after: last, rows: [row], isLast: isLast), transfer: name
                )
                last = TransferTable.activation.key(row)
                let scopes: [TransferRow] = activation.scopes.keys.sorted().map { rule in
                    [.integer(activation.position), .text(rule), .text(activation.scopes[rule] ?? rule)]
                }
                // A page without rows would be read as the end of the table.
                guard let end = scopes.last else { continue }
                try target.write(
                    TransferPage(table: .scope, after: lastScope, rows: scopes, isLast: isLast),
                    transfer: name)
                lastScope = TransferTable.scope.key(end)
            }
        }
    }

    /// Reads the log back and recomputes every link from what the database has.
    private func verify() throws(BundleError) {
        try BundleError.storing { () throws(StoreError) in
            var head = LogHead.empty
            while true {
                let events = try target.logPage(
                    after: head.position, limit: BundleLimits.pageEvents, bytes: BundleLimits.pageBytes)
                if events.isEmpty { break }
                for event in events {
                    head = head.adding(event.event)
                    guard head == LogHead(position: event.position, link: event.link) else {
                        throw .damaged(
                            "position \(event.position) was not written as the file has it: import into a "
                                + "new database")
                    }
                }
            }
            guard head == file.header.head else {
                throw .damaged("the log was not written whole: import into a new database")
            }
        }
    }
}

extension BundleHeader {
    package var head: LogHead { LogHead(position: through, link: link) }
}
