// Databases that are not there, not ours, not writable or from another time.
import Foundation
import GRDB
import ProcessSupport
import Testing

@Suite("Commands: databases")
struct DatabaseTests {
    private static let readers = [
        ["events"], ["messages"], ["why", "42"], ["run", "--once"], ["append", "x"], ["migrate", "up"],
        ["migrate", "status"], ["rules", "diff", "rules.yaml"], ["rules", "activate", "rules.yaml"],
    ]

    @Test("A database from the future is refused by every command, and left as it is")
    func future() throws {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        try DatabaseQueue(path: sandbox.path("shop.sqlite")).write {
            try $0.execute(sql: "INSERT INTO outbox_schema VALUES (99, 'm0099', zeroblob(32), 0)")
        }
        for arguments in DatabaseTests.readers {
            let result = try sandbox.sendonce(arguments)
            #expect(result.status == 2 && result.output.isEmpty, "\(arguments)")
            #expect(result.errors.contains("schema version 99, this program knows up to 1"), "\(arguments)")
            #expect(
                result.errors.contains("shop.sqlite") && result.errors.contains("newer sendonce"),
                "\(arguments)")
        }
        let doctor = try sandbox.sendonce("doctor")
        #expect(doctor.status == 1 && doctor.output.contains("WRONG  the database has schema version 99"))
    }

    @Test("A file that is no database is refused by every command, and left as it is")
    func noDatabase() throws {
        let sandbox = try Sandbox()
        try sandbox.writeShop()
        let content = String(repeating: "not a database at all. ", count: 100)
        try sandbox.write(content, to: "shop.sqlite")
        for arguments in DatabaseTests.readers {
            let result = try sandbox.sendonce(arguments)
            #expect(result.status == 2 && result.output.isEmpty, "\(arguments)")
            #expect(result.errors.contains("shop.sqlite: the database is damaged: file is not a database"))
        }
        #expect(sandbox.read("shop.sqlite") == content)
    }

    @Test("A database without our tables asks for the migration, which leaves the application's tables alone")
    func application() throws {
        let sandbox = try Sandbox()
        try sandbox.writeShop()
        try DatabaseQueue(path: sandbox.path("shop.sqlite")).write {
            try $0.execute(sql: "CREATE TABLE orders (id); INSERT INTO orders VALUES (7)")
        }
        let events = try sandbox.sendonce("events")
        #expect(events.status == 2 && events.errors.contains("run `sendonce migrate up`"))
        let status = try sandbox.sendonce("migrate", "status")
        #expect(status.status == 1 && status.output.contains("missing"))
        #expect(try sandbox.sendonce("migrate", "up").status == 0)
        let orders = try DatabaseQueue(path: sandbox.path("shop.sqlite")).read {
            try Int.fetchOne($0, sql: "SELECT id FROM orders")
        }
        #expect(orders == 7)
    }

    @Test("A read-only file is said to be one, changes nothing, and is still good for questions")
    func readOnly() throws {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        try DatabaseQueue(path: sandbox.path("shop.sqlite")).writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA journal_mode = DELETE")
        }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o444], ofItemAtPath: sandbox.path("shop.sqlite"))
        let before = FileManager.default.contents(atPath: sandbox.path("shop.sqlite"))
        let append = try unprivileged(["append", "order.placed"], in: sandbox)
        #expect(append.status == 2 && append.output.isEmpty)
        #expect(append.errors.contains("shop.sqlite: the database cannot be written"), "\(append.errors)")
        let events = try unprivileged(["events"], in: sandbox)
        #expect(events.status == 0 && events.output.contains("sendonce.rules.activated"))
        let doctor = try unprivileged(["doctor"], in: sandbox)
        #expect(doctor.status == 1 && doctor.output.contains("WRONG  shop.sqlite: not writable"))
        #expect(FileManager.default.contents(atPath: sandbox.path("shop.sqlite")) == before)
    }

    /// Permissions do not bind root; without the capability to override them they do.
    private func unprivileged(_ arguments: [String], in sandbox: Sandbox) throws -> CommandResult {
        guard getuid() == 0 else { return try sandbox.sendonce(arguments) }
        return try Program(
            "/usr/bin/setpriv",
            ["--bounding-set=-dac_override,-dac_read_search", Place.sendonce] + arguments, in: sandbox
        ).finish()
    }
}
