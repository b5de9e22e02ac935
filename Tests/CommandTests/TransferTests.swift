// Moving a log on the command line: nothing happens unasked, and whatever is fenced says so, with exit 3.
import Foundation
import ProcessSupport
import Testing

@Suite("Commands: transfer")
struct TransferTests {
    private static let move = [
        "transfer", "--from", "shop.sqlite", "--to", "new.sqlite", "--reason", "a new host",
    ]
    private static let places = ["--from", "shop.sqlite", "--to", "new.sqlite", "--reason", "looks right"]

    private func shop() throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        for number in 1...3 { try sandbox.order(number) }
        #expect(try sandbox.sendonce("run", "--once").status == 0)
        try sandbox.order(4)
        try sandbox.sendonce("migrate", "up", "--database", "new.sqlite")
        return sandbox
    }

    @Test("A log is planned, sealed, copied, confirmed, and goes on at its new place")
    func whole() throws {
        let sandbox = try shop()
        let plan = try sandbox.sendonce(Self.move)
        #expect(
            plan.status == 3 && plan.output.contains("4 events, 3 commands, 0 unfinished, 1 in the intake"))
        #expect(plan.errors.contains("nothing was done: confirm with --events 4, or with --yes"))
        #expect(try sandbox.sendonce(Self.move + ["--events", "3"]).status == 3)
        let moved = try sandbox.sendonce(Self.move + ["--events", "4", "--actor", "ann"])
        #expect(moved.status == 0, "\(moved.errors)")
        #expect(moved.output.contains("equal on both sides"))

        for database in ["shop.sqlite", "new.sqlite"] {
            let run = try sandbox.sendonce("run", "--once", "--database", database)
            #expect(run.status == 3 && run.errors.contains("nothing is decided or sent here"))
            let doctor = try sandbox.sendonce("doctor", "--database", database)
            #expect(doctor.status == 1 && doctor.output.contains("nothing is decided or sent here"))
            let why = try sandbox.sendonce("why", "2", "--database", database)
            #expect(why.status == 0 && why.errors.contains("nothing is decided or sent here"))
            let activate = try sandbox.sendonce("rules", "activate", "rules.yaml", "--database", database)
            #expect(activate.status == 3 || activate.errors.contains("in force already"))
        }
        let confirmed = try sandbox.sendonce(["transfer", "confirm"] + Self.places)
        #expect(confirmed.status == 0, "\(confirmed.errors)")
        let run = try sandbox.sendonce("run", "--once", "--database", "new.sqlite")
        #expect(run.output.contains("1 event decided, 1 command emitted; attempts: 1 accepted"))
        #expect(try sandbox.sendonce(["transfer", "take-back"] + Self.places).status == 3)
        #expect(try sandbox.sendonce("run", "--once").status == 3)

        try sandbox.order(5)
        #expect(try sandbox.sendonce("doctor").output.contains("2 events in the intake here"))
        let rest = try sandbox.sendonce(Self.move + ["--json"])
        #expect(rest.status == 0 && rest.output.contains(#""brought":1,"remaining":0"#), "\(rest.errors)")
        #expect(
            try sandbox.sendonce("run", "--once", "--database", "new.sqlite").output.contains(
                "1 event decided"))
    }

    @Test("A log is taken back, and its copy stays fenced for ever")
    func takenBack() throws {
        let sandbox = try shop()
        #expect(try sandbox.sendonce(Self.move + ["--yes"]).status == 0)
        #expect(try sandbox.sendonce(["transfer", "take-back"] + Self.places).status == 0)
        #expect(try sandbox.sendonce("run", "--once").output.contains("1 event decided"))
        #expect(try sandbox.sendonce(["transfer", "confirm"] + Self.places).status == 3)
        #expect(try sandbox.sendonce(["transfer", "confirm", "--source-lost"] + Self.places).status == 3)
        let run = try sandbox.sendonce("run", "--once", "--database", "new.sqlite")
        #expect(run.status == 3 && run.errors.contains("given up"))
        #expect(try sandbox.sendonce(Self.move + ["--yes"]).status == 3)
    }

    @Test("A database that is not there, the same one twice, or no reason is refused, and nothing is sealed")
    func wrong() throws {
        let sandbox = try shop()
        let cases: [([String], Int32)] = [
            (["transfer", "--to", "absent.sqlite", "--reason", "x", "--yes"], 2),
            (["transfer", "--to", "shop.sqlite", "--reason", "x", "--yes"], 3),
            (["transfer", "--to", "new.sqlite", "--yes"], 64),
            (["transfer", "--reason", "x", "--yes"], 64),
            (["transfer", "--to", "postgresql://u:secret@h/d", "--reason", "x", "--yes"], 64),
            (["transfer", "confirm", "--to", "new.sqlite", "--reason", "x"], 3),
        ]
        for (arguments, status) in cases {
            let result = try sandbox.sendonce(arguments)
            #expect(result.status == status, "\(arguments): \(result.errors)")
            #expect(!result.errors.contains("secret"))
        }
        #expect(try sandbox.sendonce("run", "--once").status == 0)
    }
}
