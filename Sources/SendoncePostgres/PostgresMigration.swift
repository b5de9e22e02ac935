// Brings a database to this program's schema, or says where it stands. Our version is kept in a table of our
// own, because the database may be the application's.
import SchemaPostgres
package import SendonceCore
package import SendonceStore

/// Migrations of one database. Safe when many processes run it at once: each step writes its version first,
/// and the primary key lets one of them do so; the others wait, look again, and find it done. No advisory
/// lock is needed, which some engines accept and do not keep.
package struct PostgresMigration: Migration {
    package let settings: PostgresSettings

    package init(_ settings: PostgresSettings) {
        self.settings = settings
    }

    /// The version that this program needs.
    package static var newest: Int { Schema.migrations.last?.number ?? 0 }

    /// How often a step that met another process is looked at again. Each time one of them got further.
    private static let rounds = 50

    /// Applies what is missing, each migration in a transaction of its own. Returns the numbers that this
    /// call applied.
    ///
    /// Errors: `.schemaFromTheFuture` if the database knows more than this program; `.damaged` if a migration
    /// that was applied differs from ours; `.busy` if a lock was not to be had in time.
    package func up(now: Timestamp) throws(StoreError) -> [Int] {
        let session = Session(settings)
        var applied: [Int] = []
        for migration in Schema.migrations {
            if try apply(migration, on: session, now: now) { applied.append(migration.number) }
        }
        return applied
    }

    private func apply(
        _ migration: (number: Int, name: String, sql: String), on session: Session, now: Timestamp
    ) throws(StoreError) -> Bool {
        var round = 1
        while true {
            do throws(StoreError) {
                return try session.transaction { (session: Session) throws(StoreError) -> Bool in
                    try session.runScript(Self.versionTable)
                    guard try Self.check(session) < migration.number else { return false }
                    try session.run(
                        """
                        INSERT INTO outbox_schema (version, name, digest, applied_at)
                        VALUES ($1, $2, $3, $4)
                        """
                    ) {
                        $0.add(migration.number)
                        $0.add(migration.name)
                        $0.add(DigestBuilder.digest(of: Array(migration.sql.utf8)))
                        $0.add(now)
                    }
                    try session.runScript(migration.sql)
                    return true
                }
            } catch {
                switch error {
                // Another process made the version table, or wrote this version, at the same moment.
                case .conflict where round < Self.rounds: round += 1
                case .busy(let words):
                    throw .busy(
                        "migration \(migration.number) waited for a lock that another migration or a long "
                            + "transaction holds, and gave up: \(words)")
                default: throw error
                }
            }
        }
    }

    /// Where the database stands; changes nothing. A database without our tables has no step applied.
    package func status() throws(StoreError) -> [MigrationStep] {
        let session = Session(settings)
        return try session.snapshot { (session: Session) throws(StoreError) -> [MigrationStep] in
            let isPresent = try Self.check(session) > 0
            var times: [Int: Timestamp] = [:]
            if isPresent {
                let rows = try session.rows("SELECT version, applied_at FROM outbox_schema") {
                    (Int($0.integer(0)), $0.time(1))
                }
                for (version, time) in rows { times[version] = time }
            }
            return Schema.migrations.map {
                MigrationStep(number: $0.number, name: $0.name, appliedAt: times[$0.number])
            }
        }
    }

    /// All migrations as one script for the application's own migration tool. It records the versions too, so
    /// that a later `up` knows. It opens no transaction: the tool does.
    package static var sql: String {
        var script = versionTable + ";\n"
        for migration in Schema.migrations {
            let digest = DigestBuilder.digest(of: Array(migration.sql.utf8))
            script += "\n" + migration.sql
            script += """

                INSERT INTO outbox_schema (version, name, digest, applied_at)
                VALUES (\(migration.number), '\(migration.name)', '\\x\(digest.description)',
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);

                """
        }
        return script
    }

    private static let versionTable = """
        CREATE TABLE IF NOT EXISTS outbox_schema (
            version    BIGINT PRIMARY KEY CHECK (version >= 1),
            name       TEXT COLLATE "C" NOT NULL,
            digest     BYTEA NOT NULL CHECK (octet_length(digest) = 32),
            applied_at BIGINT NOT NULL
        )
        """

    /// The version of the database; 0 without our table. Throws if it is from the future or not what we
    /// applied.
    static func check(_ session: Session) throws(StoreError) -> Int {
        let isPresent = try session.first("SELECT to_regclass('outbox_schema') IS NOT NULL") {
            $0.boolean(0)
        }
        guard isPresent == true else { return 0 }
        let found = try session.rows("SELECT version, name, digest FROM outbox_schema ORDER BY version") {
            (row: Row) throws(StoreError) in
            (Int(row.integer(0)), row.text(1).string, try row.digest(2))
        }
        if let last = found.last, last.0 > newest {
            throw .schemaFromTheFuture(found: last.0, known: newest)
        }
        for (ours, theirs) in zip(Schema.migrations, found) {
            guard theirs.0 == ours.number, theirs.2 == DigestBuilder.digest(of: Array(ours.sql.utf8)) else {
                throw .damaged("migration \(theirs.0) (\(theirs.1)) is not the one that this program knows")
            }
        }
        return found.last?.0 ?? 0
    }
}
