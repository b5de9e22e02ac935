// A backfill on PostgreSQL, beside a process that holds the projector's lease, comes to what SQLite has.
import Foundation
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceProjection
import SendonceRules
import SendonceSQLite
import SendonceStore
import Testing

@Suite struct BackfillTests {
    typealias Store = ProjectionStore & AuditReader & IntakeWriter & PastReader

    @Test("Both stores come to the same, also where another process projects")
    func same() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "test.db").path
        _ = try SQLiteMigration(path: path).up(now: .start)
        let database = try PostgresCluster.shared().database()
        let sqlite = try story(SQLiteStore(path: path), act: SQLiteStore(path: path))
        // The first store keeps the lease; the second one acts.
        let postgres = try story(
            PostgresStore(database.settings()), act: PostgresStore(database.settings()))
        #expect(sqlite == postgres)
        #expect(sqlite.count { $0.contains("emitted") } > 500)
        for word in ["duplicate", "cancels", "superseded 59", "repeated_event"] {
            #expect(sqlite.contains { $0.contains(word) }, "\(word)")
        }
    }

    private func story(_ store: any Store, act: any Store) throws -> [String] {
        try activate("nobody.cares", in: store)
        for number in 1...650 {
            let type: Text = number % 7 == 0 ? "order.returned" : "order.placed"
            let payload = #"{"order":\#(number % 600),"user":\#(number % 590),"email":"ann@x.test"}"#
            _ = try store.append(
                NewEvent(
                    id: number % 50 == 0 ? "e" : nil, type: type, payload: Array(payload.utf8),
                    occurredAt: Text((Timestamp.start + .minutes(Int64(number))).text)))
        }
        let projector = LiveProjector(store: store)
        while case .moved = try projector.step(now: .start) {}
        try activate("order.placed", in: store)
        let request = BackfillRequest(
            rule: "late", from: .position(1), through: .position(try store.head().position), actor: "ann",
            reason: "why")
        let backfill = try RuleBackfill(request, in: act)
        let plan = try backfill.plan(now: .start + .days(1))
        let done = try backfill.run(confirmed: plan.toConfirm, now: { .start + .days(1) })
        #expect(done.isLast && done.part == 2 && done.totals.sendable == plan.toConfirm)
        #expect(try backfill.run(confirmed: 0, now: { .start + .days(1) }) == done)
        var lines: [String] = ["\(done.totals)"]
        for logged in try store.events(after: 0, type: nil, limit: 10_000) {
            lines.append("\(logged.position) \(logged.link)")
            for decision in try store.decisions(at: logged.position) { lines.append("\(decision)") }
        }
        for message in try store.messages(MessageFilter(), before: nil, limit: 10_000) {
            guard case .queued(let queue) = message.standing else { continue }
            lines.append(
                "\(message.number) \(message.position) \(queue.dueAt.text) cancelled "
                    + "\(queue.cancelledBy.map(String.init) ?? "-") superseded "
                    + "\(queue.supersededBy.map(String.init) ?? "-")")
        }
        return lines
    }

    private func activate(_ event: String, in store: any Store) throws {
        let text = """
            version: 1
            defaults: { route: a, from: shop@shop.example }
            rules:
              late:
                event: \(event)
                to: data.email
                once_per: [data.order]
                supersedes: [data.user]
                cancel_on: { event: order.returned, key: [data.order] }
                template: { provider_id: "1" }

            """
        let rules = try RuleFile.parse(Array(text.utf8), fileName: "rules") { _ in nil }
        _ = try RuleSetActivation.activate(
            RuleSetActivation.plan(rules, in: store), actor: "ann", reason: "", confirmedKeys: 9_999,
            now: .start, in: store)
    }
}
