// A day in a small shop: every command that answers, in the order in which a newcomer meets them.
import Foundation
import ProcessSupport
import Testing

@Suite("Commands: what they print")
struct GoldenTests {
    @Test("The first steps in an empty directory print what is recorded")
    func firstSteps() throws {
        let sandbox = try Sandbox()
        try expectGolden("init", ["init"], in: sandbox)
        try expectGolden("init-again", ["init"], in: sandbox)
        try expectGolden("migrate-status-without-database", ["migrate", "status"], in: sandbox)
        try expectGolden("doctor-without-database", ["doctor"], in: sandbox)
        try expectGolden("events-without-database", ["events"], in: sandbox)
        try expectGolden("migrate-up", ["migrate", "up"], in: sandbox)
        try expectGolden("migrate-up-again", ["migrate", "up"], in: sandbox)
        try expectGolden("migrate-status", ["migrate", "status"], in: sandbox)
        try expectGolden("doctor-without-rules", ["doctor"], in: sandbox)
        try expectGolden("events-empty", ["events"], in: sandbox)
        try expectGolden("messages-empty", ["messages"], in: sandbox)
        try expectGolden("version", ["version"], in: sandbox)
        try expectGolden("version-json", ["version", "--json"], in: sandbox)
    }

    @Test("The rule commands print what is recorded")
    func rules() throws {
        let sandbox = try Sandbox()
        try sandbox.writeShop()
        try sandbox.writeShopRules("mistakes.yaml", extra: "    onec_per: [data.id]\n    delay: 3")
        try sandbox.writeShopRules("failing.yaml", expect: "no_rule")
        try sandbox.writeShopRules("renamed.yaml", rule: "receipt")
        try sandbox.writeShopRules("was.yaml", rule: "receipt", extra: "    was: confirmation\n    delay: 1h")
        try sandbox.sendonce("migrate", "up")
        try expectGolden("rules-check", ["rules", "check", "rules.yaml"], in: sandbox)
        try expectGolden("rules-check-mistakes", ["rules", "check", "mistakes.yaml"], in: sandbox)
        try expectGolden("rules-check-failing", ["rules", "check", "failing.yaml"], in: sandbox)
        try expectGolden("rules-check-no-file", ["rules", "check", "absent.yaml"], in: sandbox)
        try expectGolden("rules-explain", ["rules", "explain", "was.yaml"], in: sandbox)
        try expectGolden("rules-diff-first", ["rules", "diff", "rules.yaml"], in: sandbox)
        try expectGolden("rules-activate", ["rules", "activate", "rules.yaml", "--by", "ann"], in: sandbox)
        try expectGolden(
            "rules-activate-again", ["rules", "activate", "rules.yaml", "--by", "bob"], in: sandbox)
        try expectGolden("rules-diff-same", ["rules", "diff", "rules.yaml"], in: sandbox)
        try sandbox.order(42)
        try sandbox.sendonce("run", "--once")
        try expectGolden("rules-diff-frees", ["rules", "diff", "renamed.yaml"], in: sandbox)
        try expectGolden(
            "rules-activate-refused", ["rules", "activate", "renamed.yaml", "--by", "ann"], in: sandbox)
        try expectGolden(
            "rules-activate-too-few",
            ["rules", "activate", "renamed.yaml", "--by", "ann", "--free-keys", "0"],
            in: sandbox)
        try expectGolden("rules-activate-was", ["rules", "activate", "was.yaml", "--by", "ann"], in: sandbox)
        try expectGolden(
            "rules-activate-returned", ["rules", "activate", "rules.yaml", "--by", "ann"], in: sandbox)
        try sandbox.writeShopRules("rekeyed.yaml", key: "[data.order_id, recipient]")
        try expectGolden(
            "rules-activate-freed", ["rules", "activate", "rekeyed.yaml", "--by", "ann", "--free-keys", "1"],
            in: sandbox)
    }

    @Test("Events in, mail out, and every answer about them print what is recorded")
    func day() throws {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        let data = #"{"order_id":42,"email":"ann@shop.example","name":"Ann"}"#
        let at = ["--occurred-at", "2026-03-01T12:00:00Z"]
        try expectGolden(
            "append", ["append", "order.placed", "--data", data, "--id", "e-1", "--source", "shop"] + at,
            in: sandbox)
        try expectGolden("append-not-an-object", ["append", "order.placed", "--data", "[]"], in: sandbox)
        try expectGolden("append-bad-time", ["append", "order.placed", "--occurred-at", "noon"], in: sandbox)
        try expectGolden("append-control-type", ["append", "sendonce.rules.activated"], in: sandbox)
        try sandbox.sendonce(["append", "order.placed", "--data", data, "--source", "till"] + at)
        try sandbox.sendonce(["append", "order.placed", "--data", #"{"order_id":7}"#] + at)
        try sandbox.sendonce(["append", "order.shipped", "--subject", "order 42"] + at)
        try expectGolden("run-once", ["run", "--once"], in: sandbox)
        try expectGolden("run-once-again", ["run", "--once"], in: sandbox)
        try expectGolden("events", ["events"], in: sandbox)
        try expectGolden(
            "events-page", ["events", "--limit", "2", "--type", "order.placed", "--payload"], in: sandbox)
        try expectGolden("events-json", ["events", "--output", "json"], in: sandbox)
        try expectGolden(
            "events-jsonl", ["events", "--output", "jsonl", "--payload", "--limit", "3"], in: sandbox)
        try expectGolden("messages", ["messages"], in: sandbox)
        try expectGolden("messages-json", ["messages", "--output", "json"], in: sandbox)
        try expectGolden("messages-state", ["messages", "--state", "held", "--output", "json"], in: sandbox)
        try expectGolden("why-address", ["why", "Ann@Shop.example".lowercased()], in: sandbox)
        try expectGolden("why-key", ["why", "42"], in: sandbox)
        try expectGolden("why-key-json", ["why", "--key", "42", "--json"], in: sandbox)
        try expectGolden("why-position", ["why", "#4"], in: sandbox)
        try expectGolden("why-event", ["why", "--event", "e-1"], in: sandbox)
        try expectGolden("why-nobody", ["why", "--to", "bob@shop.example"], in: sandbox)
        try expectGolden(
            "why-nobody-json", ["why", "--to", "bob@shop.example", "--output", "json"], in: sandbox)
        try expectGolden("doctor", ["doctor"], in: sandbox)
        try expectGolden("doctor-json", ["doctor", "--output", "json"], in: sandbox)
    }

    @Test("A rehearsal prints the decisions and the message, and stores nothing")
    func rehearsal() throws {
        let sandbox = try Sandbox()
        try sandbox.writeShop()
        let data = #"{"order_id": 42, "email": "ann@shop.example", "name": "Ann"}"#
        let time = #""time": "2026-03-01T12:00:00Z""#
        try sandbox.write(
            #"{"type": "order.placed", "data": \#(data), \#(time)}"#,
            to: "event.json")
        try sandbox.write(
            #"{"type": "order.placed", "data": {"order_id": 1.5, "email": "ann@shop.example"}, \#(time)}"#,
            to: "bad.json")
        try sandbox.write(#"{"tpye": "order.placed", "data": {}}"#, to: "mistyped.json")
        try expectGolden("test", ["test", "event.json"], in: sandbox)
        try expectGolden("test-json", ["test", "event.json", "--json"], in: sandbox)
        try expectGolden("test-key-invalid", ["test", "bad.json"], in: sandbox)
        try expectGolden("test-expect", ["test", "bad.json", "--expect", "emitted"], in: sandbox)
        try expectGolden("test-mistyped", ["test", "mistyped.json"], in: sandbox)
        let database = FileManager.default.fileExists(atPath: sandbox.path("shop.sqlite"))
        #expect(!database)
    }

    @Test("The SQL of the migrations is plain, and applying it by hand is a migration")
    func sql() throws {
        let sandbox = try Sandbox()
        try sandbox.writeShop()
        let script = try sandbox.sendonce("migrate", "sql")
        #expect(script.status == 0 && script.errors.isEmpty)
        #expect(!script.output.contains("\u{1B}") && script.output.contains("CREATE TABLE outbox ("))
        try sandbox.write(script.output, to: "all.sql")
        let apply = try Program.python(
            [
                "-c",
                "import sqlite3; sqlite3.connect('shop.sqlite').executescript(open('all.sql').read())",
            ], in: sandbox)
        #expect(apply.wait() == 0, "\(apply.errorText)")
        #expect(try sandbox.sendonce("migrate", "status").status == 0)
        #expect(try sandbox.sendonce("rules", "activate", "rules.yaml").status == 0)
    }
}
