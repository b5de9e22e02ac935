// A random log from one seed: several rule sets in turn, windows, cancellations, supersessions, repeated
// events, backfills, deliveries of every outcome, and people's acts.
import ProcessSupport
import SendonceCore
import SendonceProjection
import SendonceRules
import SendonceStore

struct Story {
    private let store: AnyStore
    private var random: SeededGenerator
    private var now = Timestamp.start
    private let isBackfilling: Bool

    static let request = DigestBuilder.digest(of: Array("request".utf8))

    init(seed: UInt64, in store: AnyStore, isBackfilling: Bool = true) throws {
        self.store = store
        self.isBackfilling = isBackfilling
        random = SeededGenerator(seed: seed)
    }

    mutating func tell() throws {
        for variant in 0..<4 {
            try activate(variant)
            for _ in 0..<4 {
                for _ in 0..<Int.random(in: 3...20, using: &random) { try append() }
                try project()
                if Int.random(in: 0..<2, using: &random) == 0 { try deliver() }
            }
            if isBackfilling, variant == 1 || variant == 3 { try backfill(Text("b\(variant)")) }
        }
        try deliver()
        try act()
        for _ in 0..<5 { try append() }
    }

    mutating func project() throws {
        now = now + .minutes(Int64.random(in: 1...30, using: &random))
        let projector = LiveProjector(store: store, batchEvents: Int.random(in: 1...12, using: &random))
        while case .moved = try projector.step(now: now) {}
    }

    private mutating func append() throws {
        let types: [Text] = ["order.placed", "order.placed", "reset.requested", "order.returned", "no.body"]
        let type = types.randomElement(using: &random) ?? "no.body"
        let order = Int.random(in: 1...30, using: &random)
        let email = ["a@x.test", "b@x.test", "é@x.test", "no address"].randomElement(using: &random) ?? ""
        let name = Int.random(in: 0..<40, using: &random)
        let minute = Int64.random(in: 0...600, using: &random)
        _ = try store.append(
            NewEvent(
                id: name < 15 ? Text("e\(name)") : nil, type: type, source: name < 15 ? "shop" : nil,
                subject: Text("order-\(order)"),
                payload: Array(
                    #"{"order":\#(order),"user":\#(order % 5),"email":"\#(email)"}"#.utf8),
                occurredAt: Text((Timestamp.start + .minutes(minute)).text)))
    }

    private mutating func activate(_ variant: Int) throws {
        let parsed = try RuleFile.parse(Array(Self.rules(variant).utf8), fileName: "rules") { name in
            Array("\(name) \(variant) {{data.order}}".utf8)
        }
        now = now + .minutes(1)
        _ = try RuleSetActivation.activate(
            RuleSetActivation.plan(parsed, in: store), actor: "Zoë", reason: "für alle", confirmedKeys: 1_000,
            now: now, in: store)
    }

    private mutating func backfill(_ name: Text) throws {
        now = now + .minutes(1)
        let time = now
        let backfill = try RuleBackfill(
            BackfillRequest(
                rule: "late", from: .position(1), through: .position(try store.head().position),
                actor: "ann", reason: "rule added late", name: name), in: store)
        try backfill.run(confirmed: try backfill.plan(now: time).toConfirm, now: { time })
    }

    // MARK: Delivery

    private mutating func deliver() throws {
        now = now + .days(2)
        var finished: [(Int64, FinishedState)] = []
        let claimed = try store.claim(
            [RouteShare(route: "a", commands: Int.random(in: 1...8, using: &random))], now: now,
            lease: .minutes(1), dispatcher: "host é:1"
        ) { due in
            if let cause = due.gates.cancelledBy { return .finish(.cancelled, cause: cause) }
            if let cause = due.gates.supersededBy { return .finish(.superseded, cause: cause) }
            if due.number % 11 == 0 { return .hold(.operator, detail: "wartet auf Ann") }
            finished.append((due.number, .accepted))
            return .attempt(request: Self.request)
        }.claimed
        let later = now + .days(3)
        var settlements: [Settlement] = []
        for one in claimed {
            let endings: [(Verdict, DeliveryStep)] = [
                (Verdict(.accepted, messageID: "<1@p>", code: "http_201"), .finish(.accepted)),
                (Verdict(.duplicate, code: "duplicate"), .finish(.accepted)),
                (Verdict(.rejected, code: "http_400", words: "a bad\u{0}word"), .finish(.rejected)),
                (Verdict(.rejectedForNow, code: "http_429"), .retry(at: later, state: .pending)),
                (Verdict(.unknown, code: "curl_28"), .retry(at: later, state: .unknown)),
                (Verdict(.unknown, code: "curl_56"), .hold(.unknownOutcome)),
            ]
            // Some leases end with the attempt still open.
            guard let ending = endings.randomElement(using: &random),
                Int.random(in: 0..<8, using: &random) > 0
            else { continue }
            settlements.append(
                Settlement(
                    number: one.due.number, attempt: one.attempt, token: one.token, verdict: ending.0,
                    step: ending.1, status: nil, issues: 1, finishedAt: one.startedAt + .seconds(1)))
        }
        _ = try store.settle(settlements)
        now = now + .hours(1)
        let lapsed = try store.lapsed(now: now, limit: 1)
        func settlement(_ one: ClaimedCommand, _ verdict: Verdict, _ step: DeliveryStep) -> Settlement {
            Settlement(
                number: one.due.number, attempt: one.attempt, token: one.token, verdict: verdict, step: step,
                status: nil, issues: 1, finishedAt: now)
        }
        _ = try store.settle(
            lapsed.map { settlement($0, .leaseLapsed, .retry(at: later, state: .unknown)) })
        // What its dispatcher says too late.
        _ = try store.settle(
            lapsed.map { settlement($0, Verdict(.accepted, code: "http_201"), .finish(.accepted)) })
    }

    private func act() throws {
        let order = ActOrder(kind: .hold, request: "r1", actor: "Zoë", reason: "für alle", now: now)
        let plan = try store.plan(.hold, CommandSelection(limit: 2))
        _ = try store.act(order, on: CommandSelection(limit: 2), confirmed: plan.count)
    }

    // MARK: Rules

    private static func rules(_ variant: Int) -> String {
        let (name, before) =
            switch variant {
            case 0: ("confirmation", "")
            case 1: ("receipt", "\n    was: confirmation")
            case 2: ("confirmation", "\n    was: receipt")
            default: ("confirmation", "")
            }
        let late =
            variant % 2 == 0
            ? ""
            : """
              late:
                event: order.placed
                to: data.email
                once_per: [data.order, recipient]
                supersedes: [data.user]
                cancel_on: { event: order.returned, key: [data.order, recipient] }
                template: { provider_id: "9" }

            """
        return """
            version: 1
            defaults: { route: a, from: "Shop <no-reply@shop.example>" }
            rules:
              \(name):\(before)
                event: order.placed
                when: data.order != \(variant)
                to: data.email
                once_per: [data.order]
                template: { provider_id: "\(variant)" }
              reset:
                event: reset.requested
                to: data.email
                once_per: [data.order]
                expires_after: 1000h
                supersedes: [data.user]
                on_unknown: hold
                template: { provider_id: "4" }
              review:
                event: order.placed
                to: data.email
                once_per: [data.order, recipient]
                within: \(variant + 1)h
                cancel_on: { event: order.returned, key: [data.order, recipient] }
                template: { provider_id: "5" }
              digest:
                event: order.placed
                to: data.email
                once_per: [recipient]
                every: 2h
                template: { provider_id: "6" }
            \(late)
            """
    }
}
