// Connections that break, servers that are refused, passwords that are not shown.
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceStore
import Testing

@Suite struct ConnectionTests {
    private let database: PostgresDatabase
    private let store: PostgresStore

    init() throws {
        database = try PostgresCluster.shared().database()
        store = try PostgresStore(database.settings())
    }

    private func isUnavailable(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch StoreError.unavailable { return true } catch { return false }
    }

    /// Ends every connection of the store, as an administrator or a failover does.
    private func breakConnections() throws {
        try database.plain.run(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
    }

    @Test("Connections that were ended while idle are made anew, with nothing lost and nothing done twice")
    func reconnect() throws {
        try LogOfOne.write(to: store)
        #expect(try store.hasIntake() == false)
        try breakConnections()
        // A single statement may have been done before the connection broke: it is not tried again.
        #expect(isUnavailable { _ = try store.hasIntake() })
        try breakConnections()
        try LogOfOne.write(to: store)
        #expect(try store.counts().logged == 2)
        #expect(try store.hasIntake() == false)
    }

    @Test("A transaction whose connection is ended leaves nothing behind, and does not go on elsewhere")
    func brokenWithin() throws {
        _ = try store.append(NewEvent(type: "a", payload: Array("{}".utf8)))
        let isRefused = isUnavailable {
            try store.project { (open: any ProjectionTransaction) throws(StoreError) in
                var batch = ProjectedBatch()
                batch.moved = try open.take(events: 9, bytes: 9_999).map(\.sequence)
                try database.plain.run(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
                        + "current_database() AND state = 'idle in transaction'")
                try open.write(batch)
            }
        }
        #expect(isRefused)
        #expect(try store.counts().intake == 1)
    }

    @Test("A transaction that goes on after a failed statement is not taken for committed")
    func swallowedError() throws {
        #expect(throws: StoreError.self) {
            try store.project { (open: any ProjectionTransaction) throws(StoreError) in
                do throws(StoreError) {
                    _ = try open.positions(of: [EventName(source: "", id: "a\u{0}")])
                } catch {}
            }
        }
        try LogOfOne.write(to: store)
    }

    @Test("Whoever settles waits for whoever settles the same command, also when the token is old")
    func settlingWaits() throws {
        let impatient = try PostgresStore(database.settings(lockTimeout: .milliseconds(20)))
        let digest = "sha256('')"
        try database.plain.run(
            """
            INSERT INTO outbox_command VALUES (1, '0e4a4b1e-0000-8000-8000-000000000001', 1, 'r', 0, '["1"]',
                \(digest), 'forever', 1, \(digest), 'a@x', 'a', 1, 1, NULL, NULL, NULL);
            INSERT INTO outbox_queue (command, state, due_at, route, token, attempts, lease_end,
                request_digest)
                VALUES (1, 'sending', 1, 'a', 2, 2, 1, \(digest));
            INSERT INTO outbox_attempt VALUES (1, 1, 1, 'a', \(digest), 'd', 1);
            """)
        let late = Settlement(
            number: 1, attempt: 1, token: 1, verdict: Verdict(.accepted, code: "ok"),
            step: .finish(.accepted),
            status: nil, issues: 1, finishedAt: .start)
        let other = PlainConnection(database.connection)
        try other.run("BEGIN; SELECT 1 FROM outbox_queue FOR UPDATE")
        let error = #expect(throws: StoreError.self) { try impatient.settle([late]) }
        guard case .busy = error else {
            Issue.record("expected to wait, got \(String(describing: error))")
            return
        }
        try other.run("ROLLBACK")
        #expect(try impatient.settle([late]) == [.stale])
    }

    @Test("A failed statement spoils its transaction, not the next one")
    func failedStatement() throws {
        for _ in 1...2 {
            #expect(throws: StoreError.self) {
                try store.append(NewEvent(type: "sendonce.x", payload: Array("{}".utf8)))
            }
        }
        #expect(try store.append(NewEvent(type: "a", payload: Array("{}".utf8))) > 0)
    }

    @Test("A refused event is named by its constraint, and no payload stands in the words")
    func words() throws {
        let error = #expect(throws: StoreError.self) {
            try store.append(NewEvent(type: "a", payload: Array(#"["geheim"]"#.utf8)))
        }
        guard case .conflict(let words) = error else {
            Issue.record("expected a conflict, got \(String(describing: error))")
            return
        }
        #expect(words.contains("payload_must_be_a_json_object"))
        #expect(!words.contains("geheim"))
    }

    @Test(
        "The password stands in no words, whatever is wrong with the connection string",
        arguments: [
            "postgresql://u:geheim@127.0.0.1:1/x", "postgresql://u:ge@heim@127.0.0.1/x",
            "host=/nonexistent password=geheim", "host=x password=geheim nonsense",
            "host=127.0.0.1 port=1 password='geheim", "postgresql://u:geheim@127.0.0.1:port/x",
            "postgresql://u:geheim@127.0.0.1/x?nonsense=geheim", "host=geheim port=1 password=geheim",
        ])
    func password(text: String) {
        let error = #expect(throws: StoreError.self) {
            try PostgresStore(PostgresSettings(connection: text))
        }
        let words = error?.description ?? ""
        #expect(!words.contains("geheim") && !words.contains("heim@"), "\(words)")
    }

    @Test("Own commits are durable whatever the role's default is, and whoever asks")
    func synchronousCommit() throws {
        try database.plain.run(
            """
            ALTER DATABASE \(database.name) SET synchronous_commit = off;
            ALTER DATABASE \(database.name) SET default_transaction_isolation = 'serializable';
            CREATE TABLE seen (setting TEXT, isolation TEXT);
            CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO seen VALUES (current_setting('synchronous_commit'),
                    current_setting('transaction_isolation'));
                RETURN NULL;
            END $$;
            CREATE TRIGGER see AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION see();
            CREATE TRIGGER see AFTER INSERT ON outbox_log FOR EACH STATEMENT EXECUTE FUNCTION see()
            """)
        let store = try PostgresStore(database.settings())
        try LogOfOne.write(to: store)
        #expect(
            try database.plain.run("SELECT * FROM seen") == [
                ["on", "read committed"], ["on", "read committed"],
            ])
        try database.plain.run(insertByHand)
        #expect(try PlainConnection(database.connection).value("SHOW synchronous_commit") == "off")
    }

    private let insertByHand = "INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')"

    @Test("The store's clock is the database's")
    func clock() throws {
        func serverTime() throws -> Int64 {
            let text = try database.plain.value(
                "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            return try #require(text.flatMap { Int64($0) })
        }
        let before = try serverTime()
        let now = try store.now().microseconds
        let after = try serverTime()
        // Half a round trip is not known.
        #expect(now > before - 50_000 && now < after + 50_000)
    }

    @Test("What the engine must be able to do is tried at the start")
    func probe() throws {
        try store.probe()
        #expect(try database.plain.value("SELECT count(*) FROM outbox_projector") == "1")
        try database.plain.run("ALTER TABLE outbox_projector DROP CONSTRAINT outbox_projector_pkey")
        #expect(isUnavailable { try store.probe() })
    }
}
