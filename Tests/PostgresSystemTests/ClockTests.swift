// Hosts whose clocks are wrong.
import Foundation
import PostgresSupport
import ProcessSupport
import SendonceFake
import Testing

extension PostgresSystemTests {
    private static let dispatchersSQL = "SELECT count(DISTINCT dispatcher) FROM outbox_attempt"

    @Test(
        "Two processes whose clocks are ten minutes fast and slow send nothing twice, nothing early and nothing too late, and keep their leases"
    )
    func clocks() async throws {
        let database = try PostgresCluster.shared().database()
        // Answers come while a process that is fast would think that the other's leases are over.
        let fake = FakeBrevo(try .slow(milliseconds: 300))
        let rules = """
              review:
                event: order.placed
                to: data.email
                once_per: [data.order_id]
                delay: 5m
                template: { provider_id: "4", params: { order: data.order_id } }
            """
        let shop = try Shop(
            database.connection, fakePort: try await fake.start(), leaseSeconds: 10, concurrency: 8,
            rules: rules)
        try shop.sandbox.write(
            shop.sandbox.read("rules.yaml").replacingOccurrences(
                of: "once_per: [data.order_id]\n    template: { provider_id: \"3\"",
                with: "once_per: [data.order_id]\n    expires_after: 2m\n    template: { provider_id: \"3\""),
            to: "rules.yaml")
        try shop.command("rules", "activate", "rules.yaml", "--by", "test")
        let fast = try WrongClock("+10m", shop)
        let slow = try WrongClock("-10m", shop)
        #expect(abs(try fast.ahead() - 600) < 60)
        #expect(abs(try slow.ahead() + 600) < 60)
        for round in 0..<20 {
            try shop.append(round * 10..<round * 10 + 10)
            let accepted = fake.tally().accepted
            try eventually("mail flows") { fake.tally().accepted > accepted }
        }
        var orders = 200
        try eventually("all that is due is accepted") { try shop.accepted() == orders }
        // Who finds work first is chance while the queue is empty: go on until both have had some.
        while orders < 1_000, try shop.number(Self.dispatchersSQL) < 2 {
            try shop.append(orders..<orders + 10)
            orders += 10
            try eventually("all that is due is accepted") { try shop.accepted() == orders }
        }
        for run in [fast, slow] { try run.mustEnd() }
        #expect(fake.acceptedOrders.sorted() == Array(0..<orders))
        #expect(fake.tally().requests == orders, "no attempt was made twice")
        #expect(try shop.number(Self.dispatchersSQL) == 2)
        #expect(try shop.number("SELECT count(*) FROM outbox_outcome WHERE outcome <> 'accepted'") == 0)
        #expect(try shop.number("SELECT count(*) FROM outbox_late_answer") == 0)
        #expect(
            try shop.texts("SELECT DISTINCT rule || ' ' || state FROM outbox_message ORDER BY 1")
                == ["order-confirmation accepted", "review pending"])
        #expect(try shop.brokenPromises() == [])
        await fake.stop()
    }
}

/// `sendonce run` on a machine whose clock is wrong: the program `faketime` tells it another time of day, but
/// leaves the clock by which durations are measured, which nobody sets.
private final class WrongClock {
    let program: Program

    init(_ offset: String, _ shop: Shop) throws {
        program = try shop.run(under: ["/usr/bin/faketime", "--exclude-monotonic", "-f", offset])
        try program.mustRun()
    }

    deinit {
        program.child.map { _ = kill($0, SIGKILL) }
    }

    /// Seconds by which the time at the head of the first log line is ahead of ours.
    func ahead() throws -> Double {
        let time = try #require(program.errorText.split(separator: " ").first)
        let date = try #require(ISO8601DateFormatter().date(from: String(time)), "\(time)")
        return date.timeIntervalSinceNow
    }

    func mustEnd() throws {
        kill(try #require(program.child), SIGTERM)
        #expect(program.wait() == 0, "\(program.errorText)")
    }
}
