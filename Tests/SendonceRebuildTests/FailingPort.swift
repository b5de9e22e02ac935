// The target of a rebuild, which fails at a chosen step as if the process had been killed there.
import SendonceCore
import SendonceStore
import Synchronization

/// Counts what changes something.
final class Steps: Sendable {
    static let failure = StoreError.unavailable("killed here")

    private let failing: Int
    private let count = Mutex(0)

    init(failing: Int) {
        self.failing = failing
    }

    func take<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        let number = count.withLock { count in
            count += 1
            return count
        }
        if number == failing { throw Self.failure }
        return try body()
    }
}

struct FailingTarget: RebuildTarget {
    let store: AnyStore
    let steps: Steps

    func rebuild<Result>(
        _ transfer: Text, _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try steps.take { () throws(StoreError) in try store.rebuild(transfer, body) }
    }
    func begin(_ record: AuthorityRecord) throws(StoreError) {
        try steps.take { () throws(StoreError) in try store.begin(record) }
    }
    func write(_ page: TransferPage, transfer: Text) throws(StoreError) {
        try steps.take { () throws(StoreError) in try store.write(page, transfer: transfer) }
    }
    func arrive(_ events: [IntakeEvent], transfer: Text) throws(StoreError) -> Int {
        try steps.take { () throws(StoreError) in try store.arrive(events, transfer: transfer) }
    }
    func continueNumbers(after intakeNumber: Int64) throws(StoreError) {
        try steps.take { () throws(StoreError) in try store.continueNumbers(after: intakeNumber) }
    }
    func record(_ record: AuthorityRecord) throws(StoreError) {
        try steps.take { () throws(StoreError) in try store.record(record) }
    }
    func arrived(
        with transfer: Text, after number: Int64, limit: Int, bytes: Int
    ) throws(StoreError) -> [IntakeEvent] {
        try store.arrived(with: transfer, after: number, limit: limit, bytes: bytes)
    }

    var keepsEveryText: Bool { store.keepsEveryText }
    func place() throws(StoreError) -> Text { try store.place() }
    func authority() throws(StoreError) -> AuthorityRecord? { try store.authority() }
    func count(of table: TransferTable) throws(StoreError) -> Int64 { try store.count(of: table) }
    func intakeCount() throws(StoreError) -> Int64 { try store.intakeCount() }
    func rows(
        of table: TransferTable, after key: TransferRow?, limit: Int, bytes: Int
    ) throws(StoreError) -> [TransferRow] {
        // Few at a time, so that a small log has many pages.
        try store.rows(of: table, after: key, limit: min(limit, 20), bytes: bytes)
    }

    func head() throws(StoreError) -> LogHead { try store.head() }
    func activation() throws(StoreError) -> Activation? { try store.activation() }
    func scopes() throws(StoreError) -> [Text: Int64] { try store.scopes() }
    func lastScopes() throws(StoreError) -> [Text: Text] { try store.lastScopes() }
    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        try store.ruleSetFiles(digest)
    }
    func events(
        after position: Int64, through last: Int64, types: [Text], limit: Int, bytes: Int
    ) throws(StoreError) -> [LoggedEvent] {
        try store.events(after: position, through: last, types: types, limit: limit, bytes: bytes)
    }
    func positions(of names: [EventName]) throws(StoreError) -> [EventName: Int64] {
        try store.positions(of: names)
    }
    func winners(_ questions: [LedgerQuestion]) throws(StoreError) -> [LedgerQuestion: [Winner]] {
        try store.winners(questions)
    }
    func latestEvent(type: Text, subject: Text) throws(StoreError) -> LoggedEvent? {
        try store.latestEvent(type: type, subject: subject)
    }
}
