// Who claims of a route that has limits holds the lock of its row, so that what he counts stays true until he
// has committed. The lock makes no new version of the row.
import SendonceCore
import SendonceStore

/// Lives within one claim's transaction.
struct RouteLock {
    private let session: Session
    private let now: Timestamp
    private let leaseEnd: Timestamp

    init(_ session: Session, now: Timestamp, leaseEnd: Timestamp) {
        self.session = session
        self.now = now
        self.leaseEnd = leaseEnd
    }

    /// Locks the routes in the order of their names, so that two who claim cannot wait for each other.
    /// Whatever is read after this shows what all earlier claims of these routes wrote.
    func take(_ names: Set<Text>) throws(StoreError) {
        guard !names.isEmpty else { return }
        let routes = names.sorted()
        if try lock(routes) == routes.count { return }
        var names = Column(.text)
        for route in routes { names.add(route) }
        try session.run(
            """
            INSERT INTO outbox_route (route) SELECT name FROM unnest($1::text[]) AS name
            ON CONFLICT DO NOTHING
            """
        ) {
            $0.add(names)
        }
        guard try lock(routes) == routes.count else {
            throw .busy("a route's row is not there: outbox_route was changed by hand")
        }
    }

    private func lock(_ routes: [Text]) throws(StoreError) -> Int {
        var names = Column(.text)
        for route in routes { names.add(route) }
        return try session.rows(
            "SELECT 1 FROM outbox_route WHERE route = ANY ($1::text[]) ORDER BY route FOR UPDATE"
        ) {
            $0.add(names)
        } read: { _ in
        }.count
    }

    /// Whether it is worth waiting for the lock. The rate is not counted here: it says itself until when it
    /// is used up, so that nobody asks in vain again and again.
    func isFull(_ share: RouteShare) throws(StoreError) -> Bool {
        guard let concurrency = share.concurrency else { return false }
        return try sending(share.route, upTo: concurrency).count >= concurrency
    }

    /// What the limits of a route leave; only under its lock.
    func budget(_ share: RouteShare) throws(StoreError) -> RouteBudget {
        var use = RouteUse()
        if let concurrency = share.concurrency {
            let sending = try sending(share.route, upTo: concurrency)
            use.sending = sending.count
            try noteLeases(of: share.route, sending)
        }
        if let rate = share.rate {
            let window = rate.window(at: now)
            let started = try session.first(Self.startedSQL) {
                $0.add(share.route)
                $0.add(window.after)
                $0.add(window.through)
                $0.add(rate.count)
            } read: {
                (Int($0.integer(0)), $0.timeIfAny(1))
            }
            if let started { (use.started, use.oldestStart) = started }
        }
        return RouteBudget(share, used: use, at: now)
    }

    private static let startedSQL = """
        SELECT count(*), min(started_at) FROM (
            SELECT started_at FROM outbox_attempt
            WHERE route = $1 AND started_at > $2 AND started_at <= $3
            ORDER BY started_at DESC LIMIT $4
        ) starts
        """

    // MARK: Commands that are being sent

    private struct Sending {
        var count = 0
        var firstLeaseEnd: Int64?
        var from: Int64 = 0
        var cost = Duration.zero
    }

    private func sending(_ route: Text, upTo limit: Int) throws(StoreError) -> Sending {
        let asked = ContinuousClock.now
        var sending =
            try session.first(Self.sendingSQL) {
                $0.add(route)
                $0.add(limit)
            } read: {
                Sending(
                    count: Int($0.integer(0)), firstLeaseEnd: $0.integerIfAny(1), from: $0.integer(2))
            } ?? Sending()
        sending.cost = session.cost(since: asked)
        return sending
    }

    private static let sendingSQL = """
        SELECT count(*), min(lease_end), (SELECT sending_from FROM outbox_route WHERE route = $1) FROM (
            SELECT lease_end FROM outbox_queue WHERE state = 'sending' AND route = $1
                AND lease_end >= coalesce((SELECT sending_from FROM outbox_route WHERE route = $1), 0)
            ORDER BY lease_end LIMIT $2
        ) leases
        """

    /// Keeps `sending_from` true for the leases that this claim gives, and brings it forward when counting
    /// from there has become dear.
    private func noteLeases(of route: Text, _ sending: Sending) throws(StoreError) {
        let start = SendingSearch.start(
            known: sending.from, lowest: sending.firstLeaseEnd, given: leaseEnd.microseconds,
            cost: sending.cost)
        guard start != sending.from else { return }
        try session.run("UPDATE outbox_route SET sending_from = $2 WHERE route = $1") {
            $0.add(route)
            $0.add(start)
        }
    }
}
