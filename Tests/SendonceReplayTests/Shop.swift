// A shop that does everything that a log can hold, by a seed: rules of every kind that change, events that
// win, lose, come late, come twice or cannot be read, and deliveries with every ending.
import ProcessSupport
import SendonceCore
import SendonceProjection
import SendonceRules
import SendonceStore

/// The die that the other tests roll.
typealias Randomness = SeededGenerator

extension SeededGenerator {
    mutating func number(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &self) }
}

struct Shop {
    let store: LiveStore
    var random: Randomness

    init(_ store: LiveStore, seed: UInt64) {
        self.store = store
        random = Randomness(seed: seed)
    }

    /// Fills the log: some rounds of events, with another rule set between two of them.
    mutating func run(rounds: Int, events: Int, batchEvents: Int) throws {
        for round in 0..<rounds {
            try activate(variant: round % 3, at: .start + .hours(Int64(round)))
            for _ in 0..<events { _ = try store.append(event()) }
            try project(batchEvents: batchEvents, at: .start + .hours(Int64(round)))
        }
    }

    func activate(variant: Int, extra: String = "", at time: Timestamp) throws {
        try activate(text: Self.rules(variant) + extra, at: time)
    }

    func activate(text: String, at time: Timestamp) throws {
        let parsed = try RuleFile.parse(Array(text.utf8), fileName: "rules") { _ in nil }
        _ = try RuleSetActivation.activate(
            RuleSetActivation.plan(parsed, in: store), actor: "Zoë", reason: "für alle",
            confirmedKeys: 1_000_000, now: time, in: store)
    }

    func project(batchEvents: Int, at time: Timestamp) throws {
        let projector = LiveProjector(store: store, batchEvents: batchEvents)
        while case .moved = try projector.step(now: time) {}
    }

    static func rules(_ variant: Int) -> String {
        let confirmation = variant % 2 == 0 ? "order-confirmation" : "order-receipt"
        let before =
            variant == 0 ? "" : "\n    was: \(variant % 2 == 0 ? "order-receipt" : "order-confirmation")"
        return """
            version: 1
            defaults: { route: a, from: "Shop <no-reply@shop.example>" }
            rules:
              \(confirmation):\(before)
                event: order.placed
                when: data.total > \(variant)
                to: data.email
                once_per: [data.order]
                template: { provider_id: "3\(variant)", params: { order: data.order } }
              password-reset:
                event: reset.requested
                to: data.email
                once_per: [data.order]
                expires_after: \(variant == 2 ? "40m" : "15m")
                supersedes: [recipient]
                on_unknown: hold
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
              alarm:
                event: alarm.raised
                to: data.all
                once_per: [data.order, recipient]
                on_unknown: retry
                template: { provider_id: "7" }

            """
    }

    mutating func event() -> NewEvent {
        let types: [Text] = [
            "order.placed", "reset.requested", "order.delivered", "order.returned", "alarm.raised",
            "nobody.cares",
        ]
        let type = types[Int(random.number(0...5))]
        let order = random.number(1...40)
        let people = ["ann@x.test", "bob@x.test", "Zoë@bücher.example", "no address", ""]
        let email = people[Int(random.number(0...100) < 90 ? random.number(0...2) : random.number(3...4))]
        let payload =
            switch random.number(0...40) {
            case 0: #"{"order":null,"email":"\#(email)","total":5}"#
            case 1: #"{"order":\#(order),"order":2,"email":"\#(email)","total":5}"#
            case 2: #"{"email":"\#(email)","total":5}"#
            case 3: #"{"order":1.5,"email":"\#(email)","total":5}"#
            case 4: #"{"order":"a\u0009b","email":"\#(email)","total":5}"#
            default:
                #"{"order":\#(order),"email":"\#(email)","total":\#(random.number(0...9)),"#
                    + #""all":["ann@x.test","\#(email)","bob@x.test"]}"#
            }
        let isNamed = random.number(0...9) == 0
        let minute = random.number(0...59)
        return NewEvent(
            id: isNamed ? Text("e\(random.number(1...12))") : nil, type: type,
            source: isNamed && random.number(0...1) == 0 ? "shop" : nil,
            subject: random.number(0...3) == 0 ? Text("Größe \(order)") : nil, payload: Array(payload.utf8),
            occurredAt: Text("2026-11-21T0\(random.number(0...6)):\(minute < 10 ? "0" : "")\(minute):00Z"))
    }

    // MARK: Delivery

    /// Claims and settles until commands stand in every state.
    mutating func deliver() throws {
        var now = Timestamp.start + .days(1)
        for limit in [12, 12, 12, 400, 400] {
            now = now + .hours(1)
            let claimed = try store.claim(
                [RouteShare(route: "a", commands: limit)], now: now, lease: .minutes(1), dispatcher: "d"
            ) { due in
                if due.gates.cancelledBy != nil { return .finish(.cancelled, cause: due.gates.cancelledBy) }
                return due.number % 5 == 4
                    ? .finish(.expired, cause: nil)
                    : .attempt(request: DigestBuilder.digest(of: Array("request".utf8)))
            }.claimed
            let endings: [(Verdict, DeliveryStep)] = [
                (Verdict(.accepted, code: "http_201"), .finish(.accepted)),
                (
                    Verdict(.rejectedForNow, code: "http_429"),
                    .retry(at: now + .minutes(1), state: .pending)
                ),
                (Verdict(.unknown, code: "curl_56"), .hold(.unknownOutcome)),
                (Verdict(.rejected, code: "http_400"), .finish(.rejected)),
            ]
            _ = try store.settle(
                claimed.dropLast().map { command in
                    let ending = endings[Int(random.number(0...3))]
                    return Settlement(
                        number: command.due.number, attempt: command.attempt, token: command.token,
                        verdict: ending.0, step: ending.1, status: nil, issues: 1,
                        finishedAt: now + .seconds(1))
                })
        }
    }
}
