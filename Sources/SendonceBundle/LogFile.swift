// A log in a file, as `sendonce export` wrote it: read like the log of a store, and never written.
package import SendonceCore
package import SendonceStore
import Synchronization

/// An exported file that was read through once and found whole.
///
/// Guarantee: lines have the right form, positions have no hole, every activation's rule set is there and has
/// the digest that names it, and, unless the file is redacted, every link was recomputed. Memory holds one
/// page, one line, one rule set, the activations, and 32 bytes for each `BundleLimits.indexPositions` events;
/// never the file.
///
/// Not guaranteed: that the file is the log's. Who writes a file can make a chain of its own: compare `head`
/// with one that was kept elsewhere. A file that somebody changes while it is open is noticed only where its
/// lines or positions no longer fit.
package final class LogFile: LogReader {
    package let header: BundleHeader
    /// The first position that a store cannot hold which holds only UTF-8 without NUL.
    package let firstUnplainPosition: Int64?
    let file: ByteFile
    private let contents: LogFileContents
    private let lastRead: Mutex<LogFileContents.Mark?>

    /// Reads the file from one end to the other.
    ///
    /// Errors: `.file` and `.line`, each with what is wrong and what to do.
    package init(path: String) throws(BundleError) {
        file = try ByteFile(path: path)
        contents = try LogFileContents.reading(file)
        header = contents.header
        firstUnplainPosition = contents.firstUnplainPosition
        lastRead = Mutex(nil)
    }

    package var path: String { file.path }
    /// Pseudonyms stand for values, so no link can be recomputed.
    package var isRedacted: Bool { header.isRedacted }
    /// Digests of the rule sets in the file, in the order of their bytes.
    package var ruleSets: [Digest] {
        contents.ruleSets.keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    package func head() throws(StoreError) -> LogHead {
        LogHead(position: header.through, link: header.link)
    }

    /// Of the log, also where the file does not begin with its first event.
    package func name() throws(StoreError) -> LogName? { header.log }

    /// In a file that begins later than its log: also the one that was in force then, with its own position.
    package func activations() throws(StoreError) -> [Activation] { contents.activations }

    package func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        guard let marks = contents.ruleSets[digest] else { return nil }
        do throws(BundleError) {
            var files: [RuleSetFile] = []
            for mark in marks {
                var cursor = LineCursor(file, at: mark.offset, after: mark.line)
                let reader = LineReader()
                let line = try cursor.next { line throws(LineMistake) in try reader.read(line) }
                guard case .ruleSetFile(digest, let file)? = line else { throw changed() }
                files.append(file)
            }
            return files
        } catch {
            throw error.asStoreError
        }
    }

    package func events(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent] {
        let first = max(position, header.from - 1) + 1
        guard first <= header.through, limit > 0 else { return [] }
        do throws(BundleError) {
            return try events(from: first, limit: limit, bytes: bytes)
        } catch {
            throw error.asStoreError
        }
    }

    private func events(from first: Int64, limit: Int, bytes: Int) throws(BundleError) -> [LoggedEvent] {
        let last = lastRead.withLock { $0 }
        let start =
            last?.position == first ? last ?? contents.mark(before: first) : contents.mark(before: first)
        var cursor = LineCursor(file, at: start.offset, after: start.line)
        let reader = LineReader()
        var (events, size, expected): ([LoggedEvent], Int, Int64) = ([], 0, start.position)
        while events.count < limit, expected <= header.through {
            let mark = LogFileContents.Mark(position: expected, offset: cursor.offset, line: cursor.line)
            let line = try cursor.next { line throws(LineMistake) in try reader.read(line) }
            guard let line else { throw changed() }
            guard case .event(let event) = line, event.position >= header.from else { continue }
            guard event.position == expected else { throw changed() }
            expected += 1
            guard event.position >= first else { continue }
            size += event.event.payload.count
            if size > bytes, !events.isEmpty {
                lastRead.withLock { $0 = mark }
                return events
            }
            events.append(event)
        }
        let next = LogFileContents.Mark(position: expected, offset: cursor.offset, line: cursor.line)
        lastRead.withLock { $0 = next }
        return events
    }

    private func changed() -> BundleError {
        .file(path: file.path, words: "the file was changed while it was read: start again")
    }
}
