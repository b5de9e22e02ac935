// Both ports of a transfer, which fail at a chosen step as if the process had been killed there, or change
// what is written as a broken disk would.
import SendonceCore
import SendonceStore
import SendonceTransfer
import Synchronization

/// Counts what changes something on either side.
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

extension Move {
    /// The transfer, killed before a step, which is after the one before.
    func failing(at step: Int) -> Transfer {
        let steps = Steps(failing: step)
        return Transfer(
            from: FailingSource(store: source, steps: steps),
            to: FailingTarget(store: target, steps: steps, isChanging: false))
    }

    /// The transfer, with another byte in each page that is written.
    func changing() -> Transfer {
        Transfer(from: source, to: FailingTarget(store: target, steps: Steps(failing: 0), isChanging: true))
    }
}

struct FailingSource: TransferSource {
    let store: AnyStore
    let steps: Steps

    func seal(_ record: AuthorityRecord) throws(StoreError) {
        try steps.take { () throws(StoreError) in try store.seal(record) }
    }
    func takeBack(_ record: AuthorityRecord) throws(StoreError) {
        try steps.take { () throws(StoreError) in try store.takeBack(record) }
    }
    func remove(arrived numbers: [Int64], transfer: Text) throws(StoreError) {
        try steps.take { () throws(StoreError) in try store.remove(arrived: numbers, transfer: transfer) }
    }
    func openAttempts(now: Timestamp) throws(StoreError) -> OpenAttempts? { try store.openAttempts(now: now) }
    func waiting(after number: Int64, limit: Int, bytes: Int) throws(StoreError) -> [IntakeEvent] {
        try store.waiting(after: number, limit: limit, bytes: bytes)
    }
    func waiting(numbered: [Int64]) throws(StoreError) -> [IntakeEvent] {
        try store.waiting(numbered: numbered)
    }
    func lastIntakeNumber() throws(StoreError) -> Int64 { try store.lastIntakeNumber() }

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
}

struct FailingTarget: TransferTarget {
    let store: AnyStore
    let steps: Steps
    let isChanging: Bool

    func begin(_ record: AuthorityRecord) throws(StoreError) {
        try steps.take { () throws(StoreError) in try store.begin(record) }
    }
    func write(_ page: TransferPage, transfer: Text) throws(StoreError) {
        let written = isChanging ? page.withAnotherByte : page
        try steps.take { () throws(StoreError) in try store.write(written, transfer: transfer) }
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
        try store.rows(of: table, after: key, limit: limit, bytes: bytes)
    }
}

extension TransferPage {
    /// The same with one value changed that no CHECK and no other row depends on.
    fileprivate var withAnotherByte: TransferPage {
        let free = [
            "recorded_at", "occurred_at", "not_before", "started_at", "finished_at", "due_at", "at",
            "content",
            "scope", "recipient", "state",
        ]
        var changed = rows
        for (index, column) in table.columns.enumerated().reversed() where free.contains(column.name) {
            guard let row = changed.firstIndex(where: { $0[index] != .null }) else { continue }
            switch changed[row][index] {
            case .integer(let number): changed[row][index] = .integer(number + 1)
            // One of a few words, which a CHECK knows.
            case .text where column.name == "state": changed[row][index] = .text(Array("sending".utf8))
            case .text(let bytes): changed[row][index] = .text(bytes + [0x78])
            case .bytes(let bytes): changed[row][index] = .bytes(bytes + [0])
            case .null: continue
            }
            break
        }
        return TransferPage(table: table, after: after, rows: changed, isLast: isLast)
    }
}
