// A scenario on a real SQLite file, through the intake, the live projector and the activation; read back with
// plain SQL.
import Foundation
import GRDB
import SendonceCore
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Testing

/// A migrated database in a directory of its own, removed with it.
final class ScratchStore: Sendable {
    let path: String
    let store: SQLiteStore
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(
            path: "sendonce-scenario-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        path = directory.appending(path: "scenario.sqlite").path
        _ = try SQLiteMigration(path: path).up(now: Timestamp(microseconds: 0))
        store = try SQLiteStore(path: path)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try DatabaseQueue(path: path).read(body)
    }

    /// Runs any statement, as a careless person might.
    func execute(_ sql: String) throws {
        try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    func number(_ sql: String) throws -> Int {
        try read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }
}

enum LiveScenario {
    static func run(_ scenario: Scenario, batchEvents: Int) throws -> ScenarioResult {
        let scratch = try ScratchStore()
        let projector = LiveProjector(store: scratch.store, batchEvents: batchEvents)
        for line in scenario.lines {
            switch line {
            case .event(let event, let time):
                _ = try scratch.store.append(
                    NewEvent(
                        id: event.id, type: event.type, source: event.source.isEmpty ? nil : event.source,
                        subject: event.subject, payload: event.payload, occurredAt: time))
            case .batch: try drain(projector)
            case .activation(let file, let freedKeys, let time):
                try drain(projector)
                let plan = try RuleSetActivation.plan(scenario.rules(file), in: scratch.store)
                _ = try RuleSetActivation.activate(
                    plan, actor: "scenario", reason: "golden", confirmedKeys: freedKeys, now: time,
                    in: scratch.store)
            }
        }
        try drain(projector)
        return try scratch.read(result)
    }

    private static func drain(_ projector: LiveProjector) throws {
        while case .moved = try projector.step(now: Timestamp(microseconds: 0)) {}
    }

    private static func result(_ database: Database) throws -> ScenarioResult {
        let decisions = try Row.fetchAll(
            database,
            sql: """
                SELECT d.*, c.slot, c.not_before, c.expires_at FROM outbox_decision d
                LEFT JOIN outbox_command c ON c.id = d.command AND d.reason = 'emitted'
                ORDER BY d.position, d.rule, d.item
                """)
        let endings = try Row.fetchAll(
            database,
            sql: """
                SELECT c.id, q.cancelled_by, q.superseded_by FROM outbox_queue q
                JOIN outbox_command c ON c.number = q.command
                WHERE q.cancelled_by IS NOT NULL OR q.superseded_by IS NOT NULL ORDER BY c.number
                """)
        let link = try Data.fetchOne(
            database, sql: "SELECT link FROM outbox_log ORDER BY position DESC LIMIT 1")
        return ScenarioResult(
            lines: decisions.map(line)
                + endings.map {
                    EndingLine(
                        command: $0["id"], cancelledBy: $0["cancelled_by"], supersededBy: $0["superseded_by"]
                    ).text
                },
            link: link.map { $0.map { String(format: "%02x", $0) }.joined() }
                ?? LogHead.empty.link.description)
    }

    private static func line(_ row: Row) -> String {
        let reason: String = row["reason"]
        let line = DecisionLine(
            position: row["position"], rule: text(row, "rule") ?? "", item: row["item"], reason: reason,
            winner: row["winner"], until: time(row["until"]), detail: row["detail"], key: text(row, "key"),
            recipient: text(row, "recipient"), command: row["command"], slot: text(row, "slot"),
            notBefore: time(row["not_before"]), expiresAt: time(row["expires_at"]))
        return line.text
    }

    private static func text(_ row: Row, _ column: String) -> Text? {
        let string: String? = row[column]
        return string.map { Text($0) }
    }

    private static func time(_ microseconds: Int64?) -> Timestamp? {
        microseconds.map { Timestamp(microseconds: $0) }
    }
}
