// The same random events and rules through the live projector on both stores: what is decided, which commands
// are emitted, which keys are won and how the log is linked must be equal.
import Foundation
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceProjection
import SendonceRules
import SendonceSQLite
import SendonceStore
import Testing

@Suite struct DifferentialTests {
    typealias Store = ProjectionStore & CommandQueue & AuditReader & IntakeWriter

    @Test("Both stores conclude the same from the same events", arguments: Seeds.all)
    func same(seed: UInt64) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "test.db").path
        _ = try SQLiteMigration(path: path).up(now: .start)
        let database = try PostgresCluster.shared().database()
        let sqlite = try conclusions(SQLiteStore(path: path), seed: seed)
        let postgres = try conclusions(PostgresStore(database.settings()), seed: seed)
        #expect(sqlite.count > 400)
        let different = zip(sqlite, postgres).first { $0 != $1 }
        #expect(different == nil, "seed \(seed)")
        #expect(sqlite.count == postgres.count)
    }

    /// Plays the seed's story on a store and tells what came of it, line by line.
    private func conclusions(_ store: any Store, seed: UInt64) throws -> [String] {
        var random = Randomness(seed: seed)
        let projector = LiveProjector(store: store, batchEvents: Int(random.number(in: 1...40)))
        var sent = 0
        for round in 0..<4 {
            let now = Timestamp.start + .hours(Int64(round))
            try activate(variant: Int(random.number(in: 0...2)), in: store, now: now)
            for _ in 0..<60 { _ = try store.append(event(&random)) }
            while case .moved = try projector.step(now: now) {}
            // Some commands are sent and gone, so that they are not there to be superseded. All that is due
            // is looked at: which of those that are due at the same moment come first, no store promises.
            // Nor does the clock go back: what is due before the last search is found some time later.
            let report = try store.claim(
                [RouteShare(route: "a", commands: 1_000)], now: now + .minutes(30), lease: .minutes(1),
                dispatcher: "d"
            ) {
                guard $0.number % 3 == 0 else { return .leave }
                return $0.gates.cancelledBy == nil
                    ? .attempt(request: .zero) : .finish(.cancelled, cause: $0.gates.cancelledBy)
            }
            sent += report.claimed.count
            let settlements = report.claimed.map {
                Settlement(
                    number: $0.due.number, attempt: $0.attempt, token: $0.token,
                    verdict: Verdict(.accepted, code: "ok"), step: .finish(.accepted), status: 200, issues: 1,
                    finishedAt: .start)
            }
            _ = try store.settle(settlements)
        }
        #expect(sent > 5)
        return try lines(of: store)
    }

    private func lines(of store: any Store) throws -> [String] {
        var lines: [String] = []
        for logged in try store.events(after: 0, type: nil, limit: 10_000) {
            lines.append("\(logged.position) \(logged.link) \(logged.event)")
            for decision in try store.decisions(at: logged.position) { lines.append("\(decision)") }
        }
        let messages = try store.messages(MessageFilter(), before: nil, limit: 10_000)
        for message in messages {
            lines.append("\(message)")
            for attempt in try store.attempts(of: message.id) { lines.append("\(attempt)") }
        }
        let keys = messages.map { Key(scope: $0.rule, parts: keyParts($0.key)) }
        let questions = keys.flatMap { key in
            [
                LedgerQuestion(key: key, range: .first), LedgerQuestion(key: key, range: .latest),
                LedgerQuestion(key: key, range: .between(from: .start, before: .start + .hours(6))),
            ]
        }
        let winners = try store.project { (open: any ProjectionTransaction) throws(StoreError) in
            try open.winners(questions)
        }
        for question in questions { lines.append("\(question.key.text) \(winners[question] ?? [])") }
        for (scope, count) in try store.scopes().sorted(by: { $0.key < $1.key }) {
            lines.append("\(scope) \(count)")
        }
        return lines
    }

    private func activate(variant: Int, in store: any Store, now: Timestamp) throws {
        let rules = try RuleFile.parse(Array(Self.rules(variant).utf8), fileName: "rules") { _ in nil }
        let plan = try RuleSetActivation.plan(rules, in: store)
        _ = try RuleSetActivation.activate(
            plan, actor: "ann", reason: "", confirmedKeys: 1_000_000, now: now, in: store)
    }

    private func event(_ random: inout Randomness) -> NewEvent {
        let types: [Text] = [
            "order.placed", "reset.requested", "order.delivered", "order.returned", "nobody.cares",
        ]
        let order = random.number(in: 1...12)
        let address = random.choose(["ann@x.test", "Ann@X.test", "bob@x.test", "é@x.test", "no address", ""])
        let payloads = [
            #"{"order":\#(order),"email":"\#(address)","total":\#(order)}"#,
            #"{"order":"\#(order)", "email" : "\#(address)", "total":1.5}"#,
            #"{"order":"é\#(order)\u0301","email":"\#(address)","total":2}"#,
            #"{"order":null,"email":"\#(address)"}"#, #"{"order":1,"order":2,"email":"a@x.test"}"#, "{}",
            #"{"order":["\#(order)"],"email":"\#(address)","total":3}"#,
            #"{"order":"\ud800","email":"a@x.test"}"#,
        ]
        let isPlain = random.number(in: 0...3) > 0
        let time = Timestamp.start + .minutes(random.number(in: 0...300))
        return NewEvent(
            id: random.number(in: 0...4) == 0 ? Text("e\(random.number(in: 0...9))") : nil,
            type: random.choose(types), source: random.number(in: 0...1) == 0 ? "shop" : nil,
            subject: random.number(in: 0...1) == 0 ? Text("order \(order)") : nil,
            payload: Array((isPlain ? payloads[0] : random.choose(payloads)).utf8),
            occurredAt: Text(time.text))
    }

    private static func rules(_ variant: Int) -> String {
        """
        version: 1
        defaults: { route: a, from: "Shop <no-reply@shop.example>" }
        rules:
          confirmation:
            event: order.placed
            when: data.total > \(variant)
            to: data.email
            once_per: [data.order]
            template: { provider_id: "3\(variant)", params: { order: data.order } }
          reset:
            event: reset.requested
            to: data.email
            once_per: [data.order]
            expires_after: \(variant == 2 ? "40m" : "15m")
            supersedes: [recipient]
            template: { provider_id: "4" }
          review:
            event: order.delivered
            to: data.email
            once_per: [data.order, recipient]
            within: \(variant == 1 ? "2h" : "30m")
            delay: 20m
            cancel_on: { event: order.returned, key: [data.order, recipient] }
            template: { provider_id: "5" }
          digest:
            event: order.placed
            to: data.email
            once_per: [recipient]
            every: \(variant == 2 ? "1h" : "3h")
            template: { provider_id: "6" }

        """
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, the same on every machine.
struct Randomness: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func number(in range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &self)
    }

    mutating func choose<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }
}

/// The seeds of this run. A failing test names its seed as its argument; `SENDONCE_TEST_SEED=7 swift test`
/// runs that one alone.
enum Seeds {
    static let all: [UInt64] =
        ProcessInfo.processInfo.environment["SENDONCE_TEST_SEED"].flatMap(UInt64.init)
        .map { [$0] } ?? Array(1...8)
}
