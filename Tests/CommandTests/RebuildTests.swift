// Rebuilding on the command line: nothing happens unasked, and only what a person releases leaves, once.
import Foundation
import GRDB
import ProcessSupport
import Testing

@Suite("Commands: rebuild")
struct RebuildTests {
    private static let build = [
        "rebuild", "--from", "shop.sqlite", "--to", "new.sqlite", "--reason", "decisions were lost", "--by",
        "ann",
    ]
    private static let places = ["--from", "shop.sqlite", "--to", "new.sqlite", "--reason", "looks right"]

    /// Three orders delivered, two decided and not delivered, one in the intake; then the tables are lost.
    private func shop(losing tables: [String]) throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        for number in 1...3 { try sandbox.order(number) }
        #expect(try sandbox.sendonce("run", "--once").status == 0)
        for number in 4...5 { try sandbox.order(number) }
        try sandbox.decideOnly()
        try sandbox.order(6)
        try sandbox.lose(tables)
        try sandbox.sendonce("migrate", "up", "--database", "new.sqlite")
        return sandbox
    }

    @Test("A damaged database is planned, sealed, rebuilt, confirmed; only what is released leaves, once")
    func whole() throws {
        let sandbox = try shop(losing: ["outbox_decision", "outbox_ledger", "outbox_command", "outbox_queue"])
        let plan = try sandbox.sendonce(Self.build)
        #expect(plan.status == 3 && plan.output.contains("6 events with whole links"))
        #expect(plan.errors.contains("nothing was done: confirm with --yes 6"))
        #expect(try sandbox.sendonce(Self.build + ["--yes", "5"]).status == 3)

        let built = try sandbox.sendonce(Self.build + ["--yes", "6"])
        #expect(built.status == 0, "\(built.errors)")
        #expect(
            built.output.contains(
                "commands: 3 finished, 0 finished by their outcome, 0 as they were, 2 held (restored), 0 held"
            ))
        #expect(built.output.contains("next is `sendonce rebuild confirm`"))
        for database in ["shop.sqlite", "new.sqlite"] {
            let run = try sandbox.sendonce("run", "--once", "--database", database)
            #expect(run.status == 3 && run.errors.contains("nothing is decided or sent here"))
        }
        #expect(try sandbox.sendonce(["rebuild", "confirm"] + Self.places).status == 0)
        #expect(try sandbox.mails() == 3)

        // The intake's event leaves, as ever; what was restored does not.
        let run = try sandbox.sendonce("run", "--once", "--database", "new.sqlite")
        #expect(run.output.contains("1 event decided, 1 command emitted; attempts: 1 accepted"))
        #expect(try sandbox.mails() == 4)
        let release = ["release", "--held", "restored", "--database", "new.sqlite", "--reason", "checked"]
        #expect(try sandbox.sendonce(release + ["--yes", "2"]).status == 0)
        for _ in 0..<2 { try sandbox.sendonce("run", "--once", "--database", "new.sqlite") }
        #expect(try sandbox.mails() == 6)
        // What the old place had sent is known, and no event sends again.
        try sandbox.sendonce(
            "append", "order.placed", "--database", "new.sqlite", "--data",
            #"{"order_id":2,"email":"ann@shop.example","name":"Ann"}"#)
        let again = try sandbox.sendonce("run", "--once", "--database", "new.sqlite")
        #expect(again.output.contains("1 event decided, 0 commands emitted"))
        #expect(try sandbox.mails() == 6)
    }

    @Test("What is otherwise at the old place is named, with exit 1")
    func otherwise() throws {
        let sandbox = try shop(losing: [])
        try sandbox.change(
            "outbox_decision", "UPDATE outbox_decision SET recipient = 'eve@x.test' WHERE position = 2")
        let built = try sandbox.sendonce(Self.build + ["--yes", "6"])
        #expect(built.status == 1)
        #expect(built.output.contains("outbox_decision: 0 missing there, 1 otherwise, 0 that do not follow"))
        #expect(built.errors.contains("look at them before you confirm"))
        #expect(try sandbox.sendonce(["rebuild", "take-back"] + Self.places).status == 0)
        #expect(try sandbox.sendonce("run", "--once").output.contains("attempts: 3 accepted"))
    }

    @Test("A broken chain is named, and nothing is sealed")
    func broken() throws {
        let sandbox = try shop(losing: [])
        try sandbox.change("outbox_log", "UPDATE outbox_log SET payload = '{}' WHERE position = 3")
        let built = try sandbox.sendonce(Self.build + ["--yes", "6"])
        #expect(built.status == 2 && built.errors.contains("breaks at position 3"))
        #expect(try sandbox.sendonce("run", "--once").status == 0)
    }

    @Test("An import is rebuilt into a second database, and confirmed with --source-lost only")
    func imported() throws {
        let sandbox = try shop(losing: [])
        #expect(try sandbox.sendonce("export", "--output-file", "shop.jsonl").status == 0)
        try sandbox.sendonce("migrate", "up", "--database", "imported.sqlite")
        let imported = try sandbox.sendonce(
            "import", "shop.jsonl", "--database", "imported.sqlite", "--reason", "x")
        #expect(imported.errors.contains("`sendonce rebuild` makes them from the log, in a new database"))
        let places = ["--from", "imported.sqlite", "--to", "new.sqlite", "--reason", "lost the disk"]
        let built = try sandbox.sendonce(["rebuild"] + places + ["--yes", "6", "--json"])
        #expect(built.status == 0, "\(built.errors)")
        #expect(built.output.contains(#""held_restored":5"#))
        #expect(try sandbox.sendonce(["rebuild", "confirm"] + places).status == 3)
        #expect(try sandbox.sendonce(["rebuild", "confirm", "--source-lost"] + places).status == 0)
        let run = try sandbox.sendonce("run", "--once", "--database", "new.sqlite")
        #expect(run.status == 0)
        #expect(try sandbox.mails() == 3)
    }

    @Test("No place, no reason, or no number is usage")
    func usage() throws {
        let sandbox = try shop(losing: [])
        for arguments in [
            ["rebuild", "--reason", "x"], ["rebuild", "--to", "new.sqlite"],
            ["rebuild", "--to", "new.sqlite", "--reason", "x", "--yes", "all"],
            ["rebuild", "--to", "new.sqlite", "--reason", ""],
        ] { #expect(try sandbox.sendonce(arguments).status == 64, "\(arguments)") }
    }
}

extension Sandbox {
    /// Decides what waits with no route at hand, so that nothing is delivered.
    fileprivate func decideOnly() throws {
        let settings = read("sendonce.yaml")
        try write(
            settings.replacing("routes: [local]", with: "routes: [other]")
                + "  other: { provider: maildir, path: other }\n", to: "sendonce.yaml")
        let decided = try sendonce("run", "--once")
        #expect(decided.output.contains("attempts: none"))
        try write(settings, to: "sendonce.yaml")
    }

    /// Empties tables, as a disk or a person may.
    fileprivate func lose(_ tables: [String]) throws {
        for table in tables { try change(table, "DELETE FROM \(table)") }
    }

    fileprivate func change(_ table: String, _ sql: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path("shop.sqlite"), configuration: configuration)
        try queue.writeWithoutTransaction { database in
            let triggers = try String.fetchAll(
                database, sql: "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?",
                arguments: [table])
            for trigger in triggers { try database.execute(sql: "DROP TRIGGER \(trigger)") }
            try database.execute(sql: sql)
        }
    }

    fileprivate func mails() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: path("mail/new")).count
    }
}
