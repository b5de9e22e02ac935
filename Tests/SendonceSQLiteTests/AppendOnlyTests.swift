// What is recorded stays: every way to change or remove a row is refused by the database itself.
import GRDB
import SendonceCore
import SendonceSQLite
import SendonceStore
import Testing

@Suite struct AppendOnlyTests {
    /// A table, a column to change, and an INSERT OR REPLACE of the row that `filled` leaves in it.
    static let tables: [(table: String, column: String)] = [
        ("outbox_log", "payload"), ("outbox_rule_set", "content"), ("outbox_activation", "actor"),
        ("outbox_scope", "scope"), ("outbox_decision", "rule"), ("outbox_ledger", "position"),
        ("outbox_command", "route"), ("outbox_attempt", "dispatcher"), ("outbox_outcome", "code"),
        ("outbox_late_answer", "code"), ("outbox_finish", "state"), ("outbox_gate", "gate"),
        ("outbox_run", "last"), ("outbox_authority", "state"), ("outbox_arrival", "seq"),
        ("outbox_act", "actor"), ("outbox_act_command", "state"), ("outbox_home", "place"),
    ]

    /// A file with at least one row in every table.
    private func filled() throws -> TestFile {
        let place = try TestFile()
        let digest = "x'\(String(repeating: "ab", count: 32))'"
        let id = "0e4a4b1e-0000-8000-8000-000000000001"
        try place.sql(
            """
            INSERT INTO outbox_log VALUES (1, NULL, 'a', '', NULL, '{}', 1, NULL, 1, \(digest));
            INSERT INTO outbox_rule_set VALUES (\(digest), 'rules', x'00');
            INSERT INTO outbox_activation VALUES (1, \(digest), 'ann', 'why', 1);
            INSERT INTO outbox_scope VALUES (1, 'r', 'r');
            INSERT INTO outbox_decision VALUES
                (1, 'r', 0, 'emitted', '["1"]', 'a@x', NULL, NULL, NULL, '\(id)', NULL);
            INSERT INTO outbox_ledger VALUES (\(digest), 'forever', 1, 'r', '["1"]', 1, 1, '\(id)', 1);
            INSERT INTO outbox_command VALUES (1, '\(id)', 1, 'r', 0, '["1"]', \(digest), 'forever', 1,
                \(digest), 'a@x', 'a', 1, 1, NULL, NULL, NULL);
            INSERT INTO outbox_attempt VALUES (1, 1, 1, 'a', \(digest), 'd', 1);
            INSERT INTO outbox_outcome VALUES (1, 1, 'accepted', 1, 'ok', '', NULL, NULL, NULL, 201, 1, 1);
            INSERT INTO outbox_late_answer VALUES
                (1, 1, 1, 1, 'accepted', 1, 'ok', '', NULL, NULL, NULL, 201, 1, 1);
            INSERT INTO outbox_finish VALUES (1, 'accepted', 1, NULL);
            INSERT INTO outbox_gate VALUES (1, 1, 1, 'operator', NULL, NULL);
            INSERT INTO outbox_act VALUES (1, 'r', 'hold', 'ann', 'why', 'all', 1, 1);
            INSERT INTO outbox_act_command VALUES (1, 1, 'pending', NULL);
            INSERT INTO outbox_home VALUES (1, 'bound', \(digest), 'here', 'ann', 'why', 0, 1);
            INSERT INTO outbox_run VALUES (1, 1);
            INSERT INTO outbox_authority VALUES (1, 'moved', 't', 'elsewhere', 'ann', 'why', NULL, 1);
            INSERT INTO outbox_arrival VALUES ('t', 1, 1);
            INSERT INTO outbox_lookup VALUES (1, '\(id)', 1);
            """)
        return place
    }

    private func words(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was refused"
        } catch {
            return (error as? DatabaseError)?.message ?? "\(error)"
        }
    }

    @Test("UPDATE, DELETE and REPLACE are refused in words, with foreign keys off too", arguments: tables)
    func refused(table: String, column: String) throws {
        let place = try filled()
        let statements = [
            "UPDATE \(table) SET \(column) = \(column)", "DELETE FROM \(table)",
            "INSERT OR REPLACE INTO \(table) SELECT * FROM \(table)",
            "REPLACE INTO \(table) SELECT * FROM \(table)",
        ]
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let connection = try DatabaseQueue(path: place.path, configuration: configuration)
        for statement in statements {
            let words = words { try connection.writeWithoutTransaction { try $0.execute(sql: statement) } }
            #expect(words.contains("\(table) is append-only"), "\(statement): \(words)")
        }
        #expect(try place.value("SELECT count(*) FROM \(table)") == "1")
    }

    @Test(
        "Commands and runs are numbered without holes",
        arguments: [
            """
            INSERT INTO outbox_command SELECT 3, id, position, rule, item, key, key_digest, slot, generation,
                rule_set, recipient, route, occurred_at, not_before, NULL, NULL, NULL FROM outbox_command
            """,
            "INSERT INTO outbox_run VALUES (3, 4)",
        ])
    func holes(statement: String) throws {
        let words = words { try filled().sql(statement) }
        #expect(words.contains("follows the last one"), "\(words)")
    }

    @Test("What finds a command is not changed or removed, and REPLACE leaves it as it is")
    func lookup() throws {
        let place = try filled()
        for statement in ["UPDATE outbox_lookup SET command = 2", "DELETE FROM outbox_lookup"] {
            let words = words { try place.sql(statement) }
            #expect(words.contains("outbox_lookup is append-only"), "\(statement): \(words)")
        }
        try place.sql("REPLACE INTO outbox_lookup SELECT * FROM outbox_lookup")
        #expect(try place.value("SELECT count(*) || max(command) FROM outbox_lookup") == "11")
    }

    @Test("An event in the intake is never changed, but may be moved away")
    func intake() throws {
        let place = try TestFile()
        try place.sql("INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')")
        let words = words { try place.sql("UPDATE outbox SET payload = '{}'") }
        #expect(words.contains("never changed"))
        try place.sql("DELETE FROM outbox")
        try place.sql("INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')")
        // A number that was used is not given again.
        #expect(try place.value("SELECT seq FROM outbox") == "2")
    }

    @Test("An event cannot be given a number, which could replace another one or use up all numbers")
    func givenNumber() throws {
        let place = try TestFile()
        try place.sql("INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')")
        for number in ["1", "2", "9223372036854775807"] {
            for verb in ["INSERT", "INSERT OR REPLACE"] {
                let refusal = words {
                    try place.sql(
                        "\(verb) INTO outbox (seq, event_type, payload) VALUES (\(number), 'b', '{}')")
                }
                #expect(refusal.contains("seq is assigned by the table"), "\(verb) \(number): \(refusal)")
            }
        }
        try place.sql("INSERT INTO outbox (event_type, payload) VALUES ('c', '{}')")
        #expect(try place.value("SELECT group_concat(event_type) FROM outbox") == "a,c")
    }

    @Test("A queued command cannot be finished behind its dispatcher's back")
    func finishedWhileQueued() throws {
        let place = try filled()
        let id = "0e4a4b1e-0000-8000-8000-000000000002"
        try place.sql(
            """
            INSERT INTO outbox_command SELECT 2, '\(id)', position, rule, item, key, key_digest, slot,
                generation, rule_set, recipient, route, occurred_at, not_before, NULL, NULL, NULL
                FROM outbox_command;
            INSERT INTO outbox_queue (command, state, due_at, route) VALUES (2, 'pending', 1, 'a');
            """)
        let refusal = words { try place.sql("INSERT INTO outbox_finish VALUES (2, 'cancelled', 1, NULL)") }
        #expect(refusal.contains("finished by its dispatcher"), "\(refusal)")
    }

    @Test("A rule set's file cannot be replaced by its hidden number: there is none")
    func ruleSetRow() throws {
        let place = try filled()
        let refusal = words {
            try place.sql(
                "INSERT OR REPLACE INTO outbox_rule_set (rowid, digest, name, content) VALUES (1, x'', 'x', x'')"
            )
        }
        #expect(refusal.contains("rowid"), "\(refusal)")
        #expect(try place.value("SELECT count(*) FROM outbox_rule_set") == "1")
    }

    @Test("A finished command gets no further attempt")
    func finished() throws {
        let place = try filled()
        let words = words {
            try place.sql(
                "INSERT INTO outbox_attempt SELECT 1, 2, 2, route, request_digest, 'd', 2 FROM outbox_attempt"
            )
        }
        #expect(words.contains("a finished command gets no further attempt"))
    }

    @Test("An outcome without its attempt is refused")
    func outcomeWithoutAttempt() throws {
        let place = try filled()
        let words = words {
            try place.sql(
                """
                INSERT INTO outbox_outcome VALUES
                    (1, 7, 'accepted', 1, 'ok', '', NULL, NULL, NULL, 201, 1, 1)
                """
            )
        }
        #expect(words.contains("FOREIGN KEY"))
    }
}
