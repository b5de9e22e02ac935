// A store of which somebody else makes use between two looks at it.
import SendonceCore
import SendonceStore
import Synchronization

/// Does `meanwhile` once, right after the home of the log was looked up here for the first time.
final class CrowdedStore: FenceKeeper {
    private let store: any FenceKeeper
    private let meanwhile: @Sendable () throws(StoreError) -> Void
    private let isDone = Mutex(false)

    init(_ store: any FenceKeeper, meanwhile: @escaping @Sendable () throws(StoreError) -> Void) {
        self.store = store
        self.meanwhile = meanwhile
    }

    func homeRecord() throws(StoreError) -> HomeRecord? {
        let record = try store.homeRecord()
        let isFirst = isDone.withLock { isDone in
            defer { isDone = true }
            return !isDone
        }
        if isFirst { try meanwhile() }
        return record
    }

    func identity() throws(StoreError) -> DatabaseIdentity { try store.identity() }
    func logEnds() throws(StoreError) -> LogEnds? { try store.logEnds() }
    func missing(of sighting: Sighting) throws(StoreError) -> Missing? { try store.missing(of: sighting) }
    func bind(_ record: HomeRecord) throws(StoreError) { try store.bind(record) }
    func fence(_ record: HomeRecord, now: Timestamp) throws(StoreError) { try store.fence(record, now: now) }

    func lift(_ record: HomeRecord, _ order: ActOrder, confirmed: Int64) throws(StoreError) -> ActResult {
        try store.lift(record, order, confirmed: confirmed)
    }

    func watch(_ expected: Expectation) throws(StoreError) { try store.watch(expected) }

    func saw(_ claim: ClaimMark) { store.saw(claim) }
    func sighting() -> Sighting? { store.sighting() }
    func authority() throws(StoreError) -> AuthorityRecord? { try store.authority() }
    func now() throws(StoreError) -> Timestamp { try store.now() }
}
