// A log whose file or server is lost on the way, or that goes on while it is read.
import SendonceCore
import SendonceStore
import Synchronization

/// Reads up to a position, and no page behind it; says at first that it ends where it did earlier; lets
/// something happen when a verification has just seen where it ends.
final class BreakingLog: RecordReader {
    private let log: any RecordReader
    private let position: Int64
    private let earlier: LogExtent?
    private let meanwhile: @Sendable () -> Void
    private let isAsked = Mutex(false)
    let beside: [any RecordReader]

    var pageEvents: Int { log.pageEvents }

    init(
        _ log: any RecordReader, at position: Int64 = .max, extent: LogExtent? = nil,
        meanwhile: @escaping @Sendable () -> Void = {}
    ) {
        self.log = log
        self.position = position
        earlier = extent
        self.meanwhile = meanwhile
        beside = log.beside.map { BreakingLog($0, at: position) }
    }

    func read(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        guard request.after < position else { throw .unavailable("broken at \(position)") }
        try log.read(request, into: page)
    }

    func readCommands(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        try log.readCommands(request, into: page)
    }

    func extent() throws(StoreError) -> LogExtent {
        let isFirst = isAsked.withLock { isAsked in
            defer { isAsked = true }
            return !isAsked
        }
        let extent = try log.extent()
        guard isFirst else { return extent }
        meanwhile()
        return earlier ?? extent
    }

    func emitted(_ positions: ClosedRange<Int64>) throws(StoreError) -> Int64 { try log.emitted(positions) }

    func names(
        after place: NamePlace?, through position: Int64, limit: Int, into rows: RowBuffer
    ) throws(StoreError) {
        try log.names(after: place, through: position, limit: limit, into: rows)
    }

    func ledger(after key: LedgerPlace?, limit: Int, into rows: RowBuffer) throws(StoreError) {
        try log.ledger(after: key, limit: limit, into: rows)
    }

    func deliveries(_ numbers: ClosedRange<Int64>, into page: DeliveryPage) throws(StoreError) {
        try log.deliveries(numbers, into: page)
    }

    func head() throws(StoreError) -> LogHead { try log.head() }
    func activations() throws(StoreError) -> [Activation] { try log.activations() }

    func events(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent] {
        try log.events(after: position, limit: limit, bytes: bytes)
    }

    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        try log.ruleSetFiles(digest)
    }
}
