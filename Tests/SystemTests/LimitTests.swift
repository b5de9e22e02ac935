// One provider account, several processes: its limits are one budget.
import Foundation
import GRDB
import ProcessSupport
import SendonceFake
import Testing

extension SystemTests {
    @Test("Three processes on one log together keep to the rate of a route")
    func oneBudget() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.writeSettings(port: try await fake.start(), leaseSeconds: 30, totalTimeout: 10_000)
        try sandbox.write(sandbox.read("sendonce.yaml") + "\n    rate: 30\n", to: "sendonce.yaml")
        try sandbox.writeRules()
        try sandbox.prepare()
        let inspection = try Inspection(sandbox)
        for order in 0..<120 {
            try inspection.execute(
                "INSERT INTO outbox (event_type, payload) VALUES ('order.placed', ?)",
                [#"{"order_id": \#(order), "email": "customer\#(order)@shop.example"}"#])
        }
        let runs = try (1...3).map { _ in try Program.sendonce("run", in: sandbox) }
        try eventually("all is accepted") {
            try inspection.number("SELECT count(*) FROM outbox_finish WHERE state = 'accepted'") == 120
        }
        for run in runs { run.kill(SIGTERM) }
        for run in runs { #expect(run.wait() == 0, "\(run.errorText)") }
        // The 31st start from each one on comes a second later or more.
        let crowded = """
            SELECT count(*) FROM (
                SELECT started_at - lag(started_at, 30) OVER (ORDER BY started_at) AS span FROM outbox_attempt
            ) WHERE span < 1000000
            """
        #expect(try inspection.number(crowded) == 0)
        let whole = "SELECT (max(started_at) - min(started_at)) / 1000000 FROM outbox_attempt"
        #expect(try inspection.number(whole) >= 3)
        #expect(try inspection.brokenPromises() == [])
        #expect(fake.accepted().count == 120)
        await fake.stop()
    }
}
