// What each role can do, and what it cannot.
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceStore
import Testing

@Suite struct RoleTests {
    /// A migrated database with three roles of its own.
    private struct Place {
        let database: PostgresDatabase
        let roles: PostgresRoles

        init() throws {
            let database = try PostgresCluster.shared().database()
            self.database = database
            // A name that has to be quoted, too.
            let roles = PostgresRoles(
                appender: "app \(database.name)", operator: "op \"\(database.name)\"",
                reader: "Reader'\(database.name)")
            for role in [roles.appender, roles.operator, roles.reader] {
                let doubled = role.split(separator: "\"", omittingEmptySubsequences: false)
                    .joined(separator: "\"\"")
                try database.plain.run("CREATE ROLE \"\(doubled)\" LOGIN")
            }
            try database.plain.run(roles.sql)
            try database.plain.run(roles.sql)
            self.roles = roles
        }

        func connection(_ role: String) -> PlainConnection {
            PlainConnection(database.cluster.connection(database.name, user: "'\(escaped(role))'"))
        }

        func settings(_ role: String) -> PostgresSettings {
            database.settings(user: "'\(escaped(role))'")
        }

        private func escaped(_ role: String) -> String {
            role.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "\\'")
        }
    }

    private func isRefused(_ connection: PlainConnection, _ sql: String) -> Bool {
        do {
            try connection.run(sql)
            return false
        } catch {
            if case .unavailable(let words) = error { return words.contains("42501") }
            return false
        }
    }

    /// What no role but the owner may do.
    private static let never = [
        "TRUNCATE outbox", "TRUNCATE outbox_log", "TRUNCATE outbox_queue", "UPDATE outbox SET payload = '{}'",
        "UPDATE outbox_log SET payload = '{}'", "DELETE FROM outbox_log", "DELETE FROM outbox_ledger",
        "UPDATE outbox_ledger SET command = gen_random_uuid()", "DROP TABLE outbox",
        "ALTER TABLE outbox_log DISABLE TRIGGER ALL", "ALTER TABLE outbox ADD COLUMN more TEXT",
        "DROP TRIGGER outbox_log_no_update ON outbox_log", "CREATE INDEX ON outbox_log (id)",
        "DELETE FROM outbox_schema",
        "CREATE OR REPLACE FUNCTION outbox_refuse() RETURNS trigger LANGUAGE plpgsql "
            + "AS 'BEGIN RETURN NULL; END'",
    ]

    @Test("The appender writes events and reads back what it wrote, but no payload")
    func appender() throws {
        let place = try Place()
        let connection = place.connection(place.roles.appender)
        let rows = try connection.run(
            "INSERT INTO outbox (event_type, payload) VALUES ('a', '{}') RETURNING seq, id, occurred_at, source"
        )
        #expect(rows.first?.first == "1")
        #expect(isRefused(connection, "SELECT payload FROM outbox"))
        #expect(isRefused(connection, "SELECT * FROM outbox"))
    }

    @Test("The appender can neither forge a number nor reach any other table")
    func appenderRefused() throws {
        let place = try Place()
        let connection = place.connection(place.roles.appender)
        for statement in Self.never + [
            "INSERT INTO outbox (seq, event_type, payload) OVERRIDING SYSTEM VALUE VALUES (7, 'a', '{}')",
            "DELETE FROM outbox", "SELECT * FROM outbox_log", "SELECT * FROM outbox_message",
            "INSERT INTO outbox_log SELECT 1, NULL, 'a', '', NULL, '{}', 1, NULL, 1, sha256('')",
            "UPDATE outbox_queue SET due_at = 0", "UPDATE outbox_projector SET lease_end = 0",
            "SELECT setval('outbox_seq_seq', 9)",
        ] { #expect(isRefused(connection, statement), "\(statement)") }
    }

    @Test("The operator projects, claims and settles")
    func operates() throws {
        let place = try Place()
        let store = try PostgresStore(place.settings(place.roles.operator))
        try store.probe()
        try LogOfOne.write(to: store)
        #expect(try store.counts().logged == 1)
        #expect(try store.hasIntake() == false)
    }

    @Test("The operator cannot change what was recorded, nor the schema")
    func operatorRefused() throws {
        let place = try Place()
        let connection = place.connection(place.roles.operator)
        for statement in Self.never + [
            "INSERT INTO outbox (seq, event_type, payload) OVERRIDING SYSTEM VALUE VALUES (7, 'a', '{}')",
            "DELETE FROM outbox_projector", "DELETE FROM outbox_attempt", "UPDATE outbox_finish SET at = 0",
            "INSERT INTO outbox_schema SELECT 2, '', sha256(''), 1",
        ] { #expect(isRefused(connection, statement), "\(statement)") }
    }

    @Test("A position that does not follow the last one is refused, also to the operator")
    func forgedPosition() throws {
        let place = try Place()
        let connection = place.connection(place.roles.operator)
        for position in [0, 2, 5] {
            let error = #expect(throws: StoreError.self) {
                try connection.run(
                    "INSERT INTO outbox_log SELECT \(position), NULL, 'a', '', NULL, '{}', 1, NULL, 1, sha256('')"
                )
            }
            #expect(error?.description.contains("the next position follows the last one") == true)
        }
    }

    @Test("The reader reads everything and writes nothing")
    func reader() throws {
        let place = try Place()
        let connection = place.connection(place.roles.reader)
        _ = try PostgresStore(place.settings(place.roles.reader)).counts()
        let log = try PostgresReplayLog(place.settings(place.roles.reader))
        #expect(try log.head() == .empty)
        try log.read(
            RecordRequest(after: 0, through: 9, number: 0, events: 9, bytes: 9), into: RecordPage())
        try log.ledger(after: nil, limit: 9, into: RowBuffer())
        try log.deliveries(1...9, into: DeliveryPage())
        #expect(try connection.value("SELECT count(*) FROM outbox_message") == "0")
        for statement in Self.never + [
            "INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')", "DELETE FROM outbox",
            "SELECT 1 FROM outbox_queue FOR UPDATE", "UPDATE outbox_queue SET due_at = 0",
            "SELECT nextval('outbox_seq_seq')",
        ] { #expect(isRefused(connection, statement), "\(statement)") }
    }
}

/// One event that was appended, projected and forgotten.
enum LogOfOne {
    static func write(to store: PostgresStore, type: Text = "order.placed") throws {
        _ = try store.append(NewEvent(type: type, payload: Array("{}".utf8)))
        try move(store)
    }

    /// Moves whatever waits, each event decided `no_rule`.
    @discardableResult
    static func move(_ store: PostgresStore) throws -> Int {
        try store.project { (open: any ProjectionTransaction) throws(StoreError) -> Int in
            var head = try open.head()
            var batch = ProjectedBatch()
            for intake in try open.take(events: 100_000, bytes: 1 << 30) {
                head = head.adding(intake.event)
                batch.events.append(
                    LoggedEvent(
                        position: head.position, event: intake.event, link: head.link, recordedAt: .start))
                batch.decisions.append(Decision(position: head.position, reason: .noRule))
                batch.moved.append(intake.sequence)
            }
            try open.write(batch)
            return batch.events.count
        }
    }
}
