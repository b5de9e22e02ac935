// Reads the log's pages, and makes its chain again, on a thread of its own while earlier pages are decided.
import Dispatch
import SendonceCore
import SendonceStore
import Synchronization

/// A page with what the reading thread knows of it.
final class ReadPage: @unchecked Sendable {
    // Unchecked: it is handed from the reading thread to the deciding one and back.
    let rows = RecordPage()
    var request = RecordRequest(after: 0, through: 0, number: 0, events: 0, bytes: 0)
    /// The link that is recorded at the page's last position; nil where there is none.
    var link: Digest?
    /// Events up to the end of the page.
    var events: Int64 = 0
    /// Stands for no page: there is none left, or none could be read.
    var isEnd = false

    /// The number of the last command, as the rows say.
    var lastNumber: Int64 {
        guard !rows.commands.ends.isEmpty else { return request.number }
        var cursor = rows.commands.cursor(rows.commands.ends.count - 1)
        return cursor.integer()
    }
}

/// The pages of a range, one after the other. Belongs to one thread, which must call `end`.
final class PageReader: @unchecked Sendable {
    // Unchecked: `chain`, `findings` and `failure` are the reading thread's until `end` has waited for it, or
    // a page that is the end was handed over.
    private let log: any RecordReader
    private let range: PositionRange
    private let countsEmitted: Bool
    private let pages = (0..<VerificationLimits.pagesAhead).map { _ in ReadPage() }
    private let thread = DispatchQueue(label: "sendonce.page-reader", qos: .userInitiated)
    private let done = DispatchGroup()
    private let filled = DispatchSemaphore(value: 0)
    private let free = DispatchSemaphore(value: VerificationLimits.pagesAhead)
    private let isCancelled = Mutex(false)

    private var chain: ChainCheck
    private var findings = Findings()
    private var failure: StoreError?
    /// Pages that the deciding thread took.
    private var taken = 0

    /// `countsEmitted`: as in `RecordRequest`.
    init(
        _ log: any RecordReader, _ range: PositionRange, after number: Int64, _ chain: ChainCheck,
        countsEmitted: Bool
    ) {
        self.countsEmitted = countsEmitted
        self.log = log
        self.range = range
        self.chain = chain
        thread.async(group: done) { self.read(after: number) }
    }

    private func read(after number: Int64) {
        // A log is read from the very first row, also what stands where nothing may stand.
        var (after, number) = (range.from == 1 ? Int64.min : range.from - 1, number)
        let step = Int64(log.pageEvents)
        for turn in 0... {
            free.wait()
            let page = pages[turn % pages.count]
            page.isEnd = max(after, 0) >= range.to || failure != nil || isCancelled.withLock { $0 }
            if !page.isEnd {
                page.request = RecordRequest(
                    after: after, through: range.to, number: number, events: Int(step - max(after, 0) % step),
                    bytes: VerificationLimits.pageBytes)
                page.request.countsEmitted = countsEmitted
                fill(page)
                (after, number) = (page.rows.through, page.lastNumber)
            }
            filled.signal()
            if page.isEnd { return }
        }
    }

    private func fill(_ page: ReadPage) {
        do throws(StoreError) {
            try log.read(page.request, into: page.rows)
        } catch {
            failure = error
            page.isEnd = true
            return
        }
        chain.check(page.rows, &findings)
        page.link = chain.recorded
        page.events = chain.events
    }

    /// The next page, which stays as it is until the next call; nil behind the last one.
    func next() throws(StoreError) -> ReadPage? {
        if taken > 0 { free.signal() }
        filled.wait()
        let page = pages[taken % pages.count]
        taken += 1
        guard page.isEnd else { return page }
        if let failure { throw failure }
        return nil
    }

    /// Waits until nothing is read any more; gives the chain as far as it was made, and what was found.
    func end() -> (chain: ChainCheck, findings: Findings) {
        isCancelled.withLock { $0 = true }
        for _ in pages { free.signal() }
        done.wait()
        return (chain, findings)
    }
}
