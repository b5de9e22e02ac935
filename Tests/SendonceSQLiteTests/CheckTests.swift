// What the tables refuse, whoever writes: garbage in the intake, and rows that contradict themselves.
import Foundation
import GRDB
import SendonceCore
import SendonceSQLite
import SendonceStore
import Testing

@Suite struct CheckTests {
    private func refusal(_ place: TestFile, _ sql: String, _ arguments: StatementArguments = []) -> String? {
        do {
            try place.connection().writeWithoutTransaction { try $0.execute(sql: sql, arguments: arguments) }
            return nil
        } catch {
            return (error as? DatabaseError)?.message ?? "\(error)"
        }
    }

    /// GRDB cuts a `String` at its first NUL; other languages do not.
    private func bytes(_ text: String) -> Data { Data(text.utf8) }

    @Test(
        "A payload that is not a JSON object is refused by the constraint's name",
        arguments: ["", "nil", "[]", "3", "\"a\"", "{", "{\"a\":}", "null"])
    func payload(text: String) throws {
        let place = try TestFile()
        let words = refusal(place, "INSERT INTO outbox (event_type, payload) VALUES ('a', ?)", [text])
        #expect(words?.contains("payload_must_be_a_json_object") == true, "\(words ?? "accepted")")
    }

    @Test("A payload may have exactly 1,048,576 bytes, and nesting of 100,000 never gets in")
    func payloadSize() throws {
        let place = try TestFile()
        let sql = "INSERT INTO outbox (event_type, payload) VALUES ('a', ?)"
        let largest = #"{"a":""# + String(repeating: "é", count: 524_284) + #""}"#
        #expect(largest.utf8.count == Limits.payloadBytes)
        #expect(refusal(place, sql, [largest]) == nil)
        #expect(refusal(place, sql, [largest + " "])?.contains("1048576") == true)
        let deep =
            #"{"a":"# + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + "}"
        #expect(refusal(place, sql, [deep]) != nil)
    }

    @Test(
        "An event type is 1 to 200 bytes of a few signs, and never one of ours",
        arguments: [
            "", "a b", "é", "a\u{0}b", "a\n", "sendonce.rules.activated", String(repeating: "a", count: 201),
        ])
    func eventType(text: String) throws {
        let place = try TestFile()
        let sql = "INSERT INTO outbox (event_type, payload) VALUES (CAST(? AS TEXT), '{}')"
        let words = refusal(place, sql, [bytes(text)])
        #expect(
            words?.contains("event_type_ma") == true || words?.contains("event_type_mu") == true,
            "\(words ?? "accepted")")
    }

    @Test(
        "Event types that people use are accepted",
        arguments: [
            "order.placed", "Order/Placed", "a:b", "a-b_c.1", String(repeating: "a", count: 200), "sendoncex",
        ])
    func goodEventType(text: String) throws {
        #expect(
            refusal(try TestFile(), "INSERT INTO outbox (event_type, payload) VALUES (?, '{}')", [text])
                == nil)
    }

    @Test(
        "Times that databases and ORMs write are accepted, and read",
        arguments: [
            "2026-11-21T22:04:05.123Z", "2026-11-21 22:04:05.123456", "2026-11-21T22:04:05.123456+00:00",
            "2024-02-29T23:59:59-11:30", "2026-11-21 22:04", "2026-11-21T22:04:05Z", "0001-01-01T00:00:00Z",
        ])
    func goodTime(text: String) throws {
        let place = try TestFile()
        let sql = "INSERT INTO outbox (event_type, payload, occurred_at) VALUES ('a', '{}', ?)"
        #expect(refusal(place, sql, [text]) == nil)
        let read = try SQLiteStore(path: place.path).intake(limit: 1).first?.event.occurredAt
        #expect(read == Timestamp(text))
        #expect(read != nil)
    }

    @Test(
        "Times that cannot be read are refused",
        arguments: [
            "", "now", "2461042.5", "1795219200", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z",
            "2026-11-21T24:00:00Z", "2026-11-21T23:60:00Z", "2026-11-21T23:00:60Z", "2026-11-21", "23:00:00",
            "2026-11-21T22:04:05.Z", "2026-11-21T22:04:05+15:00", "2026-11-21TT22:04",
            "2026-11-21T22:04:05 Z",
            "2026-11-21T22:04:05Z\u{0}x", "2026-11-21T22:04:05Zx", "2026-13-01T00:00:00Z", "21.11.2026 22:04",
        ])
    func badTime(text: String) throws {
        let sql = "INSERT INTO outbox (event_type, payload, occurred_at) VALUES ('a', '{}', CAST(? AS TEXT))"
        let words = refusal(try TestFile(), sql, [bytes(text)])
        #expect(words?.contains("occurred_at_must_be_a_time") == true, "\(words ?? "accepted")")
    }

    @Test("Envelope texts have at most 1,000 bytes", arguments: ["id", "source", "subject", "traceparent"])
    func lengths(column: String) throws {
        let place = try TestFile()
        let sql = "INSERT INTO outbox (event_type, payload, \(column)) VALUES ('a', '{}', ?)"
        #expect(refusal(place, sql, [String(repeating: "é", count: 500)]) == nil)
        let words = refusal(place, sql, [String(repeating: "é", count: 500) + "a"])
        #expect(words?.contains("\(column)_must") == true)
    }

    @Test(
        "A queue row that contradicts its state is refused",
        arguments: [
            "state = 'sent'", "state = 'sending'", "state = 'held'",
            "state = 'held', hold_reason = 'operator'",
            "state = 'held', held_at = 1", "lease_end = 1", "hold_detail = 'x'", "counted = 1",
            "attempts = 1",
            "state = 'unknown'", "token = -1", "state = 'held', held_at = 1, hold_reason = 'because'",
            "request_digest = x'00'", "state = 'sending', lease_end = 1",
        ])
    func queue(change: String) throws {
        let place = try TestFile()
        try place.queueOne()
        let words = refusal(place, "UPDATE outbox_queue SET \(change)")
        #expect(words?.contains("CHECK") == true, "\(words ?? "accepted")")
    }

    @Test(
        "A decision whose columns contradict its reason is refused",
        arguments: [
            "'sent', NULL, NULL, NULL, NULL, NULL, NULL", "'emitted', '[]', 'a', NULL, NULL, NULL, NULL",
            "'emitted', NULL, NULL, NULL, NULL, NULL, 'c'", "'duplicate', NULL, NULL, NULL, NULL, NULL, NULL",
            "'within_window', NULL, NULL, 1, NULL, NULL, NULL", "'no_rule', NULL, NULL, 1, NULL, NULL, NULL",
            "'key_missing', NULL, NULL, NULL, NULL, NULL, NULL",
            "'no_rule', NULL, NULL, NULL, NULL, 'x', NULL",
            "'cancels', NULL, NULL, NULL, NULL, NULL, NULL", "'no_rule', NULL, NULL, NULL, 1, NULL, NULL",
        ])
    func decision(values: String) throws {
        let place = try TestFile()
        try place.sql(
            "INSERT INTO outbox_log VALUES (1, NULL, 'a', '', NULL, '{}', 1, NULL, 1, zeroblob(32))")
        let words = refusal(place, "INSERT INTO outbox_decision VALUES (1, 'r', 0, \(values), NULL)")
        #expect(words?.contains("CHECK") == true, "\(words ?? "accepted")")
    }

    @Test("A decision about an event at its own position or behind it is refused", arguments: [0, 1, 2])
    func pastEvent(event: Int) throws {
        let place = try TestFile()
        let row = "(1, 'r', 0, 'no_rule', NULL, NULL, NULL, NULL, NULL, NULL, \(event))"
        let words = refusal(place, "INSERT INTO outbox_decision VALUES \(row)")
        #expect(words?.contains("event_stands_before_position") == true, "\(words ?? "accepted")")
    }
}

extension TestFile {
    /// One pending command with what it needs.
    func queueOne() throws {
        try sql(
            """
            INSERT INTO outbox_log VALUES (1, NULL, 'a', '', NULL, '{}', 1, NULL, 1, zeroblob(32));
            INSERT INTO outbox_command VALUES (1, '0e4a4b1e-0000-8000-8000-000000000001', 1, 'r', 0, '["1"]',
                zeroblob(32), 'forever', 1, zeroblob(32), 'a@x', 'a', 1, 1, NULL, NULL, NULL);
            INSERT INTO outbox_queue (command, state, due_at, route) VALUES (1, 'pending', 1, 'a');
            """)
    }
}
