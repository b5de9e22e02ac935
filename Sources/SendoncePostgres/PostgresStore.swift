// All ports of a store on one PostgreSQL database. Each port stands in a file of its own beside this one.
package import SendonceCore
package import SendonceStore
import Synchronization

/// One database with four connections, each made when it is first needed: one for the projector, one for the
/// dispatcher, so that neither waits for the other, one for everything that only looks, and one for surveys:
/// long looks, which are needed only while something holds back vacuum.
package final class PostgresStore: Sendable {
    let projector: Session
    let writer: Session
    let reader: Session
    let settings: PostgresSettings
    let watch = Watch()
    let lease: ProjectorLease
    /// Whether the lease was ever this process's, as far as it knows: else there is nothing to give back.
    let mayProject = Atomic<Bool>(false)
    let searches: Searches

    /// Opens a migrated database. `name` says in `outbox_projector` who projects.
    ///
    /// Errors: `.schemaTooOld` if `migrate up` has to run first (version 0: our tables are not there at all),
    /// `.schemaFromTheFuture`, `.busy`, `.unavailable` (also: a standby, an old server, another encoding),
    /// `.damaged`.
    package init(_ settings: PostgresSettings, name: String = "sendonce") throws(StoreError) {
        self.settings = settings
        projector = Session(settings, watch: watch)
        writer = Session(settings, watch: watch)
        reader = Session(settings)
        searches = Searches(Session(settings))
        // Two processes of the same name on the same host must differ.
        let unique = UInt64.random(in: .min ... .max)
        lease = ProjectorLease(holder: Text("\(name) \(String(unique, radix: 36))"))
        let version = try reader.use { (session: Session) throws(StoreError) in
            try PostgresMigration.check(session)
        }
        guard version == PostgresMigration.newest else {
            throw .schemaTooOld(found: version, needed: PostgresMigration.newest)
        }
    }
}

extension PostgresStore: StoreClock {
    package func now() throws(StoreError) -> Timestamp { try reader.now() }
}

extension PostgresStore: StorePlace {
    /// A look at the intake is one round trip, and so would this be.
    package func dataVersion() throws(StoreError) -> Int64? { nil }

    /// Every new connection is checked when it is made.
    package func checkPlace() throws(StoreError) {}

    /// The server's version in its own words, for `doctor`.
    package func engine() throws(StoreError) -> String {
        try reader.use { (session: Session) throws(StoreError) in
            try session.first("SHOW server_version") { $0.text(0).string } ?? ""
        }
    }

    /// Makes sure, on two connections, that the engine does what Sendonce rests on: unique constraints, row
    /// locks that hold, and SKIP LOCKED that passes over them. Some engines that speak PostgreSQL's protocol
    /// accept the words and do nothing.
    ///
    /// Errors: `.unavailable` that names what is missing.
    package func probe() throws(StoreError) {
        try writer.transaction { (writer: Session) throws(StoreError) in
            let locked = try writer.rows("SELECT token FROM outbox_projector FOR UPDATE") { $0.integer(0) }
            guard locked.count == 1 else { throw .damaged("outbox_projector does not have exactly one row") }
            let unlocked = try reader.use { (reader: Session) throws(StoreError) in
                try reader.rows("SELECT token FROM outbox_projector FOR UPDATE SKIP LOCKED") {
                    $0.integer(0)
                }
            }
            guard unlocked.isEmpty else {
                throw .unavailable(
                    "the engine does not keep row locks, or SKIP LOCKED does not heed them: Sendonce would "
                        + "send twice on it")
            }
        }
        var isDoubled = true
        do throws(StoreError) {
            try writer.transaction { (session: Session) throws(StoreError) in
                try session.run("INSERT INTO outbox_projector (holder, token, lease_end) VALUES ('', 0, 0)")
                throw .failed("")
            }
        } catch {
            if case .conflict = error { isDoubled = false }
        }
        if isDoubled {
            throw .unavailable("the engine does not keep unique constraints: Sendonce would send twice on it")
        }
    }
}
