// One projector at a time: a row says who, and until when by the database's clock. Authority is that row,
// locked and read inside every projector transaction; no session lock, which a paused process would believe
// it still has.
import SendonceCore
import SendonceStore

/// How one process asks for the right and gives it back. It remembers nothing: whether it has the right, the
/// row says, also where a take-over was committed and the answer got lost.
struct ProjectorLease: Sendable {
    /// No two processes have the same.
    let holder: Text

    /// Locks the row until the end of the transaction and makes sure that this process projects.
    ///
    /// Guarantee: of all projector transactions, of whatever process, one at a time goes on from here; one
    /// that lost its connection and is still open on the server is waited for.
    ///
    /// Errors: `.standby` while another process holds the lease.
    func enter(_ session: Session, for duration: Span) throws(StoreError) {
        let row = try session.first(Self.lockSQL) {
            (holder: $0.text(0), token: $0.integer(1), end: $0.time(2), now: $0.instant(3))
        }
        guard let row else { throw .damaged("outbox_projector has lost its row: run `sendonce migrate up`") }
        let isInForce = row.end > row.now
        if row.holder == holder, isInForce {
            // Written only now and then: versions of the row that no vacuum can remove would make a chain.
            let isYoung = row.end - row.now > Span(microseconds: duration.microseconds * 2 / 3)
            if !isYoung { try write(token: row.token, until: row.now + duration, session) }
            return
        }
        if isInForce { throw .standby(remaining: row.end - row.now) }
        try write(token: row.token + 1, until: row.now + duration, session)
    }

    /// Ends the lease, so that another process need not wait for its end. Does nothing if it is not ours.
    func resign(_ session: Session) throws(StoreError) {
        try session.run("UPDATE outbox_projector SET lease_end = 0 WHERE holder = $1") { $0.add(holder) }
    }

    private func write(token: Int64, until end: Timestamp, _ session: Session) throws(StoreError) {
        let changed = try session.run(
            "UPDATE outbox_projector SET holder = $1, token = $2, lease_end = $3"
        ) {
            $0.add(holder)
            $0.add(token)
            $0.add(end)
        }
        guard changed == 1 else { throw .damaged("outbox_projector does not have exactly one row") }
    }

    /// Lets no other projector transaction begin before this one has ended.
    static let lockSQL =
        "SELECT holder, token, lease_end, clock_timestamp() FROM outbox_projector FOR UPDATE"
}
