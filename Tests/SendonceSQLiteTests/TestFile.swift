// A database file of a test's own, which the test may also change behind the store's back.
import Foundation
import GRDB
import SendonceCore
import SendonceSQLite

final class TestFile {
    let folder: URL
    let path: String

    init(migrated: Bool = true, journal: SQLiteSettings.Journal? = nil) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appending(path: "test.db").path
        if migrated {
            _ = try SQLiteMigration(path: path, settings: SQLiteSettings(journal: journal)).up(now: .start)
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// A connection as an application has it, with foreign keys on.
    func connection() throws -> DatabaseQueue {
        try DatabaseQueue(path: path)
    }

    func sql(_ sql: String) throws {
        try connection().writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    func value(_ sql: String) throws -> String? {
        try connection().writeWithoutTransaction { try String.fetchOne($0, sql: sql) }
    }

    /// All of the schema, by name; the same text whichever way the tables came to be.
    func dump() throws -> String {
        try connection().read { database in
            try String.fetchAll(
                database,
                sql:
                    """
                    SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'sqlite_sequence'
                    ORDER BY name
                    """
            ).map { $0 + ";\n" }.joined(separator: "\n")
        }
    }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}
