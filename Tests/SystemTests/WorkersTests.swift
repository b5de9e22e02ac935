// The main promise, with real processes: whoever writes whatever how often, one order is one e-mail.
import Foundation
import ProcessSupport
import SendonceFake
import Testing

extension SystemTests {
    @Test(
        "32 processes write 50 orders ten times each: every commit is in the log once, every order is one e-mail"
    )
    func workers() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.writeSettings(port: try await fake.start(), leaseSeconds: 30, totalTimeout: 10_000)
        try sandbox.writeRules()
        try sandbox.prepare()
        let run = try Program.sendonce("run", in: sandbox)
        let workers = try (0..<32).map { worker in
            try Program.python(
                [
                    Place.fixture("writers/orders.py"), sandbox.path("shop.sqlite"), "\(worker)", "50", "10",
                    "7",
                ],
                in: sandbox)
        }
        var committed: Set<String> = []
        for worker in workers {
            #expect(worker.wait() == 0, "\(worker.errorText)")
            committed.formUnion(try JSONDecoder().decode([String].self, from: Data(worker.outputText.utf8)))
        }
        let inspection = try Inspection(sandbox)
        try eventually("all is decided and accepted") {
            try inspection.number("SELECT count(*) FROM outbox") == 0
                && inspection.number("SELECT count(*) FROM outbox_finish WHERE state = 'accepted'") == 50
        }
        run.kill(SIGTERM)
        #expect(run.wait() == 0, "\(run.errorText)")

        let logged = try inspection.texts(
            "SELECT json_extract(payload, '$.written_by') FROM outbox_log WHERE event_type = 'order.placed'")
        #expect(logged.count == committed.count)
        #expect(Set(logged) == committed)
        #expect(committed.count < 16_000, "some transactions were rolled back")
        #expect(try inspection.brokenPromises() == [])
        #expect(try inspection.number("SELECT count(*) FROM outbox_command") == 50)
        let accepted = fake.accepted()
        #expect(accepted.count == 50)
        #expect(Set(accepted.map(\.key)).count == 50)
        await fake.stop()
    }
}
