// How moving a log ends without its end.
package import SendonceCore
package import SendonceStore

package enum TransferError: Error, Sendable {
    case store(StoreError)
    /// The two databases do not stand so that this may be done. Nothing was changed; the words say what may.
    case refused(String)
    /// The copy is not what the source is. It cannot be confirmed.
    case differs([TableComparison])

    package var description: String {
        switch self {
        case .store(let error): error.description
        case .refused(let words): words
        case .differs(let tables):
            "the copy differs from its source in "
                + tables.map { "\($0.name) (\($0.source.rows) rows there, \($0.copy.rows) here)" }
                .joined(separator: ", ")
                + ": nothing is confirmed; run the same command again, and if it still differs, take the log "
                + "back and start with a new database"
        }
    }

    /// Runs what a store does.
    package static func storing<Result>(_ body: () throws(StoreError) -> Result) throws(TransferError)
        -> Result
    {
        do throws(StoreError) { return try body() } catch { throw .store(error) }
    }
}

/// Who moves a log, why, and when.
package struct TransferAct: Sendable {
    package var actor: Text
    package var reason: Text
    package var now: Timestamp

    package init(actor: Text, reason: Text, now: Timestamp) {
        self.actor = actor
        self.reason = reason
        self.now = now
    }

    /// The same with something beside the reason that whoever reads it later must know.
    func saying(_ words: String?) -> TransferAct {
        guard let words else { return self }
        return TransferAct(actor: actor, reason: Text("\(reason); \(words)"), now: now)
    }

    package func record(
        _ state: AuthorityState, _ transfer: Text, place: Text, digest: Digest? = nil
    ) -> AuthorityRecord {
        AuthorityRecord(
            state: state, transfer: transfer, place: place, actor: actor, reason: reason, digest: digest,
            recordedAt: now)
    }
}
