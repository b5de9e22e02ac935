// One store with a place of its own, made anew for each test. Another store joins by another case here: the
// tests speak of ports only.
import Foundation
import SendonceCore
import SendonceSQLite
import SendonceStore
import Testing

/// Everything that a store offers, so that a test can use it without knowing which one it is.
typealias AnyStore = any ProjectionStore & CommandQueue & AuditReader & IntakeWriter

/// Which store a test runs on; the argument of every conformance test.
enum StoreUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite

    var testDescription: String { rawValue }
}

/// A fresh, migrated database; removed with the last reference.
final class TestPlace {
    private let folder: URL
    private let kind: StoreUnderTest

    init(_ kind: StoreUnderTest) throws {
        self.kind = kind
        folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        switch kind {
        case .sqlite: _ = try SQLiteMigration(path: path).up(now: .start)
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    private var path: String { folder.appending(path: "test.db").path }

    /// A store with connections of its own, as another process would have.
    func open() throws -> AnyStore {
        switch kind {
        case .sqlite: try SQLiteStore(path: path)
        }
    }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z: when every test begins.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}
