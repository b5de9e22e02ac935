// One projector at a time: a row says who, and until when by the database's clock. Authority is that row,
// locked and read inside every projector transaction; no session lock, which a paused process would believe
// it still has.
import SendonceCore
import SendonceStore

/// What this process believes about its right; the row decides.
struct ProjectorLease: Sendable {
    let holder: Text
    /// The token under which this process last took the lease; 0 before.
    var token: Int64 = 0

    /// Locks the row and makes sure that this process projects. Returns the lease as it is if this
    /// transaction commits.
    ///
    /// Errors: `.standby` while another process holds the lease.
    func enter(_ session: Session, for duration: Span) throws(StoreError) -> ProjectorLease {
        let row = try session.first(Self.lockSQL) {
            (holder: $0.text(0), token: $0.integer(1), end: $0.time(2), now: $0.instant(3))
        }
        guard let row else { throw .damaged("outbox_projector has lost its row: run `sendonce migrate up`") }
        let isInForce = row.end > row.now
        if row.holder == holder, row.token == token, isInForce {
            // Written only now and then: versions of the row that no vacuum can remove would make a chain.
            let isYoung = row.end - row.now > Span(microseconds: duration.microseconds * 2 / 3)
            if !isYoung { try write(token: token, until: row.now + duration, session) }
            return self
        }
        if isInForce { throw .standby(remaining: row.end - row.now) }
        var taken = self
        taken.token = row.token + 1
        try write(token: taken.token, until: row.now + duration, session)
        return taken
    }

    /// Ends the lease, so that another process need not wait for its end. Does nothing if it is not ours.
    func resign(_ session: Session) throws(StoreError) {
        try session.run("UPDATE outbox_projector SET lease_end = 0 WHERE holder = $1 AND token = $2") {
            $0.add(holder)
            $0.add(token)
        }
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
