// How a database comes to its schema, and when it is refused.
import Foundation
import GRDB
import SchemaSQLite
import SendonceCore
import SendonceSQLite
import SendonceStore
import Testing

@Suite struct MigrationTests {
    @Test("Twenty that migrate at once leave one schema, and one of them made it")
    func atOnce() async throws {
        let place = try TestFile(migrated: false)
        let path = place.path
        let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try SQLiteMigration(path: path, settings: SQLiteSettings(busyTimeout: 60)).up(now: .start)
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied == Schema.migrations.map(\.number))
        #expect(try SQLiteMigration(path: path).status().allSatisfy { $0.appliedAt == .start })
        _ = try SQLiteStore(path: path)
    }

    @Test("A database from the future is refused and not changed")
    func fromTheFuture() throws {
        let place = try TestFile()
        try place.sql("INSERT INTO outbox_schema VALUES (99, 'm0099_later', zeroblob(32), 1)")
        let expected = StoreError.schemaFromTheFuture(found: 99, known: SQLiteMigration.newest)
        #expect(throws: expected) { try SQLiteStore(path: place.path) }
        #expect(throws: expected) { try SQLiteMigration(path: place.path).up(now: .start) }
        #expect(throws: expected) { try SQLiteMigration(path: place.path).status() }
        #expect(try place.value("SELECT max(version) FROM outbox_schema") == "99")
    }

    @Test("A database without our tables, or with old ones, is not opened")
    func tooOld() throws {
        let place = try TestFile(migrated: false)
        try place.sql("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        #expect(throws: StoreError.schemaTooOld(found: 0, needed: SQLiteMigration.newest)) {
            try SQLiteStore(path: place.path)
        }
        #expect(try SQLiteMigration(path: place.path).status().allSatisfy { $0.appliedAt == nil })
    }

    @Test("A migration that differs from the one that was applied is refused")
    func changedMigration() throws {
        let place = try TestFile()
        try place.sql("UPDATE outbox_schema SET digest = zeroblob(32)")
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: place.path) }
        guard case .damaged = error else {
            Issue.record("expected damage, got \(String(describing: error))")
            return
        }
    }

    @Test("The application's own file keeps its user_version, its application_id and its tables")
    func applicationFile() throws {
        let place = try TestFile(migrated: false)
        try place.sql(
            "PRAGMA user_version = 7; PRAGMA application_id = 8; CREATE TABLE orders (id INTEGER PRIMARY KEY)"
        )
        _ = try SQLiteMigration(path: place.path).up(now: .start)
        #expect(try place.value("PRAGMA user_version") == "7")
        #expect(try place.value("PRAGMA application_id") == "8")
        #expect(try place.value("SELECT count(*) FROM orders") == "0")
        #expect(try place.value("PRAGMA journal_mode") == "delete")
    }

    @Test("The printed script makes the same schema, which the program then accepts")
    func printedScript() throws {
        let place = try TestFile(migrated: false)
        try place.sql("BEGIN;\n" + SQLiteMigration.sql + "COMMIT;")
        #expect(try place.dump() == TestFile().dump())
        #expect(try SQLiteMigration(path: place.path).up(now: .start) == [])
        _ = try SQLiteStore(path: place.path)
    }

    @Test("The schema is the golden dump in fixtures/schema/sqlite.sql")
    func golden() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let golden = try String(
            contentsOf: root.appending(path: "fixtures/schema/sqlite.sql"), encoding: .utf8)
        let found = try TestFile().dump()
        #expect(found == golden, "the dump of a new database differs from the golden one")
    }
}
