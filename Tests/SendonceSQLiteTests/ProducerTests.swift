// Events as applications write them: from other languages, through the library, byte for byte.
import Foundation
import GRDB
import Sendonce
import SendonceCore
import SendonceSQLite
import SendonceStore
import Testing

@Suite struct ProducerTests {
    private func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("Two columns suffice from Python, with the language's own module")
    func python() throws {
        let place = try TestFile()
        let script = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1]) as db:
                sql = "INSERT INTO outbox (event_type, payload) VALUES (?, ?)"
                db.execute(sql, ("order.placed", '{"order_id": 42}'))
            """
        try run("python3", ["-c", script, place.path])
        try expectOne(in: place, payload: #"{"order_id": 42}"#)
    }

    @Test("Two columns suffice from the sqlite3 shell")
    func shell() throws {
        let place = try TestFile()
        let sql = "INSERT INTO outbox (event_type, payload) VALUES ('order.placed', '{\"order_id\": 42}')"
        try run("sqlite3", [place.path, sql])
        try expectOne(in: place, payload: #"{"order_id": 42}"#)
    }

    private func expectOne(in place: TestFile, payload: String) throws {
        let events = try SQLiteStore(path: place.path).intake(limit: 9).map(\.event)
        #expect(events.count == 1)
        let event = try #require(events.first)
        #expect(event.payload == Array(payload.utf8))
        #expect(event.type == "order.placed")
        #expect(event.source.isEmpty)
        #expect(event.id == nil)
        #expect(event.subject == nil)
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        #expect(now - event.occurredAt < .minutes(1))
    }

    @Test("The library's event shares the fate of the application's transaction")
    func library() throws {
        let place = try TestFile()
        let application = try place.connection()
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try application.write { db in
                try Outbox.append(OutboxEvent(type: "order.placed", payload: "{}"), in: db)
                throw Stop()
            }
        }
        let store = try SQLiteStore(path: place.path)
        #expect(try store.intake(limit: 9).isEmpty)
        let event = OutboxEvent(
            type: "order.placed", payload: #"{"a":1}"#, id: "1", source: "shop", subject: "42",
            occurredAt: "2026-11-21T00:00:00Z", traceparent: "00")
        try application.write { db in
            try Outbox.append(event, in: db)
            try Outbox.append(OutboxEvent(type: "b", payload: "{}"), in: db)
        }
        let found = try store.intake(limit: 9).map(\.event)
        #expect(
            found.first
                == Event(
                    id: "1", type: "order.placed", source: "shop", subject: "42",
                    payload: Array(#"{"a":1}"#.utf8),
                    occurredAt: .start, traceparent: "00"))
        #expect(found.last?.type == "b")
    }

    @Test("The library appends through any closure that runs SQL")
    func closure() throws {
        let place = try TestFile()
        try place.connection().write { db in
            try Outbox.append(OutboxEvent(type: "a", payload: "{}", subject: "s")) { sql, values in
                try db.execute(sql: sql, arguments: StatementArguments(values.map(\.text)))
            }
        }
        #expect(try SQLiteStore(path: place.path).intake(limit: 9).map(\.event.subject) == ["s"])
        #expect(OutboxEvent(type: "a", payload: [0xFF]) == nil)
        #expect(OutboxEvent(type: "a", payload: Array("{}".utf8))?.payload == "{}")
    }

    @Test("A payload and texts with NUL are kept byte for byte from the intake into the log")
    func bytes() throws {
        let place = try TestFile()
        let store = try SQLiteStore(path: place.path)
        let payload = Array("{ \"a\" : 1.0,\r\n\t\"a\":\"\\u0000\u{e9}e\u{301}\" }  ".utf8)
        _ = try store.append(NewEvent(id: "a\u{0}b", type: "a", subject: "e\u{301}", payload: payload))
        try store.project { (open: any ProjectionTransaction) throws(StoreError) in
            let taken = try open.take(events: 9, bytes: 9)
            var batch = ProjectedBatch()
            for (index, row) in taken.enumerated() {
                let position = Int64(index) + 1
                batch.events.append(
                    LoggedEvent(position: position, event: row.event, link: .zero, recordedAt: .start))
                batch.decisions.append(Decision(position: position, reason: .noRule))
                batch.moved.append(row.sequence)
            }
            try open.write(batch)
        }
        let logged = try #require(try store.event(at: 1)).event
        #expect(logged.payload == payload)
        #expect(logged.id == "a\u{0}b")
        #expect(logged.subject == "e\u{301}")
        #expect(logged.subject != "\u{e9}")
        #expect(
            try place.value("SELECT hex(payload) FROM outbox_log") == hexadecimalText(payload).uppercased())
    }

    @Test("The view shows a command with its state word")
    func view() throws {
        let place = try TestFile()
        try place.queueOne()
        #expect(try place.value("SELECT state FROM outbox_message") == "pending")
        try place.sql(
            "DELETE FROM outbox_queue; INSERT INTO outbox_finish VALUES (1, 'accepted', 1000000, NULL)")
        #expect(try place.value("SELECT state FROM outbox_message") == "accepted")
        #expect(try place.value("SELECT finished_at FROM outbox_message") == "1970-01-01T00:00:01.000Z")
    }
}
