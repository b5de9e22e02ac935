// From SQLite's result codes to the closed list of how a store fails. SQLite's words name tables, columns and
// constraints, never values, so no payload can reach an error through them.
import GRDB
import GRDBSQLite
import SendonceStore

extension StoreError {
    /// https://www.sqlite.org/rescode.html: the low byte is the primary code.
    init(code: Int32, words: String) {
        let text = "\(words) (SQLite \(code))"
        switch code & 0xFF {
        // PROTOCOL is a race of many openers for the WAL's locks; it passes.
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: self = .busy(text)
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH,
            SQLITE_NOMEM,
            SQLITE_NOLFS:
            self = .unavailable(text)
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: self = .damaged(text)
        case SQLITE_CONSTRAINT: self = .conflict(text)
        default: self = .failed(text)
        }
    }

    /// The last error of a connection.
    init(_ code: Int32, of database: OpaquePointer) {
        self.init(code: code, words: String(cString: sqlite3_errmsg(database)))
    }

    /// What GRDB threw while it opened or configured a connection.
    init(opening error: any Error) {
        guard let error = error as? DatabaseError else {
            self = .failed(String(describing: type(of: error)))
            return
        }
        self.init(code: error.extendedResultCode.rawValue, words: error.message ?? "no words")
    }
}
