// Databases between which a log moves, and what a test does behind a store's back.
import Foundation
import GRDB
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceProjection
import SendonceSQLite
import SendonceStore
import SendonceTransfer
import Testing

/// From which store to which.
enum Direction: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqliteToPostgres, postgresToSQLite, sqliteToSQLite, postgresToPostgres

    static let across = [Direction.sqliteToPostgres, .postgresToSQLite]

    var testDescription: String { rawValue }
    var source: PlaceKind { self == .sqliteToPostgres || self == .sqliteToSQLite ? .file : .server }
    var target: PlaceKind { self == .sqliteToPostgres || self == .postgresToPostgres ? .server : .file }
}

enum PlaceKind: CaseIterable, Sendable {
    case file, server
}

/// A fresh, migrated database; removed with the last reference.
final class Place {
    let kind: PlaceKind
    private let folder: URL?
    private let database: PostgresDatabase?

    init(_ kind: PlaceKind) throws {
        self.kind = kind
        switch kind {
        case .file:
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "sendonce-test-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            self.folder = folder
            database = nil
            _ = try SQLiteMigration(path: path).up(now: .start)
        case .server:
            folder = nil
            database = try PostgresCluster.shared().database()
        }
    }

    deinit {
        if let folder { try? FileManager.default.removeItem(at: folder) }
    }

    private var path: String { folder?.appending(path: "test.db").path ?? "" }

    /// A store with connections of its own, as another process would have.
    func open() throws -> AnyStore {
        guard let database else { return try SQLiteStore(path: path) }
        return try PostgresStore(database.settings())
    }

    /// SQL of a person at the database, who is stopped by nothing but what the tables refuse.
    func run(_ sql: String) throws {
        if let database {
            try database.plain.run(sql)
        } else {
            try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: sql) }
        }
    }

    /// The first column of all rows, as text.
    func texts(_ sql: String) throws -> [String] {
        if let database { return try database.plain.run(sql).map { $0.first.flatMap(\.self) ?? "" } }
        return try DatabaseQueue(path: path).read { try String.fetchAll($0, sql: sql) }
    }

    /// Changes a recorded row as somebody can who owns the table.
    func tamper(_ table: String, _ update: String) throws {
        switch kind {
        case .file: try run("DROP TRIGGER \(table)_no_update; UPDATE \(table) SET \(update)")
        case .server:
            try run("ALTER TABLE \(table) DISABLE TRIGGER ALL; UPDATE \(table) SET \(update)")
        }
    }
}

/// Two places with a log in the first.
struct Move {
    let from: Place
    let to: Place
    let source: AnyStore
    let target: AnyStore

    init(_ direction: Direction, filled: Bool = true) throws {
        from = try Place(direction.source)
        to = try Place(direction.target)
        source = try from.open()
        target = try to.open()
        if filled { try Story.tell(to: source) }
    }

    static let act = TransferAct(actor: "ann", reason: "more hosts", now: .start + .days(40))

    var transfer: Transfer { Transfer(from: source, to: target) }

    @discardableResult
    func run(name: Text = "t1") throws -> TransferReport { try transfer.run(Move.act, name: name) }

    @discardableResult
    func confirm() throws -> AuthorityRecord {
        try TransferConfirmation.confirm(target, source: source, Move.act)
    }

    @discardableResult
    func takeBack() throws -> AuthorityRecord {
        try TransferConfirmation.takeBack(source, copy: target, Move.act)
    }
}

/// Whether this was refused because the log is not in force there.
func isFenced(_ body: () throws -> Void) -> Bool {
    do {
        try body()
        return false
    } catch let StoreError.fenced(words) {
        return !words.isEmpty
    } catch let ActivationError.store(.fenced(words)) {
        return !words.isEmpty
    } catch {
        return false
    }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z: when every test begins.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}
