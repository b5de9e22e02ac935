// What applications write by mistake, and what attackers make them write: each event becomes a decision, none
// a crash.
import Foundation
import GRDB
import ProcessSupport
import Testing

extension SystemTests {
    @Test(
        "Every hostile payload becomes its decision, and the next good event is decided as ever",
        arguments: HostileEvent.all)
    func hostilePayload(_ hostile: HostileEvent) throws {
        let sandbox = try Sandbox()
        try sandbox.writeMaildirSettings()
        try sandbox.writeMaildirRules()
        try sandbox.prepare()
        let inspection = try Inspection(sandbox)
        try inspection.execute(
            "INSERT INTO outbox (event_type, payload) VALUES ('order.placed', ?)", [hostile.payload])
        try inspection.appendOrder(7)
        try sandbox.mustSendonce("run", "--once")
        let reasons = try inspection.texts(
            "SELECT reason || coalesce(': ' || detail, '') FROM outbox_decision WHERE reason <> 'control' ORDER BY position"
        )
        #expect(reasons.count == 2)
        #expect(reasons.first == hostile.reason, "\(hostile.name)")
        #expect(reasons.last == "emitted")
        #expect(try inspection.brokenPromises() == [])
        let mails = try FileManager.default.contentsOfDirectory(atPath: sandbox.path("mail/new"))
        #expect(mails.count == (hostile.reason == "emitted" ? 2 : 1))
    }

    @Test("What can never be an event is refused by the INSERT itself, with words that name the mistake")
    func refusedByTheTable() throws {
        let sandbox = try Sandbox()
        try sandbox.mustSendonce("migrate", "up", "--database", sandbox.path("shop.sqlite"))
        let inspection = try Inspection(sandbox)
        let refused: [(type: String, payload: String, names: String)] = [
            ("order.placed", "[1, 2]", "payload"),
            ("order.placed", "not json", "payload"),
            (
                "order.placed",
                String(repeating: "{\"a\":", count: 100_000) + "1" + String(repeating: "}", count: 100_000),
                "payload"
            ),
            ("order.placed", "{\"a\":\"" + String(repeating: "x", count: 1 << 20) + "\"}", "payload"),
            ("", "{}", "event_type"),
            ("order placed", "{}", "event_type"),
            ("sendonce.rules.activated", "{}", "event_type"),
        ]
        for (type, payload, names) in refused {
            let error = #expect(throws: (any Error).self) {
                try inspection.execute(
                    "INSERT INTO outbox (event_type, payload) VALUES (?, ?)", [type, payload])
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains(names), "\(type) \(payload.prefix(30))")
        }
        #expect(try inspection.number("SELECT count(*) FROM outbox") == 0)
    }

    @Test("42 and \"42\" are one key, and the same event id twice is one event to the rules")
    func oneKeyAndOneEvent() throws {
        let sandbox = try Sandbox()
        try sandbox.writeMaildirSettings()
        try sandbox.writeMaildirRules()
        try sandbox.prepare()
        let inspection = try Inspection(sandbox)
        for payload in [
            #"{"order_id": 42, "email": "a@x.example"}"#, #"{"order_id": "42", "email": "a@x.example"}"#,
        ] {
            try inspection.execute(
                "INSERT INTO outbox (event_type, payload) VALUES ('order.placed', ?)", [payload])
        }
        for order in [50, 51] {
            try inspection.execute(
                "INSERT INTO outbox (id, source, event_type, payload) VALUES ('e-1', 'shop', 'order.placed', ?)",
                [#"{"order_id": \#(order), "email": "a@x.example"}"#])
        }
        try sandbox.mustSendonce("run", "--once")
        #expect(
            try inspection.texts(
                "SELECT reason FROM outbox_decision WHERE reason <> 'control' ORDER BY position")
                == ["emitted", "duplicate", "emitted", "repeated_event"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.path("mail/new")).count == 2)
    }
}

/// An event that should not be, and what it must become.
struct HostileEvent: Sendable, CustomTestStringConvertible {
    var name: String
    var payload: String
    var reason: String

    var testDescription: String { name }

    static let all: [HostileEvent] = [
        HostileEvent(
            name: "key missing", payload: #"{"email": "a@x.example"}"#, reason: "key_missing: data.order_id"),
        HostileEvent(
            name: "key null", payload: #"{"order_id": null, "email": "a@x.example"}"#,
            reason: "key_missing: data.order_id"),
        HostileEvent(
            name: "key float", payload: #"{"order_id": 42.0, "email": "a@x.example"}"#,
            reason: "key_invalid: data.order_id"),
        HostileEvent(
            name: "key object", payload: #"{"order_id": {"a": 1}, "email": "a@x.example"}"#,
            reason: "key_invalid: data.order_id"),
        HostileEvent(
            name: "NUL", payload: #"{"order_id": "a\u0000b", "email": "a@x.example"}"#,
            reason: "payload_invalid: contains a NUL character"),
        HostileEvent(
            name: "lone surrogate", payload: #"{"order_id": "\ud800", "email": "a@x.example"}"#,
            reason: "payload_invalid: contains half of a surrogate pair"),
        HostileEvent(
            name: "depth 65",
            payload:
                #"{"order_id": 1, "deep": \#(String(repeating: "[", count: 64))\#(String(repeating: "]", count: 64))}"#,
            reason: "payload_invalid: nested more than 64 deep"),
        HostileEvent(
            name: "repeated member", payload: #"{"order_id": 1, "order_id": 2, "email": "a@x.example"}"#,
            reason: "payload_invalid: the member data.order_id stands there more than once"),
        HostileEvent(
            name: "address with CRLF",
            payload: #"{"order_id": 1, "email": "a@x.example\r\nBcc: b@x.example"}"#,
            reason: "recipient_invalid: data.email is not an e-mail address"),
        HostileEvent(name: "no address", payload: #"{"order_id": 1}"#, reason: "recipient_missing"),
        HostileEvent(
            name: "key of nearly 1 MiB",
            payload: #"{"order_id": "\#(String(repeating: "x", count: 1_000_000))", "email": "a@x.example"}"#,
            reason: "key_invalid: data.order_id"),
        HostileEvent(
            name: "1 MiB beside a good key",
            payload:
                #"{"order_id": 1, "email": "a@x.example", "padding": "\#(String(repeating: "x", count: 1_000_000))"}"#,
            reason: "emitted"),
    ]
}

extension Sandbox {
    func writeMaildirSettings() throws {
        try write(
            """
            database: \(path("shop.sqlite"))
            routes: [local]
            route: { local: { provider: maildir, path: "\(path("mail"))" } }
            """, to: "sendonce.yaml")
    }

    func writeMaildirRules() throws {
        try write("Order {{data.order_id}}\n", to: "order.subject.mustache")
        try write("Your order {{data.order_id}}.\n", to: "order.txt.mustache")
        try write(
            """
            version: 1
            defaults: { route: local, from: "Shop <no-reply@shop.example>" }
            rules:
              order-confirmation:
                event: order.placed
                to: data.email
                once_per: [data.order_id]
                template: { file: order }
            """, to: "rules.yaml")
    }
}
