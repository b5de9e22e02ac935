// A log with a row of every kind in every table, told the same way to every store.
import SendonceCore
import SendonceProjection
import SendonceRules
import SendonceStore

enum Story {
    static func tell(to store: AnyStore) throws {
        try activate(template: "1", in: store, at: .start)
        for event in events { _ = try store.append(event) }
        try project(in: store, at: .start + .hours(1))
        try activate(template: "2", in: store, at: .start + .hours(2))
        for event in laterEvents { _ = try store.append(event) }
        try project(in: store, at: .start + .hours(3))
        try deliver(from: store)
        try act(in: store)
        for event in waiting { _ = try store.append(event) }
    }

    static func project(in store: AnyStore, at time: Timestamp) throws {
        let projector = LiveProjector(store: store, batchEvents: 7)
        while case .moved = try projector.step(now: time) {}
    }

    static func activate(template: String, in store: AnyStore, at time: Timestamp) throws {
        let text = rules(template)
        let parsed = try RuleFile.parse(Array(text.utf8), fileName: "rules") { _ in nil }
        _ = try RuleSetActivation.activate(
            RuleSetActivation.plan(parsed, in: store), actor: "Zoë", reason: "für alle", confirmedKeys: 1_000,
            now: time, in: store)
    }

    static func order(_ number: Int, email: String = "ann@x.test") -> NewEvent {
        NewEvent(
            type: "order.placed", payload: Array(#"{"order":\#(number),"email":"\#(email)"}"#.utf8),
            occurredAt: "2026-11-21T00:00:00Z")
    }

    // MARK: Events

    private static func event(_ type: Text, _ payload: String, id: Text? = nil) -> NewEvent {
        NewEvent(
            id: id, type: type, source: id == nil ? nil : "shop",
            subject: Text("Größe \(payload.utf8.count)"),
            payload: Array(payload.utf8), occurredAt: "2026-11-21 00:30:00.123456+01:00",
            traceparent: id == nil ? nil : "00-ab-cd-01")
    }

    private static var events: [NewEvent] {
        (1...24).map { order($0) } + [
            order(1), order(2), event("order.placed", #"{"order":31,"email":"no address"}"#),
            event("order.placed", #"{"order":null,"email":"a@x.test"}"#, id: "e1"),
            event("order.placed", #"{"order":33,"email":"b@x.test"}"#, id: "e1"),
            event("order.placed", #"{"order":1,"order":2,"email":"a@x.test"}"#),
            event("order.placed", #"{"order":"\ud800","email":"a@x.test"}"#),
            event("order.placed", #"{"order":"a\u0000b","email":"nul@x.test"}"#),
            event("order.placed", "{ \t\"order\" : \"日本é\u{0301}🎈\",\n\"email\":\"ü@x.test\" }"),
            event(
                "order.placed",
                #"{"order":39,"email":"big@x.test","note":"\#(String(repeating: "ß", count: 60_000))"}"#),
            event("nobody.cares", "{}"), event("order.placed", "{}"),
            event("order.placed", #"{"order":"\#(String(repeating: "k", count: 700))","email":"k@x.test"}"#),
            event("order.placed", #"{"order":"\#(String(repeating: "k", count: 701))","email":"k@x.test"}"#),
        ]
    }

    private static var laterEvents: [NewEvent] {
        [
            event("reset.requested", #"{"user":1,"token":"a","email":"r@x.test"}"#),
            event("reset.requested", #"{"user":1,"token":"b","email":"r@x.test"}"#),
            event("order.delivered", #"{"order":1,"email":"v@x.test"}"#),
            event("order.delivered", #"{"order":1,"email":"v@x.test"}"#),
            event("order.delivered", #"{"order":2,"email":"w@x.test"}"#),
            event("order.returned", #"{"order":2,"email":"w@x.test"}"#), order(3), order(40),
        ]
    }

    /// Left in the intake: new, won before, repeated, and with every column or none.
    private static var waiting: [NewEvent] {
        [
            order(41), order(4), order(41), event("order.placed", #"{"order":42,"email":"é@x.test"}"#),
            event("order.placed", #"{"order":43,"email":"c@x.test"}"#, id: "e1"),
            event("reset.requested", #"{"user":1,"token":"c","email":"r@x.test"}"#, id: "e2"),
        ]
    }

    // MARK: Delivery

    static let request = DigestBuilder.digest(of: Array("request".utf8))
    static let now = Timestamp.start + .hours(4)

    static func claim(_ store: AnyStore, _ limit: Int, at now: Timestamp = now) throws -> [ClaimedCommand] {
        try store.claim(
            [RouteShare(route: "a", commands: limit)], now: now, lease: .minutes(1), dispatcher: "host é:1"
        ) { _ in .attempt(request: request) }.claimed
    }

    static func settlement(
        _ claimed: ClaimedCommand, _ verdict: Verdict, _ step: DeliveryStep, status: Int? = nil
    ) -> Settlement {
        Settlement(
            number: claimed.due.number, attempt: claimed.attempt, token: claimed.token, verdict: verdict,
            step: step, status: status, issues: 1, finishedAt: claimed.startedAt + .seconds(1))
    }

    private static func deliver(from store: AnyStore) throws {
        let later = now + .days(60)
        var first = try claim(store, 10)
        let slow = first.removeLast()
        // Its lease ends, and it stays open.
        first.removeLast()
        let endings: [(Verdict, DeliveryStep, Int?)] = [
            (
                Verdict(.accepted, messageID: "<1@p>", code: "http_201", words: "ja, ünd"),
                .finish(.accepted), 201
            ),
            (Verdict(.duplicate, code: "duplicate_parameter"), .finish(.accepted), 400),
            (Verdict(.rejected, code: "http_400", words: "a bad\u{0}word"), .finish(.rejected), 400),
            (
                Verdict(.rejectedForNow, code: "http_429", words: "", retryAfter: .minutes(5)),
                .retry(at: later, state: .pending), 429
            ),
            (Verdict(.unknown, code: "curl_28"), .retry(at: later, state: .unknown), nil),
            (Verdict(.unknown, code: "curl_56"), .hold(.unknownOutcome), nil),
            (Verdict(.rejectedForNow, code: "http_503"), .finish(.dead), 503),
        ]
        let settlements = zip(first, endings).map { settlement($0, $1.0, $1.1, status: $1.2) }
        _ = try store.settle(settlements)
        // A lease that ran out, and what its dispatcher said too late.
        let lapsed = try store.lapsed(now: now + .minutes(2), limit: 100).filter {
            $0.due.number == slow.due.number
        }
        _ = try store.settle(lapsed.map { settlement($0, .leaseLapsed, .retry(at: later, state: .unknown)) })
        _ = try store.settle([
            settlement(slow, Verdict(.rejected, code: "http_500", words: "zu spät"), .finish(.rejected))
        ])
        _ = try store.claim(
            [RouteShare(route: "a", commands: 5)], now: now + .minutes(3), lease: .minutes(1), dispatcher: "d"
        ) { due in
            switch due.number % 3 {
            case 0: .finish(.expired, cause: nil)
            case 1: .hold(.operator, detail: "wartet auf Ann")
            default: .hold(.templateError, detail: "no\u{0}name")
            }
        }
        _ = try store.claim(
            [RouteShare(route: "a", commands: 100)], now: later - .hours(1), lease: .minutes(1),
            dispatcher: "d"
        ) { due in
            if let cause = due.gates.cancelledBy { return .finish(.cancelled, cause: cause) }
            if let cause = due.gates.supersededBy { return .finish(.superseded, cause: cause) }
            return .leave
        }
    }

    /// What a person did: one command waits.
    private static func act(in store: AnyStore) throws {
        let order = ActOrder(
            kind: .hold, request: "r1", actor: "Zoë", reason: "für alle", now: now + .hours(1))
        _ = try store.act(order, on: CommandSelection(limit: 1), confirmed: 1)
    }

    private static func rules(_ template: String) -> String {
        """
        version: 1
        defaults: { route: a, from: "Shop <no-reply@shop.example>" }
        rules:
          confirmation:
            event: order.placed
            to: data.email
            once_per: [data.order]
            template: { provider_id: "\(template)", params: { order: data.order } }
          reset:
            event: reset.requested
            to: data.email
            once_per: [data.token]
            expires_after: 15m
            supersedes: [data.user]
            on_unknown: hold
            template: { provider_id: "4" }
          review:
            event: order.delivered
            to: data.email
            once_per: [data.order, recipient]
            within: 2h
            delay: 20m
            cancel_on: { event: order.returned, key: [data.order, recipient] }
            template: { provider_id: "5" }

        """
    }
}
