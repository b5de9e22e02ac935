// A store that fails at a chosen point of a projector transaction, as a full disk would.
import SendonceCore
import SendonceSQLite
import SendonceStore

struct FailingStore: ProjectionStore, RuleSetReader {
    enum Point: CaseIterable {
        case head, take, positions, winners, beforeWrite, afterWrite
    }

    static let error = StoreError.unavailable("no space left")

    let store: SQLiteStore
    let point: Point

    func project<Result>(
        _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try store.project { transaction throws(StoreError) in
            try body(FailingTransaction(transaction: transaction, point: point))
        }
    }

    func hasIntake() throws(StoreError) -> Bool { try store.hasIntake() }
    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        try store.ruleSetFiles(digest)
    }
    func activation() throws(StoreError) -> Activation? { try store.activation() }
    func scopes() throws(StoreError) -> [Text: Int64] { try store.scopes() }
    func lastScopes() throws(StoreError) -> [Text: Text] { try store.lastScopes() }
}

private struct FailingTransaction: ProjectionTransaction {
    let transaction: any ProjectionTransaction
    let point: FailingStore.Point

    private func pass(_ here: FailingStore.Point) throws(StoreError) {
        if here == point { throw FailingStore.error }
    }

    func head() throws(StoreError) -> LogHead {
        try pass(.head)
        return try transaction.head()
    }

    func activation() throws(StoreError) -> Activation? { try transaction.activation() }

    func take(events: Int, bytes: Int) throws(StoreError) -> [IntakeEvent] {
        try pass(.take)
        return try transaction.take(events: events, bytes: bytes)
    }

    func positions(of names: [EventName]) throws(StoreError) -> [EventName: Int64] {
        try pass(.positions)
        return try transaction.positions(of: names)
    }

    func winners(_ questions: [LedgerQuestion]) throws(StoreError) -> [LedgerQuestion: [Winner]] {
        try pass(.winners)
        return try transaction.winners(questions)
    }

    func write(_ batch: ProjectedBatch) throws(StoreError) {
        try pass(.beforeWrite)
        try transaction.write(batch)
        try pass(.afterWrite)
    }

    func write(
        _ activation: Activation, event: LoggedEvent, decision: Decision, files: [RuleSetFile]
    ) throws(StoreError) {
        try transaction.write(activation, event: event, decision: decision, files: files)
    }
}
