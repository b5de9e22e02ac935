// A log as replay sees it, with a watch beside it.
import SendonceClock
import SendonceCore
import SendonceStore
import Synchronization

/// Every method is one transaction of the log that it stands before: the longest one is how long a part of
/// the WAL, or of what vacuum takes away, was held back.
final class TimedReader: RecordReader {
    private let log: any RecordReader
    private let nanoseconds = Mutex<UInt64>(0)
    private let others: [TimedReader]

    init(_ log: any RecordReader) {
        self.log = log
        others = log.beside.map { TimedReader($0) }
    }

    var beside: [any RecordReader] { others }

    /// Of this one and those beside it.
    var longestMilliseconds: Double {
        others.reduce(nanoseconds.withLock { Double($0) / 1e6 }) { max($0, $1.longestMilliseconds) }
    }

    private func timed<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        let start = Monotonic.now()
        defer {
            let passed = Monotonic.now() - start
            nanoseconds.withLock { $0 = max($0, passed) }
        }
        return try body()
    }

    var pageEvents: Int { log.pageEvents }

    func head() throws(StoreError) -> LogHead {
        try timed { () throws(StoreError) in try log.head() }
    }

    func activations() throws(StoreError) -> [Activation] {
        try timed { () throws(StoreError) in try log.activations() }
    }

    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        try timed { () throws(StoreError) in try log.ruleSetFiles(digest) }
    }

    func events(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent] {
        try timed { () throws(StoreError) in try log.events(after: position, limit: limit, bytes: bytes) }
    }

    func read(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        try timed { () throws(StoreError) in try log.read(request, into: page) }
    }

    func readCommands(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        try timed { () throws(StoreError) in try log.readCommands(request, into: page) }
    }

    func extent() throws(StoreError) -> LogExtent {
        try timed { () throws(StoreError) in try log.extent() }
    }

    func emitted(_ positions: ClosedRange<Int64>) throws(StoreError) -> Int64 {
        try timed { () throws(StoreError) in try log.emitted(positions) }
    }

    func names(after place: NamePlace?, through position: Int64, limit: Int, into rows: RowBuffer)
        throws(StoreError)
    {
        try timed { () throws(StoreError) in
            try log.names(after: place, through: position, limit: limit, into: rows)
        }
    }

    func ledger(after key: LedgerPlace?, limit: Int, into rows: RowBuffer) throws(StoreError) {
        try timed { () throws(StoreError) in try log.ledger(after: key, limit: limit, into: rows) }
    }

    func deliveries(_ numbers: ClosedRange<Int64>, into page: DeliveryPage) throws(StoreError) {
        try timed { () throws(StoreError) in try log.deliveries(numbers, into: page) }
    }
}
