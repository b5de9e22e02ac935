// A rule that came late decides past events: planned, confirmed, told of afterwards.
import ProcessSupport
import Testing

@Suite("Commands: backfill")
struct BackfillTests {
    /// Three shipments, two of them of one order, decided before a rule for shipments came.
    private func shop(_ extra: String = "") throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        for (order, name) in [(42, "Ann"), (43, "Bob"), (42, "Ann")] {
            try sandbox.sendonce([
                "append", "order.shipped", "--data",
                #"{"order_id":\#(order),"email":"\#(name.lowercased())@shop.example","name":"\#(name)"}"#,
                "--occurred-at", "2026-03-01T12:00:00Z",
            ])
        }
        try sandbox.sendonce("run", "--once")
        try sandbox.writeShopRules(
            "late.yaml",
            extra: """
                  shipped:
                    event: order.shipped
                    to: data.email
                    once_per: [data.order_id]
                    template: { file: order }
                \(extra)
                """)
        let activated = try sandbox.sendonce("rules", "activate", "late.yaml", "--by", "ann")
        #expect(activated.status == 0, "\(activated.errors)")
        return sandbox
    }

    private static let asked = [
        "backfill", "shipped", "--from", "1", "--through", "4", "--by", "ann", "--reason", "rule added late",
    ]

    @Test("A backfill is planned, confirmed with its number, done once, and told of")
    func whole() throws {
        let sandbox = try shop()
        try expectGolden("backfill-plan", Self.asked, in: sandbox)
        try expectGolden("backfill-plan-json", Self.asked + ["--json"], in: sandbox)
        try expectGolden("backfill-too-few", Self.asked + ["--yes", "1"], in: sandbox)
        let events = try sandbox.sendonce("events", "--type", "sendonce.backfill")
        #expect(!events.output.contains("sendonce.backfill"))
        try expectGolden("backfill", Self.asked + ["--yes", "2"], in: sandbox)
        try expectGolden("backfill-again", Self.asked + ["--yes", "2"], in: sandbox)
        let run = try sandbox.sendonce("run", "--once")
        #expect(run.output.contains("2 accepted"), "\(run.output)\(run.errors)")
        try expectGolden("backfill-events", ["events"], in: sandbox)
        try expectGolden("backfill-events-json", ["events", "--before", "3", "--json"], in: sandbox)
        try expectGolden("backfill-why", ["why", "ann@shop.example"], in: sandbox)
        try expectGolden("backfill-why-json", ["why", "#4", "--json"], in: sandbox)
        try expectGolden("backfill-why-act", ["why", "#6"], in: sandbox)
    }

    @Test("A range of time, and messages that have expired, print what is recorded")
    func expired() throws {
        let sandbox = try shop("    expires_after: 1d")
        let asked = [
            "backfill", "shipped", "--from", "2026-03-01", "--through", "2026-03-01", "--by", "ann",
            "--reason", "March 1st was missed", "--request", "march-1",
        ]
        try expectGolden("backfill-expired-plan", asked, in: sandbox)
        try expectGolden("backfill-expired", asked + ["--yes", "0", "--json"], in: sandbox)
        let run = try sandbox.sendonce("run", "--once")
        #expect(!run.output.contains("accepted"), "\(run.output)")
        let messages = try sandbox.sendonce("messages", "--state", "expired")
        #expect(messages.output.contains("ann@shop.example") && messages.output.contains("bob@shop.example"))
    }

    @Test("What cannot be is refused with its cure, and nothing is written")
    func refused() throws {
        let sandbox = try shop()
        try expectGolden(
            "backfill-no-rule", ["backfill", "shiped", "--from", "1", "--through", "4", "--reason", "x"],
            in: sandbox)
        try expectGolden(
            "backfill-behind-the-end",
            ["backfill", "shipped", "--from", "1", "--through", "99", "--reason", "x"], in: sandbox)
        try expectGolden(
            "backfill-bad-time",
            ["backfill", "shipped", "--from", "yesterday", "--through", "4", "--reason", "x"], in: sandbox)
        let head = try sandbox.sendonce("events", "--limit", "1")
        #expect(head.output.contains("sendonce.rules.activated"))
    }
}
