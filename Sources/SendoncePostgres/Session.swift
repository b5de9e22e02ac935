// A connection that mends itself, used by one thread at a time. What broke is thrown away and made anew at
// the next use; a transaction is never repeated here, because only the caller knows whether it may be.
import CLibPQ
import Foundation
import SendonceCore
import SendonceStore

/// A place for one connection and who may use it: whoever is inside `use`.
final class Session: @unchecked Sendable {
    // Unchecked because the compiler cannot see that what is variable here is touched only under the lock.
    private let lock = NSLock()
    private let settings: PostgresSettings
    /// What its transactions make sure of.
    let watch: Watch
    private var connection: Connection?
    private var offset: ClockOffset?
    private var roundTrip = RoundTrip()

    /// Connects when it is first used; the server is checked anew at every connection.
    init(_ settings: PostgresSettings, watch: Watch = Watch()) {
        self.settings = settings
        self.watch = watch
    }

    // MARK: Use

    /// Runs `body` alone on this connection, after making a new one if the last one broke. Must not be
    /// entered again from within.
    func use<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        lock.lock()
        defer { lock.unlock() }
        if connection?.isAlive != true { try connect() }
        defer { discardIfUnfit() }
        return try body(self)
    }

    /// As `use`, but leaves a transaction open that `body` began, for who works by hand.
    func plain<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        lock.lock()
        defer { lock.unlock() }
        if connection?.isAlive != true { connection = try Connection(settings, isChecked: false) }
        return try body(self)
    }

    /// Gives the connection up; the next use makes a new one.
    func close() {
        lock.lock()
        connection = nil
        lock.unlock()
    }

    /// Runs `body` in one write transaction, committed durably; if anything fails, all of it is rolled back.
    func transaction<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try within(writing, body)
    }

    /// As `transaction`, but rolls all of it back where `body` gives nil.
    func transactionIfAny<Result>(
        _ body: (Session) throws(StoreError) -> Result?
    ) throws(StoreError) -> Result? {
        try within(writing, keeping: { $0 != nil }, body)
    }

    private var writing: String {
        // Whatever the role's defaults are: a transaction-pooling proxy keeps nothing else.
        let stillness = PostgresSettings.milliseconds(settings.lease)
        return """
            BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
            SET LOCAL synchronous_commit = on;
            SET LOCAL lock_timeout = \(PostgresSettings.milliseconds(settings.lockTimeout));
            SET LOCAL idle_in_transaction_session_timeout = \(stillness);
            SET LOCAL TimeZone = 'UTC'; \(Self.byIndex)
            """
    }

    /// For transactions that look up few rows by index, and must not depend on what the planner believes
    /// about tables that were empty a minute ago.
    private static let byIndex = """
        SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
        SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off
        """

    /// Runs `body` so that all its statements see the same state of the database.
    func snapshot<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try within(Self.reading, body)
    }

    /// As `snapshot`, for a page of rows that an index gives in their order.
    func pageSnapshot<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try within("\(Self.reading); \(Self.byIndex)", body)
    }

    private static let reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    /// Runs `body` so that it looks through an index from one place to another, however long that takes: the
    /// planner might choose to read the whole table, with several workers.
    func survey<Result>(_ body: (Session) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try within(
            """
            BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL statement_timeout = 0;
            SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
            SET LOCAL max_parallel_workers_per_gather = 0
            """, body)
    }

    private func within<Result>(
        _ begin: String, keeping isKept: (Result) -> Bool = { _ in true },
        _ body: (Session) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try use { (session: Session) throws(StoreError) -> Result in
            try session.begin(begin)
            do throws(StoreError) {
                let result = try body(session)
                if isKept(result) { try session.commit() } else { try session.runScript("ROLLBACK") }
                return result
            } catch {
                // What cannot be rolled back is closed by `discardIfUnfit`.
                try? session.runScript("ROLLBACK")
                throw error
            }
        }
    }

    /// A connection that broke while nobody used it is noticed here, where nothing has been done yet: so this
    /// alone may be tried again.
    private func begin(_ script: String) throws(StoreError) {
        do throws(StoreError) {
            try timeTrivial(script)
        } catch {
            guard connection?.isAlive != true else { throw error }
            try connect()
            try timeTrivial(script)
        }
    }

    private func connect() throws(StoreError) {
        connection = nil
        let new = try Connection(settings)
        connection = new
        offset = new.clockOffset
        roundTrip = RoundTrip()
        try timeTrivial("SELECT")
    }

    /// Runs what takes the server no time, and learns from it how far away that is.
    private func timeTrivial(_ script: String) throws(StoreError) {
        let asked = ContinuousClock.now
        try runScript(script)
        roundTrip.note(.now - asked)
    }

    /// A server that was told to commit a failed transaction answers ROLLBACK, and no error.
    private func commit() throws(StoreError) {
        let tag = try rows(of: Statement("COMMIT")).tag
        guard tag == "COMMIT" else { throw .failed("the server answered COMMIT with \(tag)") }
    }

    /// A connection that broke, or that is still in a transaction, is not used again.
    private func discardIfUnfit() {
        if let connection, !connection.isAlive || !connection.isIdle { self.connection = nil }
    }

    // MARK: Clock

    /// The database's time, reckoned from its last answer by the monotonic clock. Asked anew when the answer
    /// is older than `age`; if that fails, reckoned on.
    func now(askingAfter age: Duration = .seconds(30)) throws(StoreError) -> Timestamp {
        lock.lock()
        let known = offset
        lock.unlock()
        if let known, known.measured.duration(to: .now) <= age { return known.now }
        do throws(StoreError) {
            return try use { (session: Session) throws(StoreError) -> Timestamp in
                let asked = ContinuousClock.now
                guard let answer = try session.first("SELECT clock_timestamp()", read: { $0.instant(0) })
                else { throw .failed("the server does not say what time it is") }
                let answered = ContinuousClock.now
                let fresh = ClockOffset(server: answer, between: asked, and: answered)
                session.offset = fresh
                session.roundTrip.note(answered - asked)
                return fresh.now
            }
        } catch {
            guard let known else { throw error }
            return known.now
        }
    }

    // MARK: Statements; only inside `use`

    /// What the server did, at least, since it was asked: without the way to it and back.
    func cost(since asked: ContinuousClock.Instant) -> Duration { roundTrip.cost(of: .now - asked) }

    func handle() throws(StoreError) -> OpaquePointer {
        guard let connection else { throw .failed("the connection is not in use") }
        return connection.handle
    }

    func rows(of statement: Statement) throws(StoreError) -> Rows {
        try statement.rows(on: try handle())
    }

    /// Runs a statement that gives no rows and says how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ bind: (Statement) -> Void = { _ in }) throws(StoreError) -> Int {
        let statement = Statement(sql)
        bind(statement)
        return try rows(of: statement).changes
    }

    /// Runs a statement and gives all its rows as they came.
    func answer(_ sql: String, _ bind: (Statement) -> Void) throws(StoreError) -> Rows {
        let statement = Statement(sql)
        bind(statement)
        return try rows(of: statement)
    }

    func rows<Value>(
        _ sql: String, _ bind: (Statement) -> Void = { _ in }, read: (Row) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        let statement = Statement(sql)
        bind(statement)
        let rows = try rows(of: statement)
        var values: [Value] = []
        values.reserveCapacity(rows.count)
        for index in 0..<rows.count { values.append(try read(rows[index])) }
        return values
    }

    func first<Value>(
        _ sql: String, _ bind: (Statement) -> Void = { _ in }, read: (Row) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        let statement = Statement(sql)
        bind(statement)
        guard let row = try rows(of: statement).first else { return nil }
        return try read(row)
    }

    /// Runs several statements of plain SQL.
    func runScript(_ sql: String) throws(StoreError) {
        try textRows(sql)
    }

    /// The same, with the rows of the last one as text.
    @discardableResult
    func textRows(_ sql: String) throws(StoreError) -> [[String?]] {
        let handle = try handle()
        guard let result = PQexec(handle, sql) else {
            throw .unavailable("the connection to the server was lost")
        }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return []
        case PGRES_TUPLES_OK: break
        default: throw StoreError(result, of: handle)
        }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) != 0
                    ? nil : PQgetvalue(result, row, column).map { String(cString: $0) }
            }
        }
    }
}
