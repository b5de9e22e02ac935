// What a machine does to a program: two of it, a lock that stays, a disk that is full, rules that change
// underneath.
import Foundation
import GRDB
import ProcessSupport
import SendonceFake
import Testing

extension SystemTests {
    @Test("Two `run` processes on one file share the work: every order is accepted once")
    func twoRuns() async throws {
        let sandbox = try Sandbox()
        let slow = try FakeBrevo.ChaosPlan(seed: 1, chances: [.init(.acceptThenLate(milliseconds: 20), 1)])
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key", chaos: slow))
        try sandbox.writeSettings(
            port: try await fake.start(), leaseSeconds: 30, totalTimeout: 10_000, concurrency: 2)
        try sandbox.writeRules()
        try sandbox.prepare()
        let runs = try (0..<2).map { _ in try Program.sendonce("run", in: sandbox) }
        for run in runs { try eventually("it runs") { run.errorText.contains("delivering") } }
        let inspection = try Inspection(sandbox)
        func deliver(_ orders: Range<Int>) throws {
            for order in orders { try inspection.appendOrder(order) }
            try eventually("orders up to \(orders.upperBound) are accepted") {
                try inspection.number("SELECT count(*) FROM outbox_finish WHERE state = 'accepted'")
                    == orders.upperBound
            }
        }
        try deliver(0..<300)
        // Who finds work first is chance while the queue is empty: go on until both have had some.
        let dispatchers = "SELECT count(DISTINCT dispatcher) FROM outbox_attempt"
        var orders = 300
        while orders < 2_000, try inspection.number(dispatchers) < 2 {
            try deliver(orders..<orders + 10)
            orders += 10
        }
        for run in runs {
            run.kill(SIGTERM)
            #expect(run.wait() == 0, "\(run.errorText)")
        }
        #expect(fake.accepted().count == orders)
        #expect(try inspection.number(dispatchers) == 2)
        #expect(try inspection.brokenPromises() == [])
        await fake.stop()
    }

    @Test(
        "SIGTERM ends claiming, waits for what is in flight, and leaves no outcome unknown and no lease behind"
    )
    func cleanShutdown() async throws {
        let sandbox = try Sandbox()
        let slow = try FakeBrevo.ChaosPlan(seed: 1, chances: [.init(.acceptThenLate(milliseconds: 400), 1)])
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key", chaos: slow))
        try sandbox.writeSettings(
            port: try await fake.start(), leaseSeconds: 30, totalTimeout: 10_000, concurrency: 4)
        try sandbox.writeRules()
        try sandbox.prepare()
        let inspection = try Inspection(sandbox)
        for order in 0..<20 { try inspection.appendOrder(order) }
        let run = try Program.sendonce("run", in: sandbox)
        try eventually("attempts are in flight") { fake.tally().accepted >= 5 }
        run.kill(SIGTERM)
        #expect(run.wait() == 0, "\(run.errorText)")
        let acceptedThen = fake.accepted().count
        #expect(acceptedThen < 20, "it ended before all was sent, or the test shows nothing")
        #expect(
            try inspection.number("SELECT count(*) FROM outbox_finish WHERE state = 'accepted'")
                == acceptedThen)
        #expect(try inspection.number("SELECT count(*) FROM outbox_queue WHERE state <> 'pending'") == 0)
        #expect(try inspection.number("SELECT count(*) FROM outbox_outcome WHERE outcome = 'unknown'") == 0)
        fake.follow(.calm)
        try sandbox.mustSendonce("run", "--once")
        #expect(fake.accepted().count == 20)
        #expect(try inspection.brokenPromises() == [])
        await fake.stop()
    }

    @Test("A database that is locked for 30 seconds delays everything and loses nothing")
    func lockedDatabase() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.writeSettings(port: try await fake.start(), leaseSeconds: 60, totalTimeout: 10_000)
        try sandbox.writeRules()
        try sandbox.prepare()
        let inspection = try Inspection(sandbox)
        for order in 0..<20 { try inspection.appendOrder(order) }
        let holder = try Program.python(
            [Place.fixture("writers/hold_lock.py"), sandbox.path("shop.sqlite"), "30"], in: sandbox)
        try eventually("the lock is held") { holder.outputText.contains("held") }
        let run = try Program.sendonce("run", in: sandbox)
        #expect(holder.wait() == 0, "\(holder.errorText)")
        #expect(run.isRunning, "\(run.errorText)")
        #expect(fake.accepted().isEmpty, "nothing may leave while nothing can be recorded")
        try eventually("all are accepted") {
            try inspection.number("SELECT count(*) FROM outbox_finish WHERE state = 'accepted'") == 20
        }
        run.kill(SIGTERM)
        #expect(run.wait() == 0, "\(run.errorText)")
        #expect(run.errorText.contains("waits"), "the log says what it waits for")
        #expect(fake.accepted().count == 20)
        await fake.stop()
    }

    @Test("A database file that is replaced while `run` works ends it with words, instead of a silent wait")
    func replacedFile() throws {
        let sandbox = try Sandbox()
        try sandbox.writeSettings(port: 9)
        try sandbox.writeRules()
        try sandbox.prepare()
        let run = try Program.sendonce("run", in: sandbox)
        try eventually("it runs") { run.errorText.contains("delivering") }
        try FileManager.default.moveItem(
            atPath: sandbox.path("shop.sqlite"), toPath: sandbox.path("old.sqlite"))
        try sandbox.mustSendonce("migrate", "up")
        #expect(run.wait() == 2)
        #expect(run.errorText.contains("was replaced, moved or deleted"), "\(run.errorText)")
    }

    @Test("A full disk stops sending, says so, and goes on when there is room again")
    func fullDisk() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.writeSettings(port: try await fake.start(), leaseSeconds: 30, totalTimeout: 10_000)
        try sandbox.writeRules()
        try sandbox.prepare()
        let inspection = try Inspection(sandbox)
        let padding = String(repeating: "x", count: 4_000)
        for order in 0..<100 { try inspection.appendOrder(order, padding: padding) }
        // `ulimit -f` counts blocks of 1 KiB: no file may grow beyond what the database has now and a little
        // more. Python's shell-free way of setting it keeps the signal ignored, so that a write fails as on a
        // full disk.
        let limit =
            try FileManager.default.attributesOfItem(atPath: sandbox.path("shop.sqlite"))[.size] as? Int ?? 0
        let starved = try Program.python(
            [Place.fixture("writers/starved.py"), "\(limit + 65_536)", Place.sendonce, "run"], in: sandbox)
        try eventually("it says that it cannot write") { starved.errorText.contains("waits") }
        #expect(starved.isRunning)
        starved.kill(SIGTERM)
        starved.wait()
        let sentWhileFull = fake.accepted().count
        #expect(sentWhileFull < 100)

        let run = try Program.sendonce("run", in: sandbox)
        try eventually("all are accepted") {
            try inspection.number("SELECT count(*) FROM outbox_finish WHERE state = 'accepted'") == 100
        }
        run.kill(SIGTERM)
        #expect(run.wait() == 0, "\(run.errorText)")
        #expect(fake.accepted().count == 100)
        #expect(try inspection.brokenPromises() == [])
        await fake.stop()
    }

    @Test(
        "Rules that are activated while `run` works hold from their activation on, and bad ones change nothing"
    )
    func rulesChangeWhileRunning() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.writeSettings(port: try await fake.start(), leaseSeconds: 30, totalTimeout: 10_000)
        try sandbox.writeRules()
        try sandbox.prepare()
        let run = try Program.sendonce("run", in: sandbox)
        let inspection = try Inspection(sandbox)
        try inspection.appendOrder(1)
        try eventually("the first is accepted") { fake.accepted().count == 1 }

        try sandbox.write("version: 1\nrules: { broken: { windwo: 7d } }\n", to: "rules.yaml")
        let refused = try sandbox.sendonce("rules", "activate", "rules.yaml")
        #expect(refused.status == 2)
        #expect(refused.errors.contains("rules.yaml:2:"), "\(refused.errors)")
        try inspection.appendOrder(2)
        try eventually("the old rules go on") { fake.accepted().count == 2 }

        try sandbox.writeRules(
            extra: """
                  thanks:
                    event: order.placed
                    to: data.email
                    once_per: [data.email]
                    template: { provider_id: "4", params: {} }
                """)
        try sandbox.mustSendonce("rules", "activate", "rules.yaml", "--by", "test")
        try inspection.appendOrder(3)
        try eventually("both rules send") { fake.accepted().count == 4 }
        run.kill(SIGTERM)
        #expect(run.wait() == 0, "\(run.errorText)")
        #expect(
            try inspection.number("SELECT count(*) FROM outbox_decision WHERE rule = 'thanks'") == 1,
            "events before the activation are not the new rule's")
        await fake.stop()
    }
}

extension Inspection {
    /// What an application writes.
    func appendOrder(_ order: Int, padding: String = "") throws {
        let payload =
            #"{"order_id": \#(order), "email": "customer\#(order)@shop.example", "padding": "\#(padding)"}"#
        try execute("INSERT INTO outbox (event_type, payload) VALUES ('order.placed', ?)", [payload])
    }
}
