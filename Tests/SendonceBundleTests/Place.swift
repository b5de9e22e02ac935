// Databases with a log in them, on both stores, and files beside them.
import Foundation
import GRDB
import PostgresSupport
import SendonceBundle
import SendonceCore
import SendoncePostgres
import SendonceProjection
import SendonceRules
import SendonceSQLite
import SendonceStore
import Testing

enum PlaceKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case file, server

    var testDescription: String { rawValue }
}

/// A fresh, migrated database, and a folder for files; removed with the last reference.
final class Place {
    let kind: PlaceKind
    let store: AnyStore
    private let folder: URL
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

    func path(_ name: String = "export.jsonl") -> String { folder.appending(path: name).path }

    /// SQL of a person at the database.
    func run(_ sql: String) throws {
        if let database {
            try database.plain.run(sql)
        } else {
            try DatabaseQueue(path: path("test.db")).writeWithoutTransaction { try $0.execute(sql: sql) }
        }
    }

    /// The first column of all rows, as text.
    func texts(_ sql: String) throws -> [String] {
        if let database { return try database.plain.run(sql).map { $0.first.flatMap(\.self) ?? "" } }
        return try DatabaseQueue(path: path("test.db")).writeWithoutTransaction {
            try String.fetchAll($0, sql: sql)
        }
    }

    // MARK: Export

    @discardableResult
    func export(
        from first: Int64 = 1, through last: Int64? = nil, redaction: Redaction? = nil,
        to name: String = "export.jsonl"
    ) throws -> ExportReport {
        var bytes: [UInt8] = []
        let report = try Export(from: store).run(
            from: first, through: last, redaction: redaction, now: .start + .days(1),
            write: { lines in bytes += lines })
        try Data(bytes).write(to: folder.appending(path: name))
        return report
    }

    func bytes(_ name: String = "export.jsonl") throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    func lines(_ name: String = "export.jsonl") throws -> [String] {
        String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// A file with these lines, or with other bytes.
    func write(_ lines: [String], to name: String = "changed.jsonl") throws -> String {
        try write(Array((lines.joined(separator: "\n") + "\n").utf8), to: name)
    }

    func write(_ bytes: [UInt8], to name: String = "changed.jsonl") throws -> String {
        try Data(bytes).write(to: folder.appending(path: name))
        return path(name)
    }

    // MARK: Log

    func activate(_ rules: String, by actor: Text = "Zoë", at time: Timestamp = .start) throws {
        let templates = [
            "order.subject.mustache": "Order {{data.order}}", "order.txt.mustache": "From \(Self.sender)",
        ]
        let parsed = try RuleFile.parse(Array(rules.utf8), fileName: "rules") {
            templates[$0].map { Array($0.utf8) }
        }
        _ = try RuleSetActivation.activate(
            RuleSetActivation.plan(parsed, in: store), actor: actor, reason: "für alle", confirmedKeys: 1_000,
            now: time, in: store)
    }

    func project(at time: Timestamp = .start + .hours(1)) throws {
        let projector = LiveProjector(store: store, batchEvents: 7)
        while case .moved = try projector.step(now: time) {}
    }

    /// Events as the log may have them, past the intake and its checks.
    func log(_ events: [Event]) throws {
        try store.project { transaction throws(StoreError) in
            var batch = ProjectedBatch()
            var head = try transaction.head()
            for event in events {
                head = head.adding(event)
                batch.events.append(
                    LoggedEvent(
                        position: head.position, event: event, link: head.link,
                        recordedAt: .start + .minutes(head.position)))
                batch.decisions.append(Decision(position: head.position, reason: .noRule))
            }
            try transaction.write(batch)
        }
    }

    /// Two activations, orders around them, and every kind of envelope.
    func fill() throws {
        try activate(Self.rules("1"))
        for number in 1...9 { _ = try store.append(Self.order(number)) }
        _ = try store.append(Self.order(3))
        try project()
        try activate(Self.rules("2"), by: "bob", at: .start + .hours(2))
        _ = try store.append(
            NewEvent(
                id: "e-1", type: "order.placed", source: "shop", subject: "Größe 3",
                payload: Array("{ \"order\": \"日本é\u{301}🎈\",\n \"email\":\"ü@x.test\" }".utf8),
                occurredAt: "2026-11-21 00:30:00.123456+01:00",
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        for number in 10...20 { _ = try store.append(Self.order(number)) }
        try project(at: .start + .hours(3))
    }

    static func order(_ number: Int, email: String = "ann@x.test") -> NewEvent {
        NewEvent(
            type: "order.placed", payload: Array(#"{"order":\#(number),"email":"\#(email)"}"#.utf8),
            occurredAt: "2026-11-21T00:00:00Z")
    }

    static let sender = "no-reply@shop.example"

    static func rules(_ template: String) -> String {
        """
        version: 1
        defaults: { route: a, from: "Shop <\(sender)>" }
        rules:
          confirmation:
            event: order.placed
            to: data.email
            once_per: [data.order]
            template: { file: order }
          review-\(template):
            event: order.delivered
            to: data.email
            once_per: [data.order, recipient]
            template: { provider_id: "\(template)" }

        """
    }
}

/// All events of a log, in pages of some length.
func events(of log: any LogReader, limit: Int = 7) throws -> [LoggedEvent] {
    var (all, last): ([LoggedEvent], Int64) = ([], 0)
    while true {
        let page = try log.events(after: last, limit: limit, bytes: .max)
        guard let end = page.last else { return all }
        all += page
        last = end.position
    }
}

func events(of store: AnyStore) throws -> [LoggedEvent] {
    try store.events(after: 0, type: nil, limit: 10_000)
}

/// What a table holds.
func rows(_ table: TransferTable, of store: AnyStore) throws -> [TransferRow] {
    try store.rows(of: table, after: nil, limit: 10_000, bytes: .max)
}

/// The words of whatever ended it.
func words(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "nothing was wrong"
    } catch let error as BundleError {
        return error.description
    } catch let error as StoreError {
        return error.description
    } catch {
        return "\(error)"
    }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z: when every test begins.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}
