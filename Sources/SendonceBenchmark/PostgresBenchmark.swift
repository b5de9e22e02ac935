// The PostgreSQL store at work, on an empty database that `SENDONCE_BENCHMARK_POSTGRES` names. Without it
// nothing is measured.
import Foundation
import SendonceCore
import SendoncePostgres
import SendonceProjection
import SendonceRules
import SendonceStore

enum PostgresBenchmark {
    /// The issue's floors, a second.
    private static let projectionFloor = 25_000.0
    private static let cycleFloor = 60_000.0

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        guard let connection = ProcessInfo.processInfo.environment["SENDONCE_BENCHMARK_POSTGRES"] else {
            return []
        }
        let settings = PostgresSettings(connection: connection)
        _ = try PostgresMigration(settings).up(now: Clock.now())
        let store = try PostgresStore(settings, name: "benchmark")
        try activate(store)
        let plain = PlainConnection(connection)
        let events = sizes.projectedEvents
        try fill(plain, from: 0, count: events)
        let free = try project(store, events)
        let cycle = try Clock.cost { try deliver(store, commands: events) }
        // An old snapshot keeps every row that is moved or sent from now on.
        let idle = PlainConnection(connection)
        try idle.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM outbox")
        var late: [Double] = []
        for round in 1...5 {
            try fill(plain, from: round * events, count: events)
            let cost = try project(store, events)
            try deliver(store, commands: events)
            late.append(Double(events) / cost.seconds)
        }
        return [
            Figure(
                "projection on PostgreSQL", Double(events) / free.seconds, "events/s",
                floor: .atLeast(projectionFloor)),
            Figure("  processor time of an event", free.processor / Double(events) * 1e6, "us"),
            Figure(
                "claim and settle on PostgreSQL, 500 at a time", Double(events) / cycle.seconds, "commands/s",
                floor: .atLeast(cycleFloor)),
            Figure(
                "projection, vacuum held back: fifth round", late[4], "events/s", reference: late[0],
                ratio: late[4] / late[0], floor: .ratio(0.8)),
        ]
    }

    private static func activate(_ store: PostgresStore) throws {
        let parsed = try RuleFile.parse(Array(Workload.rules.utf8), fileName: "rules.yaml") { _ in nil }
        let plan = try RuleSetActivation.plan(parsed, in: store)
        _ = try RuleSetActivation.activate(
            plan, actor: "benchmark", reason: "benchmark", confirmedKeys: nil, now: Clock.now(), in: store)
    }

    private static func fill(_ plain: PlainConnection, from first: Int, count: Int) throws {
        var next = first
        while next < first + count {
            let rows = (next..<min(next + 1_000, first + count)).map {
                "('\(Workload.eventType)', '\(Workload.payload($0))')"
            }
            try plain.run("INSERT INTO outbox (event_type, payload) VALUES " + rows.joined(separator: ","))
            next += 1_000
        }
    }

    private static func project(_ store: PostgresStore, _ events: Int) throws -> Cost {
        let projector = LiveProjector(store: store)
        var moved = 0
        return try Clock.cost {
            while moved < events {
                guard case .moved(let batch) = try projector.step(now: Clock.now()) else {
                    throw BenchmarkError("\(moved) of \(events) events were moved, and no more come")
                }
                moved += batch.events
            }
        }
    }

    private static func deliver(_ store: PostgresStore, commands: Int) throws {
        var settled = 0
        while settled < commands {
            let report = try store.claim(
                [RouteShare(route: "brevo", commands: 500)], now: Clock.now(), lease: .minutes(1),
                dispatcher: "benchmark"
            ) { _ in .attempt(request: .zero) }
            guard !report.claimed.isEmpty else {
                throw BenchmarkError("\(settled) of \(commands) commands were sent, and no more come")
            }
            let now = Clock.now()
            settled += try store.settle(
                report.claimed.map {
                    Settlement(
                        number: $0.due.number, attempt: $0.attempt,
                        token: $0.token,
                        verdict: Verdict(.accepted, messageID: "<1@x.test>", code: "http_201"),
                        step: .finish(.accepted), status: 201, issues: 1, finishedAt: now)
                }
            ).count
        }
    }
}
