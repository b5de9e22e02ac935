// `sendonce export`: the log as lines of CloudEvents, whole or redacted.
import ArgumentParser
import Foundation
import SendonceBundle
import SendonceCore
import SendonceRules
import SendonceStore

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the log to a file, as JSON Lines of CloudEvents.",
        discussion: """
            The file holds every event byte for byte with its position and link, and every rule set with \
            the event that activated it: `sendonce import` makes a log of it again. It can be written while \
            `sendonce run` works, and ends with the event that was the last one when it began.

              sendonce export --output-file shop.jsonl
              sendonce export --from 4000 --through 5000 --redact --keep data.status \
            --output-file bundle.jsonl

            With --redact the file can leave the house: texts of payloads, ids, subjects and sources, \
            people's names and every address are pseudonyms made with a key that nobody keeps. Names of \
            members, rules and event types, numbers, times and template texts stay; schema/export.md says \
            what that tells a reader.
            """)

    @Option(name: .long, help: "The first position.")
    var from: Int64 = 1

    @Option(name: .long, help: "The last position (default: the last one of the log).")
    var through: Int64?

    @Flag(name: .long, help: "Replace values by pseudonyms: equal ones stay equal within the file.")
    var redact = false

    @Flag(name: .long, help: "With --redact: numbers too.")
    var redactNumbers = false

    @Option(
        name: .long,
        help: "With --redact: a value that stays, such as data.status, subject, id or source; repeatable.")
    var keep: [String] = []

    @Option(name: .long, help: "A new file, readable for its owner only (default: standard output).")
    var outputFile: String?

    @OptionGroup var store: StoreOptions

    func validate() throws {
        if !redact, redactNumbers || !keep.isEmpty {
            throw ValidationError("--redact-numbers and --keep go with --redact")
        }
        _ = try kept()
    }

    private func kept() throws -> [Path] {
        try keep.map { text in
            guard let path = PathText.path(text), path.root != .recipient, path.root != .type else {
                throw ValidationError(
                    "--keep \(Printer.visible(text)): a path into an event is expected, such as data.status, "
                        + "data.items.sku, id, subject or source")
            }
            return path
        }
    }

    func run() async throws {
        let source = try await store.open()
        let redaction =
            redact ? Redaction(key: Self.key(), kept: try kept(), redactsNumbers: redactNumbers) : nil
        let output = try ExportOutput(path: outputFile)
        let progress = ProgressLine()
        let report: ExportReport
        do {
            report = try Export(from: source).run(
                from: from, through: through, redaction: redaction, now: source.now(),
                write: { lines throws(BundleError) in try output.write(lines) },
                progress: { progress.show("position \($0)") })
            try output.close()
        } catch {
            progress.clear()
            output.discard()
            throw error
        }
        progress.clear()
        report.lines(isRedacted: redact).forEach(Printer.message)
    }

    /// From the system's generator; it is not kept anywhere, so that nobody can try guesses against the file.
    private static func key() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<BundleLimits.keyBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}

/// Where the lines go. A file that is not whole is removed again; one that is there is never written over.
private final class ExportOutput {
    private let path: String?
    private let handle: FileHandle

    init(path: String?) throws {
        self.path = path
        guard let path else {
            handle = .standardOutput
            return
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandError(
                errno == EEXIST
                    ? "\(path): is there already, and an export writes over nothing; name a new file"
                    : "\(path): cannot be made: \(String(cString: strerror(errno)))")
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ lines: [UInt8]) throws(BundleError) {
        do {
            try handle.write(contentsOf: Data(lines))
        } catch {
            let words = (error as NSError).localizedFailureReason ?? error.localizedDescription
            throw .file(path: path ?? "standard output", words: "cannot be written: \(words)")
        }
    }

    /// Durable, so that whoever reads the next line of a script may rely on it.
    func close() throws {
        guard let path else { return }
        guard fsync(handle.fileDescriptor) == 0 else {
            throw CommandError("\(path): cannot be made durable: \(String(cString: strerror(errno)))")
        }
    }

    func discard() {
        if let path { unlink(path) }
    }
}

extension ExportReport {
    fileprivate func lines(isRedacted: Bool) -> [String] {
        var lines = [
            "exported \(Printer.count(events, "event"))"
                + (events > 0 ? " (positions \(from) to \(head.position))" : "") + " and "
                + Printer.count(ruleSets, "rule set")
        ]
        if let log { lines += ["log   \(log)", "head  \(head.link)"] }
        guard isRedacted else { return lines }
        lines.append(
            "redacted: these two links do not stand in the file; keep them in the house to know its log by")
        if wholePayloads > 0 {
            lines.append(
                Printer.count(wholePayloads, "payload") + " could not be read member by member: each stands "
                    + "there as one pseudonym, and rules refuse it as payload_invalid")
        }
        return lines
    }
}
