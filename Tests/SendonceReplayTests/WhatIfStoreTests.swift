// The same events through either store, and without any: one report.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceCore
import SendoncePostgres
import SendonceProjection
import SendonceReplay
import SendonceSQLite
import SendonceStore
import Testing

@Suite("What-if: one report whatever holds the log")
struct WhatIfStoreTests {
    /// Hides what a store has beside the log, as an exported file has nothing else.
    private struct LogAlone: LogReader {
        let log: any LogReader

        func head() throws(StoreError) -> LogHead { try log.head() }
        func activations() throws(StoreError) -> [Activation] { try log.activations() }
        func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
            try log.ruleSetFiles(digest)
        }
        func events(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent] {
            try log.events(after: position, limit: min(limit, 3), bytes: bytes)
        }
    }

    @Test("SQLite, PostgreSQL and a log alone give the same report, repeated events included")
    func stores() throws {
        let sandbox = try Sandbox()
        let path = sandbox.path("shop.sqlite")
        _ = try SQLiteMigration(path: path).up(now: Timestamp(microseconds: 0))
        try fill(SQLiteStore(path: path))
        let database = try PostgresCluster.shared().database()
        try fill(PostgresStore(database.settings()))
        let file = try SQLiteReplayLog(path: path)
        let server = try PostgresReplayLog(database.settings())
        let expected = try report(file)
        #expect(expected.counts == .init(new: 2, lost: 2, unchanged: 2))
        for log in [server, LogAlone(log: file), LogAlone(log: server)] as [any LogReader] {
            let found = try report(log)
            #expect(found.json.jsonText == expected.json.jsonText)
            #expect(found.table == expected.table)
        }
    }

    private func report(_ log: any LogReader) throws -> WhatIfReport {
        let rules = try WhatIfRules.parsed(
            WhatIfRules.rule("receipt", extra: ["was: confirmation"]),
            WhatIfRules.rule("survey", key: "recipient", extra: ["every: 1h"]))
        var request = WhatIfRequest(rules: rules, file: "rules.yaml")
        request.start = .position(3)
        var comparison = WhatIf(log, request)
        return try comparison.run()
    }

    private func fill(_ store: any ProjectionStore & RuleSetReader & IntakeWriter) throws {
        let noon = try #require(Timestamp("2026-03-01T12:00:00Z"))
        let plan = try RuleSetActivation.plan(
            WhatIfRules.parsed(WhatIfRules.rule("confirmation"), WhatIfRules.rule("hello", key: "recipient")),
            in: store)
        _ = try RuleSetActivation.activate(
            plan, actor: "ann", reason: "", confirmedKeys: nil, now: noon, in: store)
        let events: [(id: Text?, order: Int, name: String)] = [
            ("e-1", 1, "ann"), ("e-2", 2, "bob"), ("e-1", 3, "cid"), (nil, 4, "bob"), ("e-2", 5, "dan"),
            (nil, 1, "eve"),
        ]
        for event in events {
            _ = try store.append(
                NewEvent(
                    id: event.id, type: "order.placed", source: "shop",
                    payload: Array(#"{"order":\#(event.order),"email":"\#(event.name)@x.test"}"#.utf8),
                    occurredAt: "2026-03-01T13:00:00Z"))
        }
        let projector = LiveProjector(store: store, batchEvents: 2)
        while case .moved = try projector.step(now: noon) {}
    }
}
