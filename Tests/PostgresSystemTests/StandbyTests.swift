// Who projects and who dispatches when a process ends, is stopped, or goes on.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import SendoncePostgres
import Testing

extension PostgresSystemTests {
    @Test("A process that ends gives back its right to project, so that the next one need not wait")
    func handover() async throws {
        let database = try PostgresCluster.shared().database()
        let fake = FakeBrevo()
        let shop = try Shop(database.connection, fakePort: try await fake.start())
        try shop.append(0..<5)
        try shop.command("run", "--once")
        #expect(try shop.accepted() == 5)
        try shop.append(5..<10)
        try shop.command("run", "--once")
        #expect(try shop.accepted() == 10)
        #expect(fake.acceptedOrders.sorted() == Array(0..<10))
        await fake.stop()
    }

    @Test(
        "Once through, a process waits for the lease of one that was killed, instead of ending without work")
    func onceAfterKill() async throws {
        let database = try PostgresCluster.shared().database()
        let fake = FakeBrevo()
        let shop = try Shop(database.connection, fakePort: try await fake.start())
        let killed = try shop.run()
        try shop.append(0..<5)
        try eventually("the first orders are done") { try shop.isDone() }
        killed.kill(SIGKILL)
        try shop.append(5..<10)
        try shop.command("run", "--once")
        #expect(try shop.accepted() == 10)
        #expect(fake.acceptedOrders.sorted() == Array(0..<10))
        await fake.stop()
    }

    @Test(
        "A dispatching process that is stopped past its leases ends nothing when it goes on, and no order is sent twice"
    )
    func stoppedDispatcher() async throws {
        let database = try PostgresCluster.shared().database()
        let fake = FakeBrevo(try .slow(milliseconds: 700))
        let shop = try Shop(
            database.connection, fakePort: try await fake.start(), leaseSeconds: 2, concurrency: 4)
        let old = try shop.run()
        try shop.append(0..<20)
        try eventually("answers are on their way") { fake.tally().accepted >= 2 }
        old.kill(SIGSTOP)
        #expect(fake.tally().accepted < 20)
        let new = try shop.run()
        try eventually("the new one has begun attempts of its own at what the old one had") {
            try shop.number("SELECT count(*) FROM outbox_queue WHERE state = 'sending' AND attempts > 1") > 0
        }
        old.kill(SIGCONT)
        try eventually("the old one reports what it knows") {
            try shop.number("SELECT count(*) FROM outbox_late_answer") > 0
        }
        try shop.append(20..<30)
        try eventually("both go on") { try shop.accepted() == 30 }
        for run in [old, new] { run.mustEnd() }
        #expect(
            try shop.number(
                """
                SELECT count(*) FROM outbox_late_answer JOIN outbox_outcome o USING (command, attempt)
                WHERE o.outcome <> 'unknown'
                """) == 0)
        #expect(fake.acceptedOrders.sorted() == Array(0..<30))
        #expect(try shop.brokenPromises() == [])
        await fake.stop()
    }

    @Test(
        "A projecting process that is stopped within its transaction loses its lease, and writes nothing when it goes on"
    )
    func stopped() async throws {
        let database = try PostgresCluster.shared().database()
        let fake = FakeBrevo()
        let shop = try Shop(database.connection, fakePort: try await fake.start(), leaseSeconds: 3)
        // Says who wrote to the log, and lets the test hold the old one within a transaction.
        try shop.plain.run(
            """
            CREATE TABLE wrote (name TEXT, position BIGINT);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF current_setting('application_name') = 'old' THEN
                    PERFORM pg_advisory_xact_lock_shared(1);
                END IF;
                INSERT INTO wrote SELECT current_setting('application_name'), max(position) FROM outbox_log;
                RETURN NULL;
            END $$;
            CREATE TRIGGER note AFTER INSERT ON outbox_log FOR EACH STATEMENT EXECUTE FUNCTION note()
            """)
        let old = try shop.run("old")
        try shop.append(0..<10)
        try eventually("the old one projects") { try shop.accepted() == 10 }
        let new = try shop.run("new")
        try new.mustRun()
        #expect(try shop.projector().contains(":\(old.identifier) "))

        try shop.plain.run("BEGIN; SELECT pg_advisory_xact_lock(1)")
        let writer = PlainConnection(database.connection)
        try writer.run(Shop.insert(10..<20))
        try eventually("the old one is within a transaction") {
            try writer.value(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'old' AND wait_event = 'advisory'"
            )
                == "1"
        }
        old.kill(SIGSTOP)
        try shop.plain.run("COMMIT")
        try eventually("the new one takes over") {
            try shop.projector().contains(":\(new.identifier) ")
        }
        try eventually("the new one does the work") { try shop.accepted() == 20 }
        try shop.plain.run("DELETE FROM wrote")
        let token = try shop.number("SELECT token FROM outbox_projector")

        old.kill(SIGCONT)
        try eventually("the old one notices") { old.errorText.contains("waits") }
        try shop.isStandby("old", while: new, orders: 20..<30)
        // Both work: the old one dispatches, and does not project.
        for order in 30..<60 { try shop.append(order..<order + 1) }
        try eventually("all is decided and accepted") { try shop.isDone() }
        #expect(try shop.texts("SELECT DISTINCT name FROM wrote") == ["new"])
        #expect(try shop.number("SELECT token FROM outbox_projector") == token)
        // As a standby it is there when the new one goes.
        new.mustEnd()
        try shop.append(60..<70)
        try eventually("the old one takes over again") { try shop.accepted() == 70 }
        old.mustEnd()
        #expect(fake.acceptedOrders.sorted() == Array(0..<70))
        #expect(try shop.brokenPromises() == [])
        await fake.stop()
    }
}

extension Shop {
    /// Shows that a process which finds orders in the intake leaves them there, since the lease of the one
    /// that projects has not ended, though that one does nothing.
    fileprivate func isStandby(_ name: String, while other: Program, orders: Range<Int>) throws {
        other.kill(SIGSTOP)
        defer { other.kill(SIGCONT) }
        let moment = try #require(try plain.value("SELECT clock_timestamp()"))
        try append(orders)
        try eventually("it has looked who projects, and rolled back") {
            try number(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE application_name = '\(name)' AND query = 'ROLLBACK' AND query_start > '\(moment)'
                """) > 0
        }
        #expect(try number("SELECT count(*) FROM outbox") == orders.count)
    }
}
