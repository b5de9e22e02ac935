// What one reading of an exported file finds: that it is whole, and where in it things stand.
import SendonceCore
import SendonceRules
import SendonceStore

struct LogFileContents: Sendable {
    /// The line that a position's event is on, or an earlier one behind the position before.
    struct Mark: Sendable {
        var position: Int64
        var offset: Int64
        /// Lines before it.
        var line: Int
    }

    let header: BundleHeader
    private(set) var activations: [Activation] = []
    /// Where the files of each rule set stand.
    private(set) var ruleSets: [Digest: [Mark]] = [:]
    private(set) var firstUnplainPosition: Int64?
    private var marks: [Mark] = []
    private var head: LogHead

    private init(_ header: BundleHeader, first: Mark) {
        self.header = header
        head = LogHead(position: header.from - 1, link: header.before)
        marks = [first]
    }

    func mark(before position: Int64) -> Mark {
        marks[Int((position - header.from) / BundleLimits.indexPositions)]
    }

    static func reading(_ file: ByteFile) throws(BundleError) -> LogFileContents {
        var cursor = LineCursor(file)
        let reader = LineReader()
        let first = try cursor.next { line throws(LineMistake) in try reader.read(line) }
        guard case .header(let header)? = first else {
            throw .line(
                path: file.path, line: 1,
                words: "an export begins with a line of type \(BundleLine.headerType): this is another file, "
                    + "or its beginning is missing")
        }
        var contents = LogFileContents(
            header, first: Mark(position: header.from, offset: cursor.offset, line: cursor.line))
        var files = PendingFiles()
        while true {
            let mark = Mark(position: contents.head.position + 1, offset: cursor.offset, line: cursor.line)
            let isThere: Void? = try cursor.next { line throws(LineMistake) in
                try contents.take(try reader.read(line), at: mark, files: &files)
            }
            if isThere == nil { break }
        }
        guard contents.head.position == header.through else {
            throw cursor.mistake(
                "the file ends with position \(contents.head.position), and its first line says "
                    + "\(header.through): it was cut off; export it again")
        }
        guard contents.head.link == header.link else {
            throw cursor.mistake(
                "the last event's link is not the one of the first line: one of the two was changed; "
                    + "export it again")
        }
        return contents
    }

    private mutating func take(
        _ line: BundleLine, at mark: Mark, files: inout PendingFiles
    ) throws(LineMistake) {
        switch line {
        case .header: throw LineMistake("a second first line: two exports were put into one file")
        case .ruleSetFile(let digest, let file):
            guard ruleSets[digest] == nil || files.digest == digest else {
                throw LineMistake("rule set \(digest) stands there already")
            }
            try files.add(file, of: digest)
            ruleSets[digest, default: []].append(mark)
        case .event(let event) where event.position < header.from:
            guard event.event.type == Event.activationType, head.position == header.from - 1,
                activations.isEmpty
            else {
                throw LineMistake(
                    "position \(event.position) stands before \(header.from), with which this export begins")
            }
            try activate(event, files: &files)
        case .event(let event): try take(event, at: mark, files: &files)
        }
    }

    private mutating func take(
        _ event: LoggedEvent, at mark: Mark, files: inout PendingFiles
    ) throws(LineMistake) {
        let expected = head.position + 1
        guard event.position == expected, expected <= header.through else {
            throw LineMistake(
                expected > header.through
                    ? "position \(event.position) follows the last one, \(header.through)"
                    : "position \(event.position) stands where \(expected) has to be: lines are missing or "
                        + "were moved; export it again")
        }
        let next =
            header.isRedacted ? LogHead(position: expected, link: event.link) : head.adding(event.event)
        guard next.link == event.link else {
            throw LineMistake(
                "the chain does not fit at position \(expected): this event or its link was changed; "
                    + "export it again")
        }
        guard expected > 1 || header.log == event.link else {
            throw LineMistake("the first event is not the one that the first line names the log by")
        }
        if event.event.type == Event.activationType { try activate(event, files: &files) }
        if (expected - header.from) % BundleLimits.indexPositions == 0, expected > header.from {
            marks.append(mark)
        }
        if firstUnplainPosition == nil, !event.event.isPlain { firstUnplainPosition = expected }
        head = next
    }

    private mutating func activate(_ event: LoggedEvent, files: inout PendingFiles) throws(LineMistake) {
        let activation = try Activation.read(event)
        guard ruleSets[activation.ruleSet] != nil else {
            throw LineMistake(
                "position \(event.position) activates rule set \(activation.ruleSet), whose files do not "
                    + "stand before it: lines are missing; export it again")
        }
        try files.finish()
        activations.append(activation)
    }
}

/// The files of the rule set that is read right now.
private struct PendingFiles {
    private(set) var digest: Digest?
    private var files: [RuleSetFile] = []

    mutating func add(_ file: RuleSetFile, of digest: Digest) throws(LineMistake) {
        if self.digest != digest { try finish() }
        guard !files.contains(where: { $0.name == file.name }) else {
            throw LineMistake("rule set \(digest) has the file \(file.name) twice")
        }
        self.digest = digest
        files.append(file)
    }

    /// The rule set is complete; its digest must say so.
    mutating func finish() throws(LineMistake) {
        guard let digest else { return }
        let found = RuleSource(files: files)?.digest
        guard found == digest else {
            throw LineMistake(
                "the files of rule set \(digest) that stand before this line do not give that digest: one is "
                    + "missing or was changed; export it again")
        }
        (self.digest, files) = (nil, [])
    }
}

extension Event {
    /// Whether a store can hold it whose texts are UTF-8 without NUL.
    var isPlain: Bool {
        !payload.contains(0) && String(validating: payload, as: UTF8.self) != nil
            && [id, type, source, subject, traceparent].allSatisfy { !($0?.utf8.contains(0) ?? false) }
    }
}
