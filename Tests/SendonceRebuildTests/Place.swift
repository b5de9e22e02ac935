// Databases of both kinds, with what a test does behind a store's back.
import Foundation
import GRDB
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceRebuild
import SendonceReplay
import SendonceSQLite
import SendonceStore
import SendonceTransfer
import Testing

enum PlaceKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case file, server

    var testDescription: String { rawValue }
    var other: PlaceKind { self == .file ? .server : .file }
}

/// A fresh, migrated database; removed with the last reference.
final class Place {
    let kind: PlaceKind
    let store: AnyStore
    let folder: URL
    private let database: PostgresDatabase?

    init(_ kind: PlaceKind) throws {
        self.kind = kind
        folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        switch kind {
        case .file:
            database = nil
            let path = folder.appending(path: "test.db").path
            _ = try SQLiteMigration(path: path).up(now: .start)
            store = try SQLiteStore(path: path)
        case .server:
            let made = try PostgresCluster.shared().database()
            database = made
            store = try PostgresStore(made.settings())
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// What somebody does who owns the tables: nothing refuses it.
    func damage(_ tables: [String], _ sql: String) throws {
        if let database {
            let off = tables.map { "ALTER TABLE \($0) DISABLE TRIGGER ALL;" }.joined()
            try database.plain.run("\(off) SET session_replication_role = replica; \(sql)")
        } else {
            var configuration = Configuration()
            configuration.foreignKeysEnabled = false
            let queue = try DatabaseQueue(
                path: folder.appending(path: "test.db").path, configuration: configuration)
            try queue.writeWithoutTransaction { database in
                for table in tables {
                    let names = try String.fetchAll(
                        database,
                        sql: "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?",
                        arguments: [table])
                    for name in names { try database.execute(sql: "DROP TRIGGER \(name)") }
                }
                try database.execute(sql: sql)
            }
        }
    }

    /// Empties tables, as a disk or a person may.
    func empty(_ tables: TransferTable...) throws {
        try damage(
            tables.map(\.name), tables.map { "DELETE FROM \($0.name);" }.joined(separator: "\n"))
    }

    /// The first column of all rows, as text.
    func texts(_ sql: String) throws -> [String] {
        if let database { return try database.plain.run(sql).map { $0.first.flatMap(\.self) ?? "" } }
        return try DatabaseQueue(path: folder.appending(path: "test.db").path).read {
            try String.fetchAll($0, sql: sql)
        }
    }

    func number(_ sql: String) throws -> Int { Int(try texts(sql).first ?? "") ?? -1 }

    /// What each table comes to.
    func digests() throws -> [String: TableDigest] {
        var digests: [String: TableDigest] = [:]
        for table in TransferTable.all { digests[table.name] = try store.digest(of: table) }
        return digests
    }

    /// What replay says of the log and of all that is recorded by it.
    func verify() throws -> Certificate {
        let path = folder.appending(path: "test.db").path
        let log: any RecordReader =
            try database.map { try PostgresReplayLog($0.settings()) } ?? SQLiteReplayLog(path: path)
        var verification = Verification(log, VerificationRequest(place: "here")) { .start }
        return try verification.run()
    }

    var isInForce: Bool { (try? store.checkAuthority()) != nil }
}

/// A log and the database into which it is rebuilt.
struct Pair {
    let old: Place
    let new: Place

    static let act = TransferAct(actor: "ann", reason: "lost tables", now: .start + .days(400))

    init(old: Place, new: Place) {
        self.old = old
        self.new = new
    }

    init(_ from: PlaceKind, _ to: PlaceKind, seed: UInt64 = 1, isBackfilling: Bool = true) throws {
        self.init(old: try Place(from), new: try Place(to))
        var story = try Story(seed: seed, in: old.store, isBackfilling: isBackfilling)
        try story.tell()
    }

    var rebuild: Rebuild { Rebuild(from: old.store, to: new.store) }

    @discardableResult
    func run(name: Text = "r1") throws -> RebuildReport { try rebuild.run(Pair.act, name: name) }

    @discardableResult
    func confirm() throws -> AuthorityRecord {
        try TransferConfirmation.confirm(new.store, source: old.store, Pair.act)
    }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z: when every test begins.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}

/// The words of the error with which this ends; empty if it does not.
func words(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch let error as TransferError {
        return error.description
    } catch let error as StoreError {
        return error.description
    } catch {
        return "\(error)"
    }
}
