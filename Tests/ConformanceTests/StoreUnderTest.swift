// One store with a place of its own, made anew for each test. Another store joins by another case here: the
// tests speak of ports only.
import Foundation
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceSQLite
import SendonceStore
import Testing

/// Everything that a store offers, so that a test can use it without knowing which one it is.
typealias AnyStore = any ProjectionStore & CommandQueue & AuditReader & IntakeWriter & PastReader
    & ActWriter & FenceKeeper

/// Which store a test runs on; the argument of every conformance test.
enum StoreUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgres
    /// Through a proxy that gives each transaction another connection.
    case postgresPooled

    var testDescription: String { rawValue }

    /// Whether a claim locks the rows that it reads, rather than comparing them when it writes.
    var locksWhatItReads: Bool { self != .sqlite }
    /// Whether texts of the envelope may hold a NUL; where not, none can come in.
    var keepsNUL: Bool { self == .sqlite }
}

/// A fresh, migrated database; removed with the last reference.
final class TestPlace {
    private enum Place {
        case file(folder: URL)
        case database(PostgresDatabase, isPooled: Bool)
    }

    private let place: Place

    init(_ kind: StoreUnderTest) throws {
        switch kind {
        case .sqlite:
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "sendonce-test-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            place = .file(folder: folder)
            _ = try SQLiteMigration(path: path(in: folder)).up(now: .start)
        case .postgres, .postgresPooled:
            let database = try PostgresCluster.shared().database()
            place = .database(database, isPooled: kind == .postgresPooled)
        }
    }

    deinit {
        if case .file(let folder) = place { try? FileManager.default.removeItem(at: folder) }
    }

    private func path(in folder: URL) -> String { folder.appending(path: "test.db").path }

    /// A store with connections of its own, as another process would have. `patience` is how long it waits
    /// for what another one has locked.
    func open(patience: Span = .seconds(5)) throws -> AnyStore {
        switch place {
        case .file(let folder):
            try SQLiteStore(
                path: path(in: folder),
                settings: SQLiteSettings(busyTimeout: Double(patience.microseconds) / 1_000_000))
        case .database(let database, let isPooled):
            try PostgresStore(
                isPooled
                    ? database.pooledSettings(lockTimeout: patience)
                    : database.settings(lockTimeout: patience))
        }
    }
}

extension TestPlace {
    /// The log as replay opens it.
    func replayLog() throws -> any RecordReader {
        switch place {
        case .file(let folder): try SQLiteReplayLog(path: path(in: folder))
        case .database(let database, let isPooled):
            try PostgresReplayLog(isPooled ? database.pooledSettings() : database.settings())
        }
    }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z: when every test begins.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}
