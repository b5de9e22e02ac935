// Killed at any moment, under a provider that accepts, drops, delays and resets.
import Foundation
import GRDB
import ProcessSupport
import SendonceFake
import Testing

extension SystemTests {
    @Test("200 SIGKILLs at random moments lose nothing and make no provider accept a command twice")
    func kills() async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var chance = SeededGenerator(seed: seed)
        let sandbox = try Sandbox()
        let fake = FakeBrevo(
            FakeBrevo.Configuration(
                key: "fake-key",
                chaos: try FakeBrevo.ChaosPlan(
                    seed: seed,
                    chances: [
                        .init(.acceptThenDrop, 0.05), .init(.acceptThenReset, 0.05),
                        .init(.acceptThenLate(milliseconds: 150), 0.10), .init(.dropBeforeReading, 0.05),
                        .init(.acceptThenResetOnReuse, 0.05), .init(.resetOnReuse, 0.05),
                        .init(.truncatedJSON, 0.03), .init(.rateLimited(resetSeconds: 1), 0.02),
                    ])))
        try sandbox.writeSettings(port: try await fake.start())
        try sandbox.writeRules()
        try sandbox.prepare()
        let inspection = try Inspection(sandbox)
        var written = 0
        func write(_ count: Int) throws {
            for _ in 0..<count {
                // Every order twice, so that duplicates meet the kills too.
                let payload =
                    #"{"order_id": \#(written / 2), "email": "customer\#(written / 2)@shop.example"}"#
                try inspection.execute(
                    "INSERT INTO outbox (event_type, payload) VALUES ('order.placed', ?)", [payload])
                written += 1
            }
        }
        for _ in 0..<200 {
            try write(5)
            let run = try Program.sendonce("run", in: sandbox)
            let moment = Date(timeIntervalSinceNow: Double.random(in: 0.02...0.25, using: &chance))
            try eventually("the moment of the kill") { Date() >= moment || !run.isRunning }
            #expect(run.isRunning, "seed \(seed): ended by itself: \(run.errorText)")
            run.kill(SIGKILL)
            run.wait()
        }
        fake.follow(.calm)
        // Two more, so that the last one certainly works, and hears signals, when all is finished.
        try write(2)
        let run = try Program.sendonce("run", in: sandbox)
        try eventually("seed \(seed): every command is finished") {
            try inspection.number("SELECT count(*) FROM outbox") == 0
                && inspection.number("SELECT count(*) FROM outbox_queue WHERE state <> 'held'") == 0
        }
        #expect(try inspection.texts(Inspection.stuckCommands) == [], "seed \(seed)")
        run.kill(SIGTERM)
        #expect(run.wait() == 0, "\(run.errorText)")

        #expect(try inspection.brokenPromises() == [], "seed \(seed)")
        #expect(
            try inspection.number("SELECT count(*) FROM outbox_log WHERE event_type = 'order.placed'")
                == written)
        #expect(
            try inspection.number("SELECT count(*) FROM outbox_finish WHERE state = 'accepted'") == written
                / 2,
            "seed \(seed)")
        let accepted = fake.accepted()
        #expect(accepted.count == written / 2, "seed \(seed)")
        #expect(Set(accepted.map(\.key)).count == written / 2, "seed \(seed): a key was accepted twice")
        #expect(
            try inspection.number("SELECT count(*) FROM outbox_outcome WHERE outcome = 'unknown'") > 0,
            "seed \(seed): the test met no unknown outcome, so it shows nothing")
        await fake.stop()
    }
}
