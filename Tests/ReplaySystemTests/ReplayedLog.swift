// A log with a few decisions of several kinds, made by the real program, and the programs that look at it.
import Foundation
import ProcessSupport
import Testing

final class ReplayedLog {
    let sandbox: Sandbox

    /// `events` orders, half of them repeated, decided and delivered into a maildir.
    init(events: Int = 20) throws {
        sandbox = try Sandbox()
        for arguments in [
            ["init"], ["migrate", "up"],
            ["rules", "activate", "rules.yaml", "--by", "ann", "--reason", "first rules"],
        ] {
            let result = try sandbox.sendonce(arguments)
            try #require(result.status == 0, "\(arguments): \(result.errors)")
        }
        try insert(events)
        let run = try sandbox.sendonce("run", "--once")
        try #require(run.status == 0, "\(run.errors)")
    }

    var database: String { sandbox.path("sendonce.sqlite") }

    /// Writes events as an application does.
    func insert(_ events: Int) throws {
        let script = """
            import sqlite3, sys
            base = sqlite3.connect(sys.argv[1], timeout=30)
            with base:
                base.executemany(
                    "INSERT INTO outbox (event_type, payload) VALUES ('order.placed', ?)",
                    [('{"order_id": %d, "email": "ann%d@shop.example", "name": "Ann"}' % (n // 2, n // 2),)
                     for n in range(int(sys.argv[2]))])
            """
        let result = try Program.python(["-c", script, database, "\(events)"], in: sandbox).finish()
        try #require(result.status == 0, "\(result.errors)")
    }

    /// Runs a program that runs `sendonce-replay`, to its end.
    func replay(
        through wrapper: [String] = [], _ arguments: [String] = ["verify"],
        database: String = "sendonce.sqlite", environment: [String: String] = [:]
    ) throws -> CommandResult {
        let words =
            wrapper + [Place.program("sendonce-replay")] + arguments
            + ["--database", sandbox.path(database)]
        return try Program("/usr/bin/env", words, in: sandbox, environment: environment).finish()
    }
}

extension CommandResult {
    /// The certificate without what must differ from run to run.
    var certificateWithoutTimes: String {
        output.split(separator: "\n").filter { !$0.hasPrefix("duration") }.joined(separator: "\n")
    }
}
