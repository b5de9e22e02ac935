// The port of verification: the log and everything that was concluded from it, as rows in canonical form,
// page by page. Each page is one short read transaction of its own, so that a reader never holds back a
// checkpoint or a vacuum; rows that are appended meanwhile lie behind the head that was taken at the
// beginning.

package import SendonceCore

/// The right to read what was recorded. Whoever holds only this can neither write nor send.
package protocol RecordReader: LogReader {
    /// Others of its kind on the same log, each with a connection of its own, so that several threads can
    /// read at once. They were opened with this one: behind the barriers nothing can be opened any more.
    var beside: [any RecordReader] { get }

    /// Positions to one page of this store, a power of 2 from 512 to 4,096: digests are made of blocks of
    /// 4,096 positions, and a block ends with a page.
    var pageEvents: Int { get }

    /// Fills the page with the events behind `request.after` and with what was decided for them.
    func read(_ request: RecordRequest, into page: RecordPage) throws(StoreError)

    /// Fills the page's commands: those with a number above `request.number` up to the first one whose
    /// position lies behind the page, but no more than were emitted in the page: a backfill emits commands of
    /// earlier positions.
    func readCommands(_ request: RecordRequest, into page: RecordPage) throws(StoreError)

    /// How far the log goes, in one state of the database.
    func extent() throws(StoreError) -> LogExtent

    /// How many decisions of these positions emitted a command.
    func emitted(_ positions: ClosedRange<Int64>) throws(StoreError) -> Int64

    /// Adds the names that producers gave to events up to a position, ordered by id, source and position,
    /// from behind `place` (nil: from the first): rows of `NameRow`. Nothing added: there are no more.
    func names(after place: NamePlace?, through position: Int64, limit: Int, into rows: RowBuffer)
        throws(StoreError)

    /// Adds the ledger's rows from behind a key (nil: from the first), ordered by key, digest, slot and
    /// generation, whatever their position: rows of `LedgerRow`. Nothing added: there are no more.
    func ledger(after key: LedgerPlace?, limit: Int, into rows: RowBuffer) throws(StoreError)

    /// Fills the page with what was recorded about the delivery of the commands with these numbers.
    func deliveries(_ numbers: ClosedRange<Int64>, into page: DeliveryPage) throws(StoreError)
}

/// How far a log goes. A command's number says when it was decided, and its position which event it is
/// about: a backfill emits commands of positions that were decided long before.
package struct LogExtent: Hashable, Sendable {
    package var head: LogHead
    /// The number of the last command that was decided up to the head; 0: there is none.
    package var number: Int64

    package init(head: LogHead, number: Int64) {
        self.head = head
        self.number = number
    }
}

/// What to read at once.
package struct RecordRequest: Hashable, Sendable {
    /// `Int64.min` takes in also what stands where nothing may stand, at positions below 1.
    package var after: Int64
    /// The last position that is wanted.
    package var through: Int64
    /// The highest number of the commands that were read before.
    package var number: Int64
    /// Positions in the page.
    package var events: Int
    /// Payload bytes in the page; one event may exceed them.
    package var bytes: Int
    /// How many commands behind the page to pass over in search of others that belong to it, however many
    /// were emitted there. With 0 the commands are taken to stand in the order of their positions, as the
    /// projector writes them.
    package var lookahead = 0
    /// Whether no more commands are wanted than were emitted in the page.
    package var countsEmitted = true
    /// The highest number that is wanted: what has a higher one is decided later, wherever its event stands.
    package var lastNumber = Int64.max
    /// No more commands than these.
    package var mostCommands = Int.max

    package init(after: Int64, through: Int64, number: Int64, events: Int, bytes: Int, lookahead: Int = 0) {
        self.after = after
        self.through = through
        self.number = number
        self.events = events
        self.bytes = bytes
        self.lookahead = lookahead
    }

    /// The last position of the page, if no payload is large.
    package var end: Int64 {
        let (end, overflow) = max(after, 0).addingReportingOverflow(Int64(events))
        return overflow ? through : min(end, through)
    }

    /// No more commands than these are wanted of the page.
    package func mostCommands(in page: RecordPage) -> Int {
        countsEmitted && lookahead == 0 ? min(page.emitted, mostCommands) : mostCommands
    }
}

/// Rows of consecutive positions.
package final class RecordPage: @unchecked Sendable {
    // Unchecked: it is handed from one thread to another and used by one at a time.
    /// The position that the page reaches to; a position at or below it that has no event is a hole.
    package var through: Int64 = 0
    /// `EventRow`, by position.
    package let events = RowBuffer(capacity: 1 << 18)
    /// `DecisionRow`, by position, rule and item.
    package let decisions = RowBuffer(capacity: 1 << 17)
    /// How many of them say that a command was emitted.
    package var emitted = 0
    /// `CommandRow`, by number; empty until they are read by themselves.
    package let commands = RowBuffer(capacity: 1 << 17)

    package init() {}

    package func removeAll() {
        emitted = 0
        events.removeAll()
        decisions.removeAll()
        commands.removeAll()
    }

    package var footprint: Int { events.footprint + decisions.footprint + commands.footprint }
}

/// Rows about the delivery of commands, each by command and attempt.
package final class DeliveryPage: @unchecked Sendable {
    // Unchecked: as `RecordPage`.
    /// The number of each command that is queued.
    package let queued = RowBuffer()
    /// Number, attempt, token, start.
    package let attempts = RowBuffer()
    /// Number, attempt, end.
    package let outcomes = RowBuffer()
    /// Number, time, 1 if it was accepted.
    package let finishes = RowBuffer()

    package init() {}

    package func removeAll() {
        for rows in [queued, attempts, outcomes, finishes] { rows.removeAll() }
    }
}

/// Where a reading of names goes on.
package struct NamePlace: Hashable, Sendable {
    package var id: [UInt8]
    package var source: [UInt8]
    package var position: Int64

    package init(id: [UInt8], source: [UInt8], position: Int64) {
        self.id = id
        self.source = source
        self.position = position
    }
}

/// Where a reading of the ledger goes on.
package struct LedgerPlace: Hashable, Sendable {
    package var key: [UInt8]
    package var digest: [UInt8]
    package var slot: [UInt8]
    package var generation: Int64

    package init(key: [UInt8], digest: [UInt8], slot: [UInt8], generation: Int64) {
        self.key = key
        self.digest = digest
        self.slot = slot
        self.generation = generation
    }
}
