// All ports of a store on one SQLite file. Each port stands in a file of its own beside this one.
import GRDB
import GRDBSQLite
import SendonceCore
package import SendonceStore

/// One database file with two connections: a writer, shared by projector and dispatcher of this process so
/// that they never wait for each other at the file's lock, and a reader for everything that only looks.
package final class SQLiteStore: Sendable {
    package let path: String
    let writer: Session
    let reader: Session
    let watch = Watch()

    /// Opens a migrated database.
    ///
    /// Errors: `.schemaTooOld` if `migrate up` has to run first (version 0: our tables are not there at all),
    /// `.schemaFromTheFuture`, `.busy`, `.unavailable`, `.damaged`.
    package init(path: String, settings: SQLiteSettings = SQLiteSettings()) throws(StoreError) {
        self.path = path
        writer = try Session(path: path, settings: settings, readOnly: false, watch: watch)
        let version = try writer.use { (session: Session) throws(StoreError) in
            try SQLiteMigration.check(session)
        }
        guard version == SQLiteMigration.newest else {
            throw .schemaTooOld(found: version, needed: SQLiteMigration.newest)
        }
        reader = try Session(path: path, settings: settings, readOnly: true)
    }

    /// Bounds the file as a full disk would: a write beyond it fails with `.unavailable`. For this store's
    /// connection, until it is closed.
    package func limitPages(to count: Int) throws(StoreError) {
        try writer.use { (session: Session) throws(StoreError) in
            _ = try session.first("PRAGMA max_page_count = \(count)") { $0.integer(0) }
        }
    }

    /// What `doctor` says about the engine and the file.
    package func engine() throws(StoreError) -> SQLiteEngine {
        try writer.use { (session: Session) throws(StoreError) in
            let journal = try session.first("PRAGMA journal_mode") { $0.text(0).string } ?? ""
            return SQLiteEngine(version: Int(sqlite3_libversion_number()), journal: journal)
        }
    }
}

extension SQLiteStore: StorePlace {
    /// Changes also for another connection of this process. Costs about a microsecond, so it may be asked
    /// every few milliseconds.
    package func dataVersion() throws(StoreError) -> Int64? {
        try reader.use { (session: Session) throws(StoreError) in
            try session.first("PRAGMA data_version") { $0.integer(0) }
        }
    }

    /// Throws `.damaged` if the file at the path is no longer the one that is open. Events that are written
    /// to the new file would wait for ever, while this process works on one that nobody else sees.
    package func checkPlace() throws(StoreError) {
        let hasMoved = try reader.use { (session: Session) throws(StoreError) in try session.hasMoved() }
        if hasMoved {
            throw .damaged("\(path) was replaced, moved or deleted while it was open: start again")
        }
    }

    /// SQLite is one engine, whose version is known: nothing to find out.
    package func probe() throws(StoreError) {}
}

/// The SQLite library in this process and how the file is journalled.
package struct SQLiteEngine: Hashable, Sendable {
    /// As SQLite counts: 3040001 is 3.40.1.
    package var version: Int
    package var journal: String

    package init(version: Int, journal: String) {
        self.version = version
        self.journal = journal
    }

    package var versionText: String { "\(version / 1_000_000).\(version / 1_000 % 1_000).\(version % 1_000)" }

    /// Whether a checkpoint that races with a commit can lose that commit: 3.7.0 to 3.51.2 but for the
    /// corrected 3.44.6 and 3.50.7 and what follows them in their lines
    /// (https://sqlite.org/wal.html#walresetbug). Only in WAL mode.
    package var hasWALResetBug: Bool {
        guard journal == "wal", version < 3_051_003 else { return false }
        return !(3_044_006..<3_045_000).contains(version) && !(3_050_007..<3_051_000).contains(version)
    }
}
