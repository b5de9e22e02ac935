// Which SQLite this process runs on, for bug reports.
import GRDBSQLite

extension SQLiteEngine {
    package static var libraryVersionText: String { String(cString: sqlite3_libversion()) }
}
