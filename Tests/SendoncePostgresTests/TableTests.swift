// What the tables refuse, whoever writes: garbage in the intake, changes of what was recorded, and rows that
// contradict themselves.
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceStore
import Testing

@Suite struct TableTests {
    private let database: PostgresDatabase

    init() throws {
        database = try PostgresCluster.shared().database()
    }

    private func refusal(_ sql: String) -> String? {
        do {
            try database.plain.run(sql)
            return nil
        } catch {
            return error.description
        }
    }

    private func fill() throws {
        let digest = "sha256('')"
        let id = "'0e4a4b1e-0000-8000-8000-000000000001'"
        try database.plain.run(
            """
            INSERT INTO outbox_log VALUES (1, NULL, 'a', '', NULL, '{}', 1, NULL, 1, \(digest));
            INSERT INTO outbox_rule_set VALUES (\(digest), 'rules', '');
            INSERT INTO outbox_activation VALUES (1, \(digest), 'ann', 'why', 1);
            INSERT INTO outbox_scope VALUES (1, 'r', 'r');
            INSERT INTO outbox_decision VALUES
                (1, 'r', 0, 'emitted', '["1"]', 'a@x', NULL, NULL, NULL, \(id), NULL);
            INSERT INTO outbox_ledger VALUES (\(digest), 'forever', 1, 'r', '["1"]', 1, 1, \(id), 1);
            INSERT INTO outbox_command VALUES (1, \(id), 1, 'r', 0, '["1"]', \(digest), 'forever', 1,
                \(digest), 'a@x', 'a', 1, 1, NULL, NULL, NULL);
            INSERT INTO outbox_attempt VALUES (1, 1, 1, 'a', \(digest), 'd', 1);
            INSERT INTO outbox_outcome VALUES (1, 1, 'accepted', 1, 'ok', '', NULL, NULL, NULL, 201, 1, 1);
            INSERT INTO outbox_late_answer (command, attempt, token, outcome, counts, code, words, issues,
                finished_at) VALUES (1, 1, 1, 'accepted', 1, 'ok', '', 1, 1);
            INSERT INTO outbox_finish VALUES (1, 'accepted', 1, NULL);
            INSERT INTO outbox_gate (command, at, gate) VALUES (1, 1, 'operator');
            INSERT INTO outbox_act (request, act, actor, reason, selection, commands, recorded_at)
                VALUES ('r', 'hold', 'ann', 'why', 'all', 1, 1);
            INSERT INTO outbox_act_command VALUES (1, 1, 'pending', NULL);
            INSERT INTO outbox_home VALUES (1, 'bound', sha256(''), 'here', 'ann', 'why', 0, 1);
            INSERT INTO outbox_authority VALUES (1, 'moved', 't', 'elsewhere', 'ann', 'why', NULL, 1);
            INSERT INTO outbox_arrival VALUES ('t', 1, 1);
            """)
    }

    @Test("UPDATE, DELETE and TRUNCATE of what was recorded are refused in words, to the superuser too")
    func appendOnly() throws {
        try fill()
        let tables: [(String, String)] = [
            ("outbox_log", "payload"), ("outbox_rule_set", "content"), ("outbox_activation", "actor"),
            ("outbox_scope", "scope"), ("outbox_decision", "rule"), ("outbox_ledger", "position"),
            ("outbox_command", "route"), ("outbox_attempt", "dispatcher"), ("outbox_outcome", "code"),
            ("outbox_late_answer", "code"), ("outbox_finish", "state"), ("outbox_gate", "gate"),
            ("outbox_authority", "state"), ("outbox_arrival", "seq"),
            ("outbox_act", "actor"), ("outbox_act_command", "state"), ("outbox_home", "place"),
        ]
        for (table, column) in tables {
            for statement in [
                "UPDATE \(table) SET \(column) = \(column)", "DELETE FROM \(table)",
                "TRUNCATE \(table) CASCADE",
            ] {
                let words = refusal(statement) ?? "nothing"
                #expect(words.contains("is append-only"), "\(statement): \(words)")
            }
            #expect(try database.plain.value("SELECT count(*) FROM \(table)") == "1")
        }
    }

    @Test("What waits is not truncated, and an event in the intake is never changed")
    func intake() throws {
        try database.plain.run("INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')")
        #expect(refusal("UPDATE outbox SET payload = '{}'")?.contains("never changed") == true)
        #expect(refusal("TRUNCATE outbox")?.contains("would be lost") == true)
        #expect(refusal("TRUNCATE outbox_queue")?.contains("would be lost") == true)
        #expect(refusal("INSERT INTO outbox (seq, event_type, payload) VALUES (7, 'a', '{}')") != nil)
    }

    @Test("Garbage is refused by the constraint's name")
    func garbage() throws {
        func check(_ columns: String, _ values: String, _ name: String) {
            let words = refusal("INSERT INTO outbox (\(columns)) VALUES (\(values))") ?? "accepted"
            #expect(words.contains(name), "\(values): \(words)")
        }
        for payload in ["[]", "3", "\"a\"", "null"] {
            check("event_type, payload", "'a', '\(payload)'", "payload_must_be_a_json_object")
        }
        for payload in ["", "nil", "{", "{\"a\":}"] {
            check("event_type, payload", "'a', '\(payload)'", "invalid input syntax for type json")
        }
        for type in ["", "a b", "é", "a\n", "sendonce.rules.activated", String(repeating: "a", count: 201)] {
            check("event_type, payload", "'\(type)', '{}'", "event_type_m")
        }
        for column in ["id", "source", "subject", "traceparent"] {
            check("event_type, payload, \(column)", "'a', '{}', repeat('é', 501)", "\(column)_must")
        }
        for time in ["infinity", "-infinity", "1969-12-31T23:59:59Z", "10000-01-01T00:00:00Z"] {
            check("event_type, payload, occurred_at", "'a', '{}', '\(time)'", "occurred_at_must_lie")
        }
        check("event_type, payload", "'a', '{\"a\":\"' || repeat('é', 524285) || '\"}'", "1048576")
        #expect(try database.plain.value("SELECT count(*) FROM outbox") == "0")
    }

    @Test("text, json and jsonb are all taken, and text is kept byte for byte")
    func payloadTypes() throws {
        try database.plain.run(
            """
            INSERT INTO outbox (event_type, payload) VALUES ('a', '{"b" :  1.0, "b":2}');
            INSERT INTO outbox (event_type, payload) VALUES ('a', '{"b" : 1}'::json);
            INSERT INTO outbox (event_type, payload) VALUES ('a', '{"b" : 1}'::jsonb);
            INSERT INTO outbox (event_type, payload) VALUES ('a', '{"a":"' || repeat('é', 524284) || '"}');
            """)
        let events = try PostgresStore(database.settings()).intake(limit: 9)
        #expect(
            events.prefix(3).map { String(decoding: $0.event.payload, as: UTF8.self) } == [
                #"{"b" :  1.0, "b":2}"#, #"{"b" : 1}"#, #"{"b": 1}"#,
            ])
        #expect(events.last?.event.payload.count == Limits.payloadBytes)
    }

    @Test("A reference to nothing is refused, and so is an attempt or an end at the wrong time")
    func references() throws {
        try fill()
        #expect(
            refusal(
                "INSERT INTO outbox_outcome VALUES (1, 7, 'accepted', 1, '', '', NULL, NULL, NULL, 1, 1, 1)")?
                .contains("no such attempt") == true)
        #expect(
            refusal(
                "INSERT INTO outbox_late_answer (command, attempt, token, outcome, counts, code, words, issues, "
                    + "finished_at) VALUES (1, 7, 1, 'accepted', 1, 'ok', '', 1, 1)")?
                .contains("no such attempt") == true)
        for statement in [
            "INSERT INTO outbox_attempt VALUES (7, 1, 1, 'a', sha256(''), 'd', 1)",
            "INSERT INTO outbox_finish VALUES (7, 'dead', 1, NULL)",
            "INSERT INTO outbox_gate (command, at, gate) VALUES (7, 1, 'operator')",
        ] {
            #expect(refusal(statement)?.contains("no such command") == true, "\(statement)")
        }
        #expect(
            refusal("INSERT INTO outbox_attempt VALUES (1, 2, 2, 'a', sha256(''), 'd', 2)")?
                .contains("a finished command gets no further attempt") == true)
        try database.plain.run(
            """
            INSERT INTO outbox_command SELECT 2, '0e4a4b1e-0000-8000-8000-000000000002', position, rule, item,
                key, key_digest, slot, generation, rule_set, recipient, route, occurred_at, not_before
                FROM outbox_command;
            INSERT INTO outbox_queue (command, state, due_at, route) VALUES (2, 'pending', 1, 'a')
            """)
        #expect(
            refusal("INSERT INTO outbox_finish VALUES (2, 'cancelled', 1, NULL)")?
                .contains("finished by its dispatcher") == true)
        for change in [
            "state = 'sent'", "state = 'sending'", "state = 'held'", "lease_end = 1", "counted = 1",
            "state = 'unknown'", "token = -1", "request_digest = ''", "state = 'sending', lease_end = 1",
        ] {
            #expect(
                refusal("UPDATE outbox_queue SET \(change)")?.contains("check constraint") == true,
                "\(change)")
        }
    }

    @Test("A key, an id and a provider's name for a message may be longer than an index's row")
    func longTexts() throws {
        let store = try PostgresStore(database.settings())
        func text(_ count: Int) -> Text {
            // Without repetition, which would be compressed.
            var bytes: [UInt8] = []
            var digest = DigestBuilder.digest(of: [])
            while bytes.count < count {
                digest = DigestBuilder.digest(of: digest.bytes)
                bytes += Array(digest.description.utf8)
            }
            return Text(String(decoding: bytes.prefix(count), as: UTF8.self))
        }
        let parts = (0..<Limits.keyParts).map { _ in text(Limits.keyPartBytes) }
        let key = Key(scope: "r", parts: parts)
        let command = Command(
            id: CommandID(key: key.digest, slot: "forever", generation: 1), position: 1, rule: "r", item: 0,
            key: key, slot: "forever", generation: 1, ruleSet: .zero,
            recipient: try #require(EmailAddress("a@x.test")), route: "a", occurredAt: .start,
            notBefore: .start,
            expiresAt: nil, onUnknown: nil, supersedeDigest: nil)
        let event = Event(
            id: text(1_000), type: "a", source: text(1_000), subject: text(1_000), payload: Array("{}".utf8),
            occurredAt: .start)
        var batch = ProjectedBatch()
        batch.events = [
            LoggedEvent(position: 1, event: event, link: LogHead.empty.adding(event).link, recordedAt: .start)
        ]
        batch.decisions = [
            Decision(
                position: 1, rule: "r", reason: .emitted, key: key, recipient: "a@x.test", command: command),
            Decision(position: 1, rule: "s", reason: .recipientInvalid(detail: "no"), recipient: text(9_000)),
        ]
        let complete = batch
        try store.project { (open: any ProjectionTransaction) throws(StoreError) in try open.write(complete) }
        let report = try store.claim(
            [RouteShare(route: "a", commands: 9)], now: .start, lease: .minutes(1), dispatcher: "d"
        ) { _ in .attempt(request: .zero) }
        let claimed = try #require(report.claimed.first)
        // A provider's words may hold anything; the outcome is recorded all the same.
        let verdict = Verdict(.accepted, messageID: text(9_000), code: "o\u{0}k", words: "a\u{0}b")
        let settlement = Settlement(
            number: claimed.due.number, attempt: 1, token: 1, verdict: verdict,
            step: .finish(.accepted), status: nil, issues: 1, finishedAt: .start)
        #expect(try store.settle([settlement, settlement]) == [.recorded, .stale])
        #expect(try store.message(providerID: text(9_000))?.id == command.id)
        #expect(try store.messages(keyPart: parts[0], limit: 9).map(\.id) == [command.id])
        #expect(try store.refusals(of: text(9_000), rule: nil, limit: 9).count == 1)
        let outcome = try #require(try store.attempts(of: command.id).first?.outcome)
        #expect(outcome.verdict.words == "a\u{FFFD}b")
    }
}
