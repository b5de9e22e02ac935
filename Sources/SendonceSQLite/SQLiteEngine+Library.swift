// The SQLite library that this process runs on.
import CSQLite
import GRDBSQLite

extension SQLiteEngine {
    package static var libraryVersionText: String { String(cString: sqlite3_libversion()) }

    /// Lets SQLite allocate without counting, which saves the projector an eighth of its time. Concerns all
    /// of the process and works only before the first use of SQLite, so it is for executables, never for a
    /// library inside somebody's application. Without effect where SQLite is in use already.
    package static func stopCountingMemory() {
        _ = csqlite_stop_counting_memory()
    }
}
