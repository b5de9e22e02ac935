// The log as replay sees it: a connection of its own, opened read only, on which only SELECT is allowed. GRDB
// keeps the one authorizer that a connection can have to itself, so this one is opened without it.
import CSQLite
import Foundation
import GRDBSQLite
package import SendonceCore
package import SendonceStore

/// Reads a migrated file and can do nothing else: there is no method that writes, the file is open read only,
/// and SQLite asks an authorizer before it prepares a statement, which refuses all but SELECT. Nothing else
/// runs SQL on this connection, so the authorizer cannot be taken off it.
///
/// A database in WAL mode is read through its `-shm` file, which is made if it is not there: the file itself
/// is never changed.
package final class SQLiteReplayLog: @unchecked Sendable {
    // Unchecked: `lock` lets one thread at a time touch the connection and its statements.
    package let path: String
    package let beside: [any RecordReader]
    private let handle: OpaquePointer
    private let lock = NSLock()
    private var statements: [String: Statement] = [:]
    private let patience: Duration

    /// `readers`: how many more connections are opened, for as many threads. `patience`: after how long a
    /// page ends where it is; whoever gives way to others may be left waiting in the middle of one, and what
    /// it holds of the WAL with it.
    ///
    /// Errors: `.unavailable` if it cannot be opened; `.schemaTooOld`, `.schemaFromTheFuture`, `.damaged`.
    package init(
        path: String, busyTimeout: Double = 5, readers: Int = 0, patience: Duration = .milliseconds(50)
    ) throws(StoreError) {
        self.path = path
        self.patience = patience
        var beside: [any RecordReader] = []
        for _ in 0..<readers {
            beside.append(try SQLiteReplayLog(path: path, busyTimeout: busyTimeout, patience: patience))
        }
        self.beside = beside
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened else {
            let error = opened.map { StoreError(code, of: $0) }
            sqlite3_close(opened)
            throw error ?? .unavailable("\(path) cannot be opened")
        }
        handle = opened
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, Int32(busyTimeout * 1_000))
        for setting in ["query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"] {
            sqlite3_exec(opened, "PRAGMA \(setting)", nil, nil, nil)
        }
        // From here on nothing but SELECT can be prepared, also not what was prepared before.
        sqlite3_set_authorizer(opened, Self.authorize, nil)
        let version = try use { () throws(StoreError) in try SQLiteMigration.check(self) }
        guard version == SQLiteMigration.newest else {
            throw .schemaTooOld(found: version, needed: SQLiteMigration.newest)
        }
    }

    deinit {
        // Statements must go before the connection that they belong to.
        statements.removeAll()
        sqlite3_close(handle)
    }

    /// What a statement may do (https://www.sqlite.org/c3ref/c_alter_table.html). Begin and commit are not
    /// among it: a statement that is being read holds the snapshot for those beside it.
    private static let authorize:
        @convention(c) (
            UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
            UnsafePointer<CChar>?, UnsafePointer<CChar>?
        ) -> Int32 = { _, action, _, name, _, _ in
            switch action {
            case SQLITE_SELECT, SQLITE_READ: return SQLITE_OK
            case SQLITE_FUNCTION:
                guard let name else { return SQLITE_DENY }
                // All that the statements below call.
                return ["count", "max", "min"].contains(String(cString: name)) ? SQLITE_OK : SQLITE_DENY
            default: return SQLITE_DENY
            }
        }

    // MARK: Use

    /// Runs `body` alone on this connection. Must not be entered again from within.
    func use<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body()
    }

    /// Runs `body` so that all its statements see the same state of the database.
    func snapshot<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        try use { () throws(StoreError) in
            let pin = try statement("SELECT version FROM outbox_schema")
            defer { pin.reset() }
            _ = try pin.next()
            return try body()
        }
    }

    private func statement(_ sql: String) throws(StoreError) -> Statement {
        if let known = statements[sql] {
            known.reset()
            return known
        }
        let new = try Statement(sql, on: handle)
        statements[sql] = new
        return new
    }

    /// Gives each row to `read`, until it says that it has enough.
    func each(
        _ sql: String, _ bind: (Statement) -> Void = { _ in }, read: (Statement) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let statement = try statement(sql)
        defer { statement.reset() }
        bind(statement)
        while try statement.next() {
            guard try read(statement) else { return }
        }
    }
}

extension SQLiteReplayLog: StatementSource {
    func rows<Row>(
        _ sql: String, _ bind: (Statement) -> Void, read: (Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row] {
        var rows: [Row] = []
        try each(sql, bind) { (statement: Statement) throws(StoreError) in
            rows.append(try read(statement))
            return true
        }
        return rows
    }
}

extension SQLiteReplayLog: LogReader {
    package func head() throws(StoreError) -> LogHead {
        try use { () throws(StoreError) in try lastEvent() }
    }

    private func lastEvent() throws(StoreError) -> LogHead {
        try rows("SELECT position, link FROM outbox_log ORDER BY position DESC LIMIT 1", { _ in }) {
            (row: Statement) throws(StoreError) in
            LogHead(position: row.integer(0), link: try row.digest(1))
        }.first ?? .empty
    }

    package func activations() throws(StoreError) -> [Activation] {
        try snapshot { () throws(StoreError) in
            var activations = try rows(
                "SELECT \(Activation.columns) FROM outbox_activation ORDER BY position", { _ in }
            ) { (row: Statement) throws(StoreError) in try Activation(row) }
            let scopes = try rows("SELECT position, rule, scope FROM outbox_scope", { _ in }) {
                ($0.integer(0), $0.text(1), $0.text(2))
            }
            for (position, rule, scope) in scopes {
                for index in activations.indices where activations[index].position == position {
                    activations[index].scopes[rule] = scope
                }
            }
            return activations
        }
    }

    package func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        try use { () throws(StoreError) in try ruleSetRows(digest) }
    }

    package func events(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent] {
        let watch = PageWatch(patience)
        return try use { () throws(StoreError) in
            var events: [LoggedEvent] = []
            var size = 0
            let sql =
                "SELECT \(LoggedEvent.columns) FROM outbox_log WHERE position > ? ORDER BY position LIMIT ?"
            try each(sql) {
                $0.add(position)
                $0.add(limit)
            } read: { (row: Statement) throws(StoreError) in
                size += row.byteCount(5)
                guard size <= bytes || events.isEmpty else { return false }
                events.append(try LoggedEvent(row))
                return !watch.isOver(rows: events.count)
            }
            return events
        }
    }
}

extension SQLiteReplayLog: RecordReader {
    /// A page is about a millisecond.
    package var pageEvents: Int { 512 }

    package func read(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        page.removeAll()
        try snapshot { () throws(StoreError) in
            try readEvents(request, into: page)
            try each(Self.decisionSQL) {
                $0.add(request.after)
                $0.add(page.through)
            } read: { (row: Statement) throws(StoreError) in
                DecisionRow.add(row, to: page.decisions)
                if DecisionRow.isEmitted(row) { page.emitted += 1 }
                return true
            }
        }
    }

    package func readCommands(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        page.commands.removeAll()
        try snapshot { () throws(StoreError) in
            let most = request.mostCommands(in: page)
            var passed = 0
            try each(Self.commandSQL) {
                $0.add(request.number)
                $0.add(request.lastNumber)
            } read: { (row: Statement) throws(StoreError) in
                guard page.commands.ends.count < most else { return false }
                guard row.integer(CommandRow.positionColumn) > page.through else {
                    CommandRow.add(row, to: page.commands)
                    return true
                }
                passed += 1
                return passed <= request.lookahead
            }
        }
    }

    private func readEvents(_ request: RecordRequest, into page: RecordPage) throws(StoreError) {
        page.through = request.end
        let watch = PageWatch(patience)
        var size = 0
        var last: Int64?
        try each(Self.eventSQL) {
            $0.add(request.after)
            $0.add(request.end)
        } read: { (row: Statement) throws(StoreError) in
            size += row.byteCount(EventRow.payloadColumn)
            if let last, size > request.bytes || watch.isOver(rows: page.events.ends.count) {
                page.through = last
                return false
            }
            last = row.integer(0)
            EventRow.add(row, to: page.events)
            return true
        }
    }

    private static let eventSQL = """
        SELECT \(EventRow.columns) FROM outbox_log WHERE position > ? AND position <= ? ORDER BY position
        """
    private static let decisionSQL = """
        SELECT \(DecisionRow.columns) FROM outbox_decision WHERE position > ? AND position <= ?
        ORDER BY position, rule, item
        """
    private static let commandSQL = """
        SELECT \(CommandRow.columns) FROM outbox_command WHERE number > ? AND number <= ? ORDER BY number
        """

    package func extent() throws(StoreError) -> LogExtent {
        try snapshot { () throws(StoreError) in
            let number = try rows("SELECT max(number) FROM outbox_command", { _ in }) { $0.integer(0) }
            return LogExtent(head: try lastEvent(), number: number.first ?? 0)
        }
    }

    package func emitted(_ positions: ClosedRange<Int64>) throws(StoreError) -> Int64 {
        let sql = """
            SELECT count(*) FROM outbox_decision
            WHERE position >= ? AND position <= ? AND reason = 'emitted'
            """
        return try use { () throws(StoreError) in
            try rows(sql) {
                $0.add(positions.lowerBound)
                $0.add(positions.upperBound)
            } read: {
                $0.integer(0)
            }.first ?? 0
        }
    }

    package func names(
        after place: NamePlace?, through position: Int64, limit: Int, into rows: RowBuffer
    ) throws(StoreError) {
        let condition = place == nil ? "" : "AND (id, source, position) > (?, ?, ?)"
        let sql = """
            SELECT \(NameRow.columns) FROM outbox_log WHERE id IS NOT NULL AND position <= ? \(condition)
            ORDER BY id, source, position LIMIT ?
            """
        let watch = PageWatch(patience)
        try use { () throws(StoreError) in
            try each(sql) {
                $0.add(position)
                if let place {
                    $0.add(text: place.id)
                    $0.add(text: place.source)
                    $0.add(place.position)
                }
                $0.add(limit)
            } read: { (row: Statement) throws(StoreError) in
                NameRow.add(row, to: rows)
                return !watch.isOver(rows: rows.ends.count)
            }
        }
    }

    package func ledger(after key: LedgerPlace?, limit: Int, into rows: RowBuffer) throws(StoreError) {
        let condition = key == nil ? "" : "WHERE (key, key_digest, slot, generation) > (?, ?, ?, ?)"
        let sql = """
            SELECT \(LedgerRow.columns) FROM outbox_ledger \(condition)
            ORDER BY key, key_digest, slot, generation LIMIT ?
            """
        let watch = PageWatch(patience)
        try use { () throws(StoreError) in
            try each(sql) {
                if let key {
                    $0.add(text: key.key)
                    $0.add(blob: key.digest)
                    $0.add(text: key.slot)
                    $0.add(key.generation)
                }
                $0.add(limit)
            } read: { (row: Statement) throws(StoreError) in
                LedgerRow.add(row, to: rows)
                return !watch.isOver(rows: rows.ends.count)
            }
        }
    }

    package func deliveries(_ numbers: ClosedRange<Int64>, into page: DeliveryPage) throws(StoreError) {
        page.removeAll()
        try snapshot { () throws(StoreError) in
            for (sql, columns, rows) in [
                (Self.queuedSQL, Int32(1), page.queued), (Self.attemptSQL, 4, page.attempts),
                (Self.outcomeSQL, 3, page.outcomes), (Self.finishSQL, 3, page.finishes),
            ] {
                try each(sql) {
                    $0.add(numbers.lowerBound)
                    $0.add(numbers.upperBound)
                } read: { (row: Statement) throws(StoreError) in
                    NumberRow.add(row, columns: columns, to: rows)
                    return true
                }
            }
        }
    }

    private static let queuedSQL =
        "SELECT command FROM outbox_queue WHERE command >= ? AND command <= ? ORDER BY command"
    private static let attemptSQL = """
        SELECT command, attempt, token, started_at FROM outbox_attempt WHERE command >= ? AND command <= ?
        ORDER BY command, attempt
        """
    private static let outcomeSQL = """
        SELECT command, attempt, finished_at FROM outbox_outcome WHERE command >= ? AND command <= ?
        ORDER BY command, attempt
        """
    private static let finishSQL = """
        SELECT command, at, state = 'accepted' FROM outbox_finish WHERE command >= ? AND command <= ?
        ORDER BY command
        """
}
