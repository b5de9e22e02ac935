// Reads the log's pages on threads of its own, as many as the log has connections for, and does there for
// each page what can be done without knowing the pages before it. The pages are given out in their order.
import Dispatch
import SendonceCore
import SendonceStore
import Synchronization

/// A page with what its reading thread made of it.
final class ReadPage: @unchecked Sendable {
    // Unchecked: it is handed from the reading thread to the deciding one and back.
    let rows = RecordPage()
    let drafts = Drafts()
    var request = RecordRequest(after: 0, through: 0, number: 0, events: 0, bytes: 0)
    /// Whether each link but the first follows from the recorded one before it, and no position is missing.
    var isChained = false
    /// Whether the page goes up to where its turn ends.
    var endsTurn = true
    /// Why there is no page here.
    var failure: StoreError?
}

/// The pages of a range, one after the other. Belongs to one thread, which must call `end`.
///
/// A turn is the positions of one page, or of several where payloads are large. Each reading thread takes the
/// next turn; the turn's place is free again when its last page was given out.
final class PageReader: Sendable {
    /// Where the pages of a turn are handed over.
    private final class Place: @unchecked Sendable {
        // Unchecked: `page` is handed over by the semaphores.
        let page = ReadPage()
        let free = DispatchSemaphore(value: 0)
        let filled = DispatchSemaphore(value: 0)
        /// Signalled when it is known which numbers the turn's commands have.
        let known = DispatchSemaphore(value: 0)
    }

    /// What the threads share.
    private struct Progress {
        var nextTurn = 0
        var isCancelled = false
        /// Commands that were emitted in a turn, where that is known and not yet so for all turns before it.
        var emitted: [Int: Int64] = [:]
        /// The first turn of which it is not known, and the number of the last command before it.
        var counted = 0
        var number: Int64
        /// The same for turns before it that have not asked yet.
        var numbers: [Int: Int64] = [:]
    }

    private let range: PositionRange
    private let countsEmitted: Bool
    /// Positions of a turn.
    private let step: Int64
    private let turns: Int
    private let places: [Place]
    private let progress: Mutex<Progress>
    private let done = DispatchGroup()
    /// Turn of the page that was given out last, and whether it was its turn's last one.
    private let given = Mutex((turn: -1, endsTurn: true))

    /// `countsEmitted`: as in `RecordRequest`.
    init(
        _ log: any RecordReader, _ range: PositionRange, _ planned: PlannedRules, countsEmitted: Bool
    ) {
        self.range = range
        self.countsEmitted = countsEmitted
        step = Int64(log.pageEvents)
        // Pages end at multiples of their size, wherever the range begins.
        let first = (range.from - 1) / step
        turns = range.to < range.from ? 0 : Int((range.to - 1) / step - first) + 1
        let logs = log.beside.isEmpty ? [log] : log.beside
        places = (0..<logs.count + VerificationLimits.pagesAhead).map { _ in Place() }
        progress = Mutex(Progress(number: range.numberBefore, numbers: [0: range.numberBefore]))
        for place in places { place.free.signal() }
        places[0].known.signal()
        for log in logs {
            let thread = DispatchQueue(label: "sendonce.page-reader", qos: .userInitiated)
            thread.async(group: done) { self.read(log, planned) }
        }
    }

    /// Waits until nothing is read any more.
    func end() {
        progress.withLock { $0.isCancelled = true }
        for place in places { place.free.signal() }
        done.wait()
    }

    /// The next page, which stays as it is until the next call; nil behind the last one.
    func next() throws(StoreError) -> ReadPage? {
        var (turn, endsTurn) = given.withLock { $0 }
        if turn >= 0 { places[turn % places.count].free.signal() }
        if endsTurn { turn += 1 }
        guard turn < turns else { return nil }
        let place = places[turn % places.count]
        place.filled.wait()
        endsTurn = place.page.endsTurn
        given.withLock { $0 = (turn, endsTurn) }
        if let failure = place.page.failure { throw failure }
        return place.page
    }

    // MARK: Reading threads

    private func read(_ log: any RecordReader, _ planned: PlannedRules) {
        var drafter = PlannedDrafter(planned, log)
        while let turn = takeTurn() {
            guard read(turn, log, &drafter) else { return }
        }
    }

    private func takeTurn() -> Int? {
        progress.withLock { progress in
            guard !progress.isCancelled, progress.nextTurn < turns else { return nil }
            defer { progress.nextTurn += 1 }
            return progress.nextTurn
        }
    }

    /// False where reading is over.
    private func read(_ turn: Int, _ log: any RecordReader, _ drafter: inout PlannedDrafter) -> Bool {
        let place = places[turn % places.count]
        let start = ((range.from - 1) / step + Int64(turn)) * step
        // A log is read from the very first row, also what stands where nothing may stand.
        var after = turn > 0 ? start : range.from == 1 ? Int64.min : range.from - 1
        let end = min(start + step, range.to)
        var number: Int64?
        var emitted: Int64 = 0
        while true {
            place.free.wait()
            guard !progress.withLock({ $0.isCancelled }) else {
                note(emitted, in: turn)
                return false
            }
            let page = place.page
            page.request = RecordRequest(
                after: after, through: end, number: 0, events: Int(step),
                bytes: VerificationLimits.pageBytes)
            page.request.countsEmitted = countsEmitted
            page.request.lastNumber = range.lastNumber
            var failure: StoreError?
            do throws(StoreError) {
                try log.read(page.request, into: page.rows)
                let emittedHere = Int64(page.rows.emitted)
                emitted += emittedHere
                page.endsTurn = page.rows.through >= end
                if page.endsTurn { note(emitted, in: turn) }
                page.isChained = ChainCheck.isChained(page.rows, after: max(after, 0))
                drafter.draft(page.rows, after: max(after, 0), into: page.drafts)
                let before = number ?? firstNumber(of: turn)
                page.request.number = before
                try log.readCommands(page.request, into: page.rows)
                number = before + emittedHere
            } catch {
                failure = error
                note(emitted, in: turn)
            }
            page.failure = failure
            let endsTurn = page.endsTurn
            after = page.rows.through
            place.filled.signal()
            if failure != nil { return false }
            if endsTurn { return true }
        }
    }

    /// The number of the last command before a turn: waits for those who read the turns before it.
    private func firstNumber(of turn: Int) -> Int64 {
        places[turn % places.count].known.wait()
        return progress.withLock { $0.numbers.removeValue(forKey: turn) ?? $0.number }
    }

    /// Says how many commands were emitted in a turn: then later ones know the numbers of theirs.
    private func note(_ emitted: Int64, in turn: Int) {
        progress.withLock { progress in
            guard turn >= progress.counted, progress.emitted[turn] == nil else { return }
            progress.emitted[turn] = emitted
            while let emitted = progress.emitted.removeValue(forKey: progress.counted) {
                progress.number += emitted
                progress.counted += 1
                guard progress.counted < turns else { return }
                progress.numbers[progress.counted] = progress.number
                places[progress.counted % places.count].known.signal()
            }
        }
    }
}
