// Migrations of a PostgreSQL database.
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceStore
import Testing

@Suite struct MigrationTests {
    @Test("A second migration does nothing, and the store opens")
    func twice() throws {
        let database = try PostgresCluster.shared().emptyDatabase()
        let migration = PostgresMigration(database.settings())
        #expect(throws: StoreError.schemaTooOld(found: 0, needed: PostgresMigration.newest)) {
            try PostgresStore(database.settings())
        }
        #expect(try migration.up(now: .start) == [1])
        #expect(try migration.up(now: .start) == [])
        #expect(try migration.status().map(\.appliedAt) == [.start])
        _ = try PostgresStore(database.settings()).counts()
    }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z: when every test begins.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}
