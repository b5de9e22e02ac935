// A log whose file or server is lost on the way, or that goes on while it is read.
import SendonceCore
import SendonceStore

/// Reads up to a position, and no page behind it; says that its head is where it was earlier.
struct BreakingLog: RecordReader {
    private let log: any RecordReader
    private let position: Int64
    private let earlier: LogHead?
    let beside: [any RecordReader]

    var pageEvents: Int { log.pageEvents }

    init(_ log: any RecordReader, at position: Int64 = .max, head: LogHead? = nil) {
        self.log = log
        self.position = position
        earlier = head
        beside = log.beside.map { BreakingLog($0, at: position) }
    }

    func read(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        guard request.after < position else { throw .unavailable("broken at \(position)") }
        try log.read(request, into: page)
    }

    func readCommands(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        try log.readCommands(request, into: page)
    }

    func commandCount() throws(StoreError) -> Int64 { try log.commandCount() }

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

    func head() throws(StoreError) -> LogHead { if let earlier { earlier } else { try log.head() } }
    func activations() throws(StoreError) -> [Activation] { try log.activations() }

    func events(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent] {
        try log.events(after: position, limit: limit, bytes: bytes)
    }

    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        try log.ruleSetFiles(digest)
    }
}
