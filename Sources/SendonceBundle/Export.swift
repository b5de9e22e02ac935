// Writes a log, or a part of it, as lines of CloudEvents.
package import SendonceCore
import SendonceRules
package import SendonceStore

/// What was written.
package struct ExportReport: Hashable, Sendable {
    /// Of the log itself, also where the file has pseudonyms in their place: to be kept beside the file, in
    /// the house.
    package var log: LogName?
    package var head: LogHead
    package var from: Int64
    package var ruleSets: Int
    /// Positions whose payload could not be redacted member by member and stands as one pseudonym.
    package var wholePayloads: Int64

    package var events: Int64 { head.position - from + 1 }
}

package struct Export {
    package typealias Source = TransferReader & AuditReader

    let source: any Source

    package init(from source: any Source) {
        self.source = source
    }

    /// Writes the events from one position to another (default: from the first to the head of this moment),
    /// while the log goes on. Reads short pages; no transaction stays open between two.
    ///
    /// Guarantee: every link of what is written was recomputed. A chain that does not fit ends the export,
    /// because nobody could read the file.
    ///
    /// - Parameter write: takes whole lines, about `BundleLimits.pageBytes` at once.
    package func run(
        from first: Int64 = 1, through last: Int64? = nil, redaction: Redaction? = nil, now: Timestamp,
        write: ([UInt8]) throws(BundleError) -> Void, progress: (Int64) -> Void = { _ in }
    ) throws(BundleError) -> ExportReport {
        let range = try range(from: first, through: last)
        var writing = Writing(
            source: source, range: range, redaction: redaction, exportedAt: now)
        try write(writing.beginning())
        var position = first - 1
        while position < range.through {
            let page = try BundleError.storing { () throws(StoreError) in
                try source.logPage(
                    after: position, limit: BundleLimits.pageEvents, bytes: BundleLimits.pageBytes)
            }
            var lines: [UInt8] = []
            for event in page where event.position <= range.through { lines += try writing.lines(event) }
            guard let end = page.last?.position else { break }
            try write(lines)
            position = end
            progress(min(end, range.through))
        }
        return try writing.report()
    }

    /// What is exported, as the log has it.
    struct Range {
        var log: LogName?
        var from: Int64
        var through: Int64
        var before: Digest
        var link: Digest
        /// The activation that is in force where the export begins, if it begins later.
        var inForce: LoggedEvent?
    }

    private func range(from first: Int64, through last: Int64?) throws(BundleError) -> Range {
        guard first >= 1 else { throw .refused("positions begin with 1: --from \(first) is none") }
        let end = try BundleError.storing { () throws(StoreError) in
            try source.events(before: .max, type: nil, limit: 1).first?.position ?? 0
        }
        let through = last ?? end
        guard through <= end, first <= end + 1 else {
            throw .refused(
                end == 0 ? "the log is empty" : "the log ends with position \(end): nothing lies beyond")
        }
        guard through >= first - 1, end == 0 || through >= first else {
            throw .refused("no position lies between --from \(first) and --through \(through)")
        }
        return try BundleError.storing { () throws(StoreError) in
            Range(
                log: through > 0 ? try link(at: 1) : nil, from: first, through: through,
                before: try link(at: first - 1), link: try link(at: through),
                inForce: first > 1
                    ? try source.events(before: first, type: Event.activationType, limit: 1).first : nil)
        }
    }

    private func link(at position: Int64) throws(StoreError) -> Digest {
        guard position > 0 else { return .zero }
        guard let event = try source.event(at: position) else {
            throw .damaged("the log has a hole at position \(position)")
        }
        return event.link
    }
}

/// One export under way: the chain so far, and which rule sets stand in the file already.
private struct Writing {
    let source: any Export.Source
    let range: Export.Range
    let redaction: Redaction?
    let header: BundleHeader
    let writer: LineWriter
    var head: LogHead
    /// Digests under which written rule sets stand in the file, by the digests of the log.
    var ruleSets: [Digest: Digest] = [:]
    var wholePayloads: Int64 = 0

    init(
        source: any Export.Source, range: Export.Range, redaction: Redaction?, exportedAt: Timestamp
    ) {
        self.source = source
        self.range = range
        self.redaction = redaction
        func shown(_ link: Digest) -> Digest { redaction?.link(link) ?? link }
        header = BundleHeader(
            log: range.log.map(shown), from: range.from, through: range.through, before: shown(range.before),
            link: shown(range.link), isRedacted: redaction != nil, exportedAt: exportedAt)
        writer = LineWriter(header)
        head = LogHead(position: range.from - 1, link: range.before)
    }

    mutating func beginning() throws(BundleError) -> [UInt8] {
        var lines = writer.line(header)
        if let inForce = range.inForce { lines += try linesOfActivation(inForce) }
        return lines
    }

    mutating func lines(_ event: LoggedEvent) throws(BundleError) -> [UInt8] {
        let next = head.adding(event.event)
        guard next == LogHead(position: event.position, link: event.link) else {
            throw .store(
                .damaged(
                    "the chain of the log does not fit at position \(next.position): somebody changed it, or "
                        + "rows are missing; export what lies before with --through \(head.position), or "
                        + "what lies behind with --from \(next.position + 1)"))
        }
        head = next
        if event.event.type == Event.activationType { return try linesOfActivation(event) }
        return line(event)
    }

    /// The files of the rule set, unless they stand there, then the event.
    private mutating func linesOfActivation(_ event: LoggedEvent) throws(BundleError) -> [UInt8] {
        let activation: Activation
        do throws(LineMistake) {
            activation = try Activation.read(event)
        } catch {
            throw .store(.damaged(error.words))
        }
        guard ruleSets[activation.ruleSet] == nil else { return line(event) }
        let stored = try BundleError.storing { () throws(StoreError) in
            try source.ruleSetFiles(activation.ruleSet)
        }
        guard let files = stored, let rules = RuleSource(files: files), rules.digest == activation.ruleSet
        else {
            throw .store(
                .damaged(
                    "rule set \(activation.ruleSet), which position \(event.position) activates, is missing "
                        + "or was changed"))
        }
        let shown = redaction.map { redaction in files.map(redaction.file) } ?? files
        let digest = RuleSource(files: shown)?.digest ?? activation.ruleSet
        let isNew = !ruleSets.values.contains(digest)
        ruleSets[activation.ruleSet] = digest
        return (isNew ? shown.flatMap { writer.line(digest, $0) } : []) + line(event)
    }

    private mutating func line(_ event: LoggedEvent) -> [UInt8] {
        guard let redaction else { return writer.line(event) }
        let (redacted, isMemberByMember) = redaction.event(event, ruleSets: ruleSets)
        if !isMemberByMember { wholePayloads += 1 }
        return writer.line(redacted)
    }

    func report() throws(BundleError) -> ExportReport {
        guard head == LogHead(position: range.through, link: range.link) else {
            throw .store(.damaged("the log ends with position \(head.position) all at once: it has a hole"))
        }
        return ExportReport(
            log: range.log, head: head, from: range.from, ruleSets: Set(ruleSets.values).count,
            wholePayloads: wholePayloads)
    }
}
