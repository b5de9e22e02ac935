// One SQLite connection with the statements that were prepared on it. GRDB opens it, configures it and lets
// one thread at a time use it; what runs on it is ours.
import Foundation
import GRDB
import GRDBSQLite
import SendonceStore

/// How connections are opened.
package struct SQLiteSettings: Hashable, Sendable {
    package enum Journal: String, Hashable, Sendable {
        /// Write-ahead log: readers and the writer do not wait for each other.
        case wal
        /// Rollback journal: slower, and readers make the writer wait, but free of the WAL-reset bug that
        /// SQLite 3.7.0 to 3.51.2 has (https://sqlite.org/wal.html#walresetbug).
        case delete
    }

    /// nil: as the file is; a new file gets WAL.
    package var journal: Journal?
    /// How long a statement waits for another process that holds the lock.
    package var busyTimeout: Double

    package init(journal: Journal? = nil, busyTimeout: Double = 5) {
        self.journal = journal
        self.busyTimeout = busyTimeout
    }
}

/// What statements can be read on: the connection of a store, and that of replay.
protocol StatementSource {
    func rows<Row>(
        _ sql: String, _ bind: (Statement) -> Void, read: (Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row]
}

/// A connection and who may use it: whoever is inside `use`.
final class Session: StatementSource, @unchecked Sendable {
    // Unchecked because the compiler cannot see that `statements` and `handle` are only touched inside `use`,
    // which the serial queue of `connection` lets one thread enter at a time.
    private let connection: DatabaseQueue
    /// What its transactions make sure of.
    let watch: Watch
    private var statements: [String: Statement] = [:]
    private var handle: OpaquePointer?

    /// Opens the file; tries again while another process opens, recovers or closes it, up to the busy
    /// timeout.
    init(
        path: String, settings: SQLiteSettings, readOnly: Bool, watch: Watch = Watch()
    ) throws(StoreError) {
        self.watch = watch
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(settings.busyTimeout)
        configuration.foreignKeysEnabled = true
        // Else GRDB ends the process if a rollback fails; `transaction` reports it instead.
        configuration.allowsUnsafeTransactions = true
        configuration.label = readOnly ? "sendonce.reader" : "sendonce.writer"
        configuration.prepareDatabase { database in
            try Session.configure(database, settings: settings, readOnly: readOnly)
        }
        let deadline = ContinuousClock.now + .seconds(settings.busyTimeout)
        while true {
            do {
                connection = try DatabaseQueue(path: path, configuration: configuration)
                return
            } catch {
                let error = StoreError(opening: error)
                guard case .busy = error, ContinuousClock.now < deadline else { throw error }
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
    }

    deinit {
        // Statements must go before the connection that they belong to.
        connection.writeWithoutTransaction { _ in statements.removeAll() }
    }

    private static func configure(_ database: Database, settings: SQLiteSettings, readOnly: Bool) throws {
        // Older versions (3.40 is one) do not mark json_valid() as innocuous and would then refuse the
        // intake's CHECK.
        let isCheckAllowed = try Bool.fetchOne(
            database,
            sql:
                """
                SELECT min(flags & 0x200000) > 0 FROM pragma_function_list
                WHERE name IN ('json_valid', 'json_type')
                """
        )
        if isCheckAllowed == true { try database.execute(sql: "PRAGMA trusted_schema = OFF") }
        try database.execute(sql: "PRAGMA cell_size_check = ON")
        try database.execute(sql: "PRAGMA mmap_size = 0")
        guard !readOnly else { return }
        let isNew = try Int.fetchOne(database, sql: "PRAGMA page_count") == 0
        let found = try String.fetchOne(database, sql: "PRAGMA journal_mode")
        var journal = found ?? "delete"
        let wanted = settings.journal?.rawValue ?? (isNew ? "wal" : journal)
        if wanted != journal {
            journal = try String.fetchOne(database, sql: "PRAGMA journal_mode = \(wanted)") ?? journal
        }
        // In WAL mode FULL makes every commit durable; a rollback journal needs EXTRA for that.
        try database.execute(sql: "PRAGMA synchronous = \(journal == "wal" ? "FULL" : "EXTRA")")
        try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
        // Pages that one projector transaction touches fit, so that none is written twice.
        // 40 MB of log between checkpoints instead of 4: pages of the indexes that are met at random are
        // written once for many batches, and the checkpoint inside a commit comes a tenth as often.
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 10000")
        try database.execute(sql: "PRAGMA cache_size = -32768")
        try database.execute(sql: "PRAGMA temp_store = MEMORY")
        // What leaves the intake stands in the log: overwriting it with zeros would hide nothing.
        try database.execute(sql: "PRAGMA secure_delete = OFF")
    }

    // MARK: Use

    /// Runs `body` alone on this connection. Must not be entered again from within.
    func use<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        let outcome: Swift.Result<Result, StoreError> = connection.writeWithoutTransaction { database in
            guard let handle = database.sqliteConnection else {
                return .failure(.failed("the connection is closed"))
            }
            self.handle = handle
            do throws(StoreError) {
                return .success(try body(self))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Runs `body` in one write transaction, committed durably; if anything fails, all of it is rolled back.
    func transaction<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        // IMMEDIATE: a transaction that begins by reading could not become a writer once another one has
        // written.
        try within("BEGIN IMMEDIATE", body)
    }

    /// Runs `body` so that all its statements see the same state of the database.
    func snapshot<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try within("BEGIN", body)
    }

    private func within<Result>(
        _ begin: String, _ body: (Session) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try use { (session: Session) throws(StoreError) -> Result in
            session.rollBack()
            try session.run(begin)
            do throws(StoreError) {
                let result = try body(session)
                try session.run("COMMIT")
                return result
            } catch {
                session.rollBack()
                throw error
            }
        }
    }

    /// Ends what may still be open. A rollback that fails is tried again before the next transaction; until
    /// then nothing of it is committed either.
    private func rollBack() {
        guard let handle, sqlite3_get_autocommit(handle) == 0 else { return }
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }

    // MARK: Statements; only inside `use`

    /// The statement for this text, prepared once per connection, without parameters.
    func statement(_ sql: String) throws(StoreError) -> Statement {
        if let known = statements[sql] {
            known.reset()
            return known
        }
        guard let handle else { throw .failed("the connection is not in use") }
        let new = try Statement(sql, on: handle)
        statements[sql] = new
        return new
    }

    func run(_ sql: String, _ bind: (Statement) -> Void = { _ in }) throws(StoreError) {
        let statement = try statement(sql)
        bind(statement)
        try statement.run()
    }

    func rows<Row>(
        _ sql: String, _ bind: (Statement) -> Void = { _ in }, read: (Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row] {
        let statement = try statement(sql)
        defer { statement.reset() }
        bind(statement)
        var rows: [Row] = []
        while try statement.next() { rows.append(try read(statement)) }
        return rows
    }

    func first<Row>(
        _ sql: String, _ bind: (Statement) -> Void = { _ in }, read: (Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> Row? {
        let statement = try statement(sql)
        defer { statement.reset() }
        bind(statement)
        return try statement.next() ? try read(statement) : nil
    }

    /// Whether the open file is no longer the one at its path: it was replaced, moved or deleted.
    func hasMoved() throws(StoreError) -> Bool {
        guard let handle else { throw .failed("the connection is not in use") }
        var answer: Int32 = 0
        return sqlite3_file_control(handle, nil, SQLITE_FCNTL_HAS_MOVED, &answer) == SQLITE_OK && answer != 0
    }

    /// Runs several statements of plain SQL, for migrations.
    func runScript(_ sql: String) throws(StoreError) {
        guard let handle else { throw .failed("the connection is not in use") }
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw StoreError(sqlite3_extended_errcode(handle), of: handle)
        }
    }
}
