// Where the log is in force. One process writes at a time, so what a transaction reads here stays true until
// it ends.
import SendonceCore
package import SendonceStore

extension SQLiteStore: AuthorityReader {
    package func authority() throws(StoreError) -> AuthorityRecord? {
        try reader.use { (session: Session) throws(StoreError) in try session.authority() }
    }
}

extension Session {
    func authority() throws(StoreError) -> AuthorityRecord? {
        try first(
            "SELECT \(AuthorityRecord.columns) FROM outbox_authority ORDER BY number DESC LIMIT 1"
        ) { (row: Statement) throws(StoreError) in
            try AuthorityRecord(row)
        }
    }

    /// Lets nobody project or claim who is not where the log is in force. Within the transaction. Returns the
    /// home, if one is recorded.
    @discardableResult
    func checkAuthority() throws(StoreError) -> HomeRecord? {
        if let refusal = try authority()?.refusal { throw .fenced(refusal) }
        return try checkHome()
    }

    /// Outcomes are recorded wherever their attempts are: also where the log moved away from, never in a
    /// copy, whose attempts were not made from it.
    func checkSettling() throws(StoreError) {
        guard let record = try authority(), let refusal = record.refusal else { return }
        if record.state != .moved { throw .fenced(refusal) }
    }

    func append(_ record: AuthorityRecord) throws(StoreError) {
        try run(
            """
            INSERT INTO outbox_authority (number, state, transfer, place, actor, reason, digest, recorded_at)
            SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM outbox_authority
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
}
