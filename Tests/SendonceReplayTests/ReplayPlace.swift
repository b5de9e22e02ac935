// A log on either store, what replay sees of it, and what somebody does behind Sendonce's back.
import Foundation
import GRDB
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceReplay
import SendonceSQLite
import SendonceStore
import Testing

typealias LiveStore = any ProjectionStore & CommandQueue & AuditReader & IntakeWriter & PastReader

enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite, postgres

    var testDescription: String { rawValue }
}

/// A fresh, migrated database; removed with the last reference.
final class ReplayPlace {
    let kind: StoreKind
    let store: LiveStore
    private let folder: URL?
    private let database: PostgresDatabase?

    init(_ kind: StoreKind) throws {
        self.kind = kind
        switch kind {
        case .sqlite:
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "sendonce-replay-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let path = folder.appending(path: "log.db").path
            _ = try SQLiteMigration(path: path).up(now: .start)
            (self.folder, database) = (folder, nil)
            store = try SQLiteStore(path: path)
        case .postgres:
            let database = try PostgresCluster.shared().database()
            (folder, self.database) = (nil, database)
            store = try PostgresStore(database.settings())
        }
    }

    deinit {
        if let folder { try? FileManager.default.removeItem(at: folder) }
    }

    private var path: String { folder?.appending(path: "log.db").path ?? "" }

    /// The log as replay opens it, with so many connections beside it; with some, pages of a file are as
    /// short as pages can be.
    func log(readers: Int = 0) throws -> any RecordReader {
        guard let database else {
            let patience = readers > 0 ? Duration.zero : .seconds(60)
            return try SQLiteReplayLog(path: path, readers: readers, patience: patience)
        }
        return try PostgresReplayLog(database.settings(), readers: readers)
    }

    /// Verifies on one thread and on several: what the certificate says must not depend on that.
    func verify(_ change: (inout VerificationRequest) -> Void = { _ in }) throws -> Certificate {
        let certificate = try verify(readers: 0, change)
        #expect(try verify(readers: 3, change).json.jsonText == certificate.json.jsonText)
        return certificate
    }

    /// Verifies once, also a log that goes on meanwhile.
    func verify(
        readers: Int, _ change: (inout VerificationRequest) -> Void = { _ in }
    ) throws -> Certificate {
        var request = VerificationRequest(place: "here")
        change(&request)
        var verification = Verification(try log(readers: readers), request) { .start }
        return try verification.run()
    }

    /// Changes what is recorded, as somebody can who owns the tables.
    func tamper(_ sql: String) throws {
        let tables = [
            "outbox_log", "outbox_rule_set", "outbox_activation", "outbox_scope", "outbox_decision",
            "outbox_ledger", "outbox_command", "outbox_attempt", "outbox_outcome", "outbox_finish",
        ]
        if let database {
            let off = tables.map { "ALTER TABLE \($0) DISABLE TRIGGER ALL;" }.joined(separator: " ")
            try database.plain.run(off)
            try database.plain.run(sql)
            return
        }
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        try DatabaseQueue(path: path, configuration: configuration).writeWithoutTransaction { database in
            let names = try String.fetchAll(
                database, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            for name in names { try database.execute(sql: "DROP TRIGGER \(name)") }
            try database.execute(sql: sql)
        }
    }

    /// Whether nobody reads or writes in this moment.
    func isFree() throws -> Bool {
        if database != nil {
            return try number(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                    AND pid <> pg_backend_pid() AND backend_type = 'client backend'
                    AND (backend_xmin IS NOT NULL OR xact_start IS NOT NULL)
                """) == 0
        }
        // Waits for nobody.
        return try DatabaseQueue(path: path).writeWithoutTransaction { database in
            try Int64.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)") == 0
        }
    }

    /// The first column of all rows, as numbers.
    func numbers(_ sql: String) throws -> [Int64] {
        if let database {
            return try database.plain.run(sql).compactMap { $0.first??.description }.compactMap { Int64($0) }
        }
        return try DatabaseQueue(path: path).read { try Int64.fetchAll($0, sql: sql) }
    }

    func number(_ sql: String) throws -> Int64 { try #require(try numbers(sql).first) }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z: when every test begins.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}
