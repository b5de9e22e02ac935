// A database that is put back, or copied: it sends nothing until a person says what may go.
import Foundation
import GRDB
import ProcessSupport
import SendonceFake
import Testing

extension SystemTests {
    @Test("A backup that is put back under the same path sends nothing, and what a person releases goes once")
    func restoredBackup() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.openShop(port: try await fake.start())
        try sandbox.appendOrders(0..<5)
        try sandbox.drain()
        try sandbox.appendOrders(5..<15)
        try sandbox.backUp("shop.sqlite", to: "backup.sqlite")
        try sandbox.drain()
        #expect(fake.orders.sorted() == Array(0..<15))
        let requests = fake.tally().requests

        try sandbox.backUp("backup.sqlite", to: "shop.sqlite")
        // The shop works on while nobody knows.
        try sandbox.appendOrders(15..<17)
        for _ in 1...2 {
            let run = try sandbox.sendonce("run", "--once")
            #expect(run.status == 3)
            #expect(run.errors.contains("restored or rewound"), "\(run.errors)")
            #expect(run.errors.contains("sendonce fence"), "\(run.errors)")
        }
        try sandbox.appendOrders(17..<20)
        #expect(fake.tally().requests == requests)
        let list = try sandbox.sendonce("fence")
        #expect(list.status == 3)
        #expect(list.output.contains("0 commands, and what comes of 15 undecided events"), "\(list.output)")
        #expect(try sandbox.sendonce("doctor").output.contains("WRONG  fenced"))

        #expect(try sandbox.sendonce("fence", "lift").status == 3)
        try sandbox.mustSendonce("fence", "lift", "--yes", "0", "--by", "ann", "--reason", "a lost disk")
        try sandbox.drain()
        // Only what was written after the fence was put up went by itself.
        #expect(fake.orders.sorted() == Array(0..<15) + Array(17..<20))
        let inspection = try Inspection(sandbox)
        #expect(
            try inspection.number("SELECT count(*) FROM outbox_queue WHERE hold_reason = 'fence'") == 12)
        for order in 15..<17 {
            try sandbox.mustSendonce(
                "release", "--recipient", "customer\(order)@shop.example", "--yes", "1", "--reason",
                "not sent")
        }
        try sandbox.mustSendonce("cancel", "--held", "fence", "--yes", "10", "--reason", "sent before")
        for _ in 1...2 { try sandbox.drain() }
        #expect(fake.orders.sorted() == Array(0..<20))
        #expect(try inspection.brokenPromises() == [])
        #expect(try sandbox.sendonce("fence").status == 0)
        await fake.stop()
    }

    @Test("A staging copy of production sends nothing, and production goes on")
    func stagingCopy() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.openShop(port: try await fake.start())
        try sandbox.appendOrders(0..<5)
        try sandbox.drain()
        // Commands in the queue, too: no route takes them yet.
        fake.follow(
            try FakeBrevo.ChaosPlan(seed: 1, chances: [.init(.refuse(status: 503, accepted: false), 1)]))
        try sandbox.appendOrders(5..<10)
        _ = try sandbox.sendonce("run", "--once")
        fake.follow(.calm)
        let requests = fake.tally().requests
        try sandbox.appendOrders(10..<13)
        try sandbox.backUp("shop.sqlite", to: "staging.sqlite")
        let staging = ["--database", sandbox.path("staging.sqlite")]
        let run = try sandbox.sendonce(["run"] + staging)
        #expect(run.status == 3 && run.errors.contains("copied or moved from"), "\(run.errors)")
        let list = try sandbox.sendonce(["fence", "--json"] + staging)
        #expect(list.output.contains(#""state":"fenced","fenced":true"#), "\(list.output)")
        #expect(list.output.contains(#""commands":5,"intake":3"#), "\(list.output)")
        // Another machine, too, to which the file was taken under its own path.
        let elsewhere = try sandbox.sendonce(
            ["run", "--once"] + staging, environment: ["SENDONCE_DEPLOYMENT": "staging"])
        #expect(elsewhere.status == 3)
        #expect(fake.tally().requests == requests)
        try sandbox.drain()
        #expect(fake.orders.sorted() == Array(0..<13))
        await fake.stop()
    }

    @Test("A rebuilt log that takes the place of its old file goes on there, and is watched there")
    func rebuiltInPlace() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.openShop(port: try await fake.start())
        try sandbox.appendOrders(0..<5)
        try sandbox.drain()
        let (old, new) = (sandbox.path("shop.sqlite"), sandbox.path("new.sqlite"))
        try sandbox.mustSendonce("migrate", "up", "--database", new)
        try sandbox.mustSendonce(
            "rebuild", "--from", old, "--to", new, "--by", "ann", "--reason", "lost", "--yes", "6")
        try sandbox.mustSendonce(
            "rebuild", "confirm", "--from", old, "--to", new, "--by", "ann", "--reason", "looks right")
        try sandbox.backUp("new.sqlite", to: "shop.sqlite")
        try sandbox.appendOrders(5..<8)
        try sandbox.drain()
        #expect(fake.orders.sorted() == Array(0..<8))
        try sandbox.backUp("new.sqlite", to: "shop.sqlite")
        let run = try sandbox.sendonce("run", "--once")
        #expect(run.status == 3 && run.errors.contains("restored or rewound"), "\(run.errors)")
        await fake.stop()
    }

    @Test("200 claims under SIGKILL raise no false alarm, and a restart goes on")
    func killedBetween() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.openShop(port: try await fake.start())
        let inspection = try Inspection(sandbox)
        var chance = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
        for round in 0..<25 {
            try sandbox.appendOrders(round * 8..<round * 8 + 8)
            // Two at a time, which share what they remember.
            let runs = try (0..<2).map { _ in try Program.sendonce("run", in: sandbox) }
            let moment = Date(timeIntervalSinceNow: Double.random(in: 0.05...0.3, using: &chance))
            try eventually("the moment of the kill") { Date() >= moment }
            for run in runs {
                #expect(run.isRunning, "\(run.errorText)")
                run.kill(SIGKILL)
                run.wait()
            }
        }
        // One more, which only this process can deliver: it works, and hears signals, once that is there.
        try sandbox.appendOrders(200..<201)
        let run = try Program.sendonce("run", in: sandbox)
        try eventually("all are accepted: \(run.errorText)") {
            try inspection.number("SELECT count(*) FROM outbox_finish WHERE state = 'accepted'") == 201
        }
        run.kill(SIGTERM)
        #expect(run.wait() == 0, "\(run.errorText)")
        #expect(fake.orders.sorted() == Array(0..<201))
        #expect(try inspection.number("SELECT count(*) FROM outbox_home") == 1)
        await fake.stop()
    }

    @Test("Without a place for what was seen, `run` refuses, until somebody says that it may go without")
    func noState() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.openShop(port: try await fake.start())
        try sandbox.appendOrders(0..<1)
        try sandbox.write("", to: "file")
        let place = ["SENDONCE_STATE_DIRECTORY": sandbox.path("file/state")]
        let refused = try sandbox.sendonce(["run", "--once"], environment: place)
        #expect(refused.status == 3 && refused.errors.contains("witness: none"), "\(refused.errors)")
        #expect(fake.tally().requests == 0)
        #expect(try sandbox.sendonce(["doctor"], environment: place).output.contains("`run` refuses"))
        let without = try sandbox.sendonce(
            ["run", "--once"], environment: place.merging(["SENDONCE_WITNESS": "none"]) { $1 })
        #expect(without.status == 0 && without.errors.contains("a restored backup is not noticed"))
        #expect(fake.tally().accepted == 1)
        await fake.stop()
    }
}

extension Sandbox {
    fileprivate func openShop(port: Int) throws {
        try writeSettings(port: port)
        try writeRules()
        try prepare()
    }

    fileprivate func appendOrders(_ orders: Range<Int>) throws {
        let inspection = try Inspection(self)
        for order in orders { try inspection.appendOrder(order) }
    }

    /// Delivers until nothing waits but for a person. Once through is not always enough: a connection that
    /// took too long is tried again later.
    fileprivate func drain() throws {
        let inspection = try Inspection(self)
        try eventually("nothing waits") {
            try mustSendonce("run", "--once")
            return try inspection.number(
                """
                SELECT (SELECT count(*) FROM outbox)
                    + (SELECT count(*) FROM outbox_queue WHERE state <> 'held')
                """) == 0
        }
    }

    /// A whole copy of what is committed, as a backup program makes it, in the place of what was there.
    fileprivate func backUp(_ name: String, to other: String) throws {
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: path(other + suffix))
        }
        let target = try DatabaseQueue(path: path(other))
        try DatabaseQueue(path: path(name)).backup(to: target)
        try target.close()
    }
}

extension FakeBrevo {
    /// The orders of which a confirmation was accepted.
    fileprivate var orders: [Int] {
        accepted().compactMap { acceptance in
            acceptance.params.flatMap { params in Int(params.filter(\.isNumber)) }
        }
    }
}
