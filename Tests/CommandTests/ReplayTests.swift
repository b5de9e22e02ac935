// Replay on the command line: a program of its own, found beside this one, with exit codes for scripts.
import Foundation
import GRDB
import ProcessSupport
import Testing

@Suite("Commands: replay")
struct ReplayTests {
    private func shop() throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        for number in 1...3 { try sandbox.order(number) }
        #expect(try sandbox.sendonce("run", "--once").status == 0)
        return sandbox
    }

    @Test("A log that was not touched is the same, and its head fits")
    func same() throws {
        let sandbox = try shop()
        let verified = try sandbox.sendonce("replay", "verify")
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(verified.output.hasPrefix("SAME:"))
        #expect(verified.output.contains("place                 \(sandbox.path("shop.sqlite"))"))
        let head = try sandbox.sendonce("head")
        #expect(head.status == 0)
        let kept = head.output.split(separator: "\n").first.map(String.init) ?? ""
        #expect(kept.hasSuffix("@4"))
        #expect(try sandbox.sendonce("replay", "verify", "--head", kept).status == 0)
        let json = try sandbox.sendonce("head", "--output", "json")
        #expect(json.output.contains(#""position":4"#))
    }

    @Test("A forged row is exit 1, a position that is not there yet exit 2, a wrong option 64")
    func exitCodes() throws {
        let sandbox = try shop()
        #expect(try sandbox.sendonce("replay", "verify", "--to", "9").status == 2)
        for wrong in [["--from", "0"], ["--head", "x"], ["--memory", "1"], ["--after", "none.json"]] {
            #expect(try sandbox.sendonce(["replay", "verify"] + wrong).status == 64)
        }
        try DatabaseQueue(path: sandbox.path("shop.sqlite")).writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    DROP TRIGGER outbox_decision_no_update;
                    UPDATE outbox_decision SET recipient = 'eve@x.test' WHERE position = 3
                    """)
        }
        let forged = try sandbox.sendonce("replay", "verify")
        #expect(forged.status == 1)
        #expect(forged.output.contains("position 3: decision of rule confirmation, recipient"))
        #expect(try sandbox.sendonce("replay", "verify", "--database", "none.sqlite").status == 2)
    }

    @Test("Neither time zone nor locale nor hash seed nor this machine's time is in a certificate")
    func sameBytes() throws {
        let sandbox = try shop()
        let settings: [[String: String]] = [
            ["TZ": "UTC", "SWIFT_DETERMINISTIC_HASHING": "1"],
            ["TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"],
            [:], [:],
        ]
        let texts = try settings.map { environment in
            let output = try sandbox.sendonce(
                ["replay", "verify", "--output", "json"], environment: environment
            ).output
            return output.split(separator: ",").filter { !$0.hasPrefix(#""duration_us""#) }.joined(
                separator: ",")
        }
        #expect(Set(texts).count == 1)
        #expect(texts.first?.contains(#""verdict":"same""#) == true)
    }
}
