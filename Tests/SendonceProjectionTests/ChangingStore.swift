// A store on which somebody else acts just before an act of ours.
import SendonceCore
import SendonceSQLite
import SendonceStore

struct ChangingStore: ProjectionStore, PastReader {
    let store: SQLiteStore
    /// Runs before each act, outside its transaction.
    let before: @Sendable () throws -> Void

    init(store: SQLiteStore, before: @escaping @Sendable () throws -> Void) {
        self.store = store
        self.before = before
    }

    func act<Result>(
        _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        do { try before() } catch { throw .failed("\(error)") }
        return try store.act(body)
    }

    func project<Result>(
        _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try store.project(body)
    }

    func hasIntake() throws(StoreError) -> Bool { try store.hasIntake() }
    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        try store.ruleSetFiles(digest)
    }
    func activation() throws(StoreError) -> Activation? { try store.activation() }
    func scopes() throws(StoreError) -> [Text: Int64] { try store.scopes() }
    func lastScopes() throws(StoreError) -> [Text: Text] { try store.lastScopes() }
    func head() throws(StoreError) -> LogHead { try store.head() }
    func events(after position: Int64, through last: Int64, types: [Text], limit: Int, bytes: Int)
        throws(StoreError) -> [LoggedEvent]
    {
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

/// Another process' connections to the same file.
enum SecondStore {
    static func open(_ path: String) throws(StoreError) -> SQLiteStore { try SQLiteStore(path: path) }
}
