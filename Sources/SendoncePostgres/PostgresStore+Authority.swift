// Where the log is in force. Reading the table locks it against whoever changes it until the transaction
// ends, which costs nothing: no row is marked, and many read at once.
import SendonceCore
package import SendonceStore

extension PostgresStore: AuthorityReader {
    package func authority() throws(StoreError) -> AuthorityRecord? {
        try reader.use { (session: Session) throws(StoreError) in try session.authority() }
    }
}

extension Session {
    func authority() throws(StoreError) -> AuthorityRecord? {
        try first(
            "SELECT \(AuthorityRecord.columns) FROM outbox_authority ORDER BY number DESC LIMIT 1"
        ) { (row: Row) throws(StoreError) in
            try AuthorityRecord(row)
        }
    }

    /// Outcomes are recorded wherever their attempts are: also where the log moved away from, never in a
    /// copy, whose attempts were not made from it.
    func checkSettling() throws(StoreError) {
        guard let record = try authority(), let refusal = record.refusal else { return }
        if record.state != .moved { throw .fenced(refusal) }
    }

    func append(_ record: AuthorityRecord) throws(StoreError) {
        try lockAuthority(.againstReaders)
        try run(
            """
            INSERT INTO outbox_authority (number, state, transfer, place, actor, reason, digest, recorded_at)
            SELECT coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7 FROM outbox_authority
            """
        ) {
            $0.add(record.state.rawValue)
            $0.add(record.transfer)
            $0.add(record.place)
            $0.add(record.actor)
            $0.add(record.reason)
            $0.add(record.digest)
            $0.add(record.recordedAt)
        }
    }

    enum AuthorityLock: String {
        /// Waits until every claim and every projector transaction that saw the table has ended.
        case againstReaders = "ACCESS EXCLUSIVE"
        /// For who writes what depends on the newest row, one after the other.
        case againstWriters = "SHARE ROW EXCLUSIVE"
    }

    func lockAuthority(_ lock: AuthorityLock) throws(StoreError) {
        try run("LOCK TABLE outbox_authority IN \(lock.rawValue) MODE")
    }
}
