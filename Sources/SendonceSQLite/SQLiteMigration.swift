// Brings a database to this program's schema, or says where it stands. Our version is kept in a table of our
// own, because the file may be the application's, and `user_version` and `application_id` are then the
// application's too.
import SchemaSQLite
package import SendonceCore
package import SendonceStore

/// Migrations of one database file. Safe when many processes run it at once: each step takes the write lock
/// first and looks again under it.
package struct SQLiteMigration: Migration {
    package let path: String
    package let settings: SQLiteSettings

    package init(path: String, settings: SQLiteSettings = SQLiteSettings()) {
        self.path = path
        self.settings = settings
    }

    /// The version that this program needs.
    package static var newest: Int { Schema.migrations.last?.number ?? 0 }

    /// Applies what is missing, each migration in a transaction of its own. Returns the numbers that this
    /// call applied.
    ///
    /// Errors: `.schemaFromTheFuture` if the database knows more than this program; `.damaged` if a migration
    /// that was applied differs from ours.
    package func up(now: Timestamp) throws(StoreError) -> [Int] {
        let session = try Session(path: path, settings: settings, readOnly: false)
        var applied: [Int] = []
        for migration in Schema.migrations {
            let isNew = try session.transaction { (session: Session) throws(StoreError) -> Bool in
                try session.run(Self.versionTable)
                guard try Self.check(session) < migration.number else { return false }
                try session.runScript(migration.sql)
                try session.run(
                    "INSERT INTO outbox_schema (version, name, digest, applied_at) VALUES (?, ?, ?, ?)"
                ) {
                    $0.add(migration.number)
                    $0.add(migration.name)
                    $0.add(DigestBuilder.digest(of: Array(migration.sql.utf8)))
                    $0.add(now)
                }
                return true
            }
            if isNew { applied.append(migration.number) }
        }
        return applied
    }

    /// Where the database stands; changes nothing. A file without our tables has no step applied.
    package func status() throws(StoreError) -> [MigrationStep] {
        let session = try Session(path: path, settings: settings, readOnly: true)
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
                VALUES (\(migration.number), '\(migration.name)', x'\(digest.description)',
                    CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER));

                """
        }
        return script
    }

    private static let versionTable = """
        CREATE TABLE IF NOT EXISTS outbox_schema (
            version    INTEGER PRIMARY KEY CHECK (version >= 1),
            name       TEXT NOT NULL,
            digest     BLOB NOT NULL CHECK (length(digest) = 32),
            applied_at INTEGER NOT NULL
        ) STRICT
        """

    /// The version of the database; 0 without our table. Throws if it is from the future or not what we
    /// applied.
    static func check(_ source: some StatementSource) throws(StoreError) -> Int {
        let table = try source.rows(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'outbox_schema'", { _ in }
        ) {
            $0.integer(0)
        }
        guard !table.isEmpty else { return 0 }
        let found = try source.rows(
            "SELECT version, name, digest FROM outbox_schema ORDER BY version", { _ in }
        ) {
            (row: Statement) throws(StoreError) in
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
