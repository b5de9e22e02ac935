// How a database comes to its schema, and when it is refused.
import Foundation
import PostgresSupport
import SchemaPostgres
import SendonceCore
import SendoncePostgres
import SendonceStore
import Testing

@Suite struct MigrationTests {
    @Test("Twenty that migrate at once leave one schema, and one of them made it")
    func atOnce() async throws {
        let database = try PostgresCluster.shared().emptyDatabase()
        let settings = database.settings(lockTimeout: .minutes(1))
        let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<20 { group.addTask { try PostgresMigration(settings).up(now: .start) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied == Schema.migrations.map(\.number))
        #expect(try PostgresMigration(settings).status().allSatisfy { $0.appliedAt == .start })
        _ = try PostgresStore(settings)
    }

    @Test("A database from the future is refused and not changed")
    func fromTheFuture() throws {
        let database = try PostgresCluster.shared().database()
        try database.plain.run(
            "INSERT INTO outbox_schema VALUES (99, 'm0099_later', decode(repeat('00', 32), 'hex'), 1)")
        let expected = StoreError.schemaFromTheFuture(found: 99, known: PostgresMigration.newest)
        #expect(throws: expected) { try PostgresStore(database.settings()) }
        #expect(throws: expected) { try PostgresMigration(database.settings()).up(now: .start) }
        #expect(throws: expected) { try PostgresMigration(database.settings()).status() }
    }

    @Test("A database without our tables is not opened")
    func tooOld() throws {
        let database = try PostgresCluster.shared().emptyDatabase()
        #expect(throws: StoreError.schemaTooOld(found: 0, needed: PostgresMigration.newest)) {
            try PostgresStore(database.settings())
        }
        #expect(try PostgresMigration(database.settings()).status().allSatisfy { $0.appliedAt == nil })
    }

    @Test("A migration that differs from the one that was applied is refused")
    func changedMigration() throws {
        let database = try PostgresCluster.shared().database()
        try database.plain.run("UPDATE outbox_schema SET digest = decode(repeat('00', 32), 'hex')")
        let error = #expect(throws: StoreError.self) { try PostgresStore(database.settings()) }
        guard case .damaged = error else {
            Issue.record("expected damage, got \(String(describing: error))")
            return
        }
    }

    @Test("A migration that cannot get its lock gives up in time and says so")
    func locked() throws {
        let database = try PostgresCluster.shared().emptyDatabase()
        let other = PlainConnection(database.connection)
        try other.run(PostgresMigration.sql.prefix { $0 != ";" } + "; BEGIN; LOCK TABLE outbox_schema")
        let error = #expect(throws: StoreError.self) {
            try PostgresMigration(database.settings(lockTimeout: .milliseconds(20))).up(now: .start)
        }
        guard case .busy(let words) = error else {
            Issue.record("expected busy, got \(String(describing: error))")
            return
        }
        #expect(words.contains("another migration or a long transaction"))
    }

    @Test("The printed script makes the same schema, which the program then accepts")
    func printedScript() throws {
        let database = try PostgresCluster.shared().emptyDatabase()
        try database.plain.run("BEGIN;\n" + PostgresMigration.sql + "COMMIT;")
        #expect(try database.dump() == PostgresCluster.shared().database().dump())
        #expect(try PostgresMigration(database.settings()).up(now: .start) == [])
        _ = try PostgresStore(database.settings())
    }

    @Test("The schema is the golden dump in fixtures/schema/postgres.sql")
    func golden() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "fixtures/schema/postgres.sql")
        let found = try PostgresCluster.shared().database().dump()
        if ProcessInfo.processInfo.environment["SENDONCE_WRITE_GOLDEN"] != nil {
            try found.write(to: file, atomically: true, encoding: .utf8)
        }
        let golden = try String(contentsOf: file, encoding: .utf8)
        #expect(found == golden, "the dump of a new database differs from the golden one")
    }

    @Test("A server that is told another encoding is refused, with the cure")
    func encoding() throws {
        let database = try PostgresCluster.shared().emptyDatabase("ENCODING 'LATIN1' LOCALE 'C'")
        let error = #expect(throws: StoreError.self) { try PostgresStore(database.settings()) }
        guard case .unavailable(let words) = error else {
            Issue.record("expected a refusal, got \(String(describing: error))")
            return
        }
        #expect(words.contains("LATIN1") && words.contains("createdb -E UTF8"))
    }
}

extension PostgresDatabase {
    /// The schema as `pg_dump` shows it, without what depends on its version or on the cluster.
    func dump() throws -> String {
        let dump = Process()
        dump.executableURL = URL(fileURLWithPath: try PostgresCluster.programs() + "/pg_dump")
        dump.arguments = [
            "--schema-only", "--no-owner", "--no-privileges", "-h", cluster.folder, "-U", "postgres", name,
        ]
        let output = Pipe()
        dump.standardOutput = output
        try dump.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        dump.waitUntilExit()
        let kept = text.split(separator: "\n", omittingEmptySubsequences: true).filter { line in
            !line.hasPrefix("--") && !line.hasPrefix("SET ") && !line.hasPrefix("SELECT pg_catalog.")
                && !line.hasPrefix("\\")
        }
        return kept.joined(separator: "\n") + "\n"
    }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z: when every test begins.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}
