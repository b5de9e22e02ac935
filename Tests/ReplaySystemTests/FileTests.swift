// A log that was exported, looked at without the database that it came from.
import Foundation
import ProcessSupport
import Testing

@Suite("Replay: exported files")
struct FileTests {
    @Test("What-if says of an exported file what it says of the database; redacted, nobody gets more or less")
    func whatIf() throws {
        let log = try ReplayedLog()
        let there = try log.whatIf("sendonce.sqlite")
        #expect(there.status == 0, "\(there.errors)")
        #expect(!there.summary.isEmpty)
        for (name, options) in [("plain.jsonl", []), ("redacted.jsonl", ["--redact"])] {
            let export = try log.sandbox.sendonce(["export", "--output-file", name] + options)
            #expect(export.status == 0, "\(export.errors)")
            let here = try log.whatIf(name)
            #expect(here.status == 0, "\(here.errors)")
            if options.isEmpty {
                #expect(here.summary == there.summary)
            } else {
                // The sender's address is a pseudonym in the file's own rules; nobody gets more or less.
                #expect(here.summary.hasPrefix("+0, -0, "), "\(here.summary)")
                #expect(here.output.contains("from"))
            }
        }
    }

    @Test("Verify refuses a file in words, because it holds nothing that was decided")
    func verify() throws {
        let log = try ReplayedLog()
        #expect(try log.sandbox.sendonce(["export", "--output-file", "log.jsonl"]).status == 0)
        let result = try log.replay(["verify"], database: "log.jsonl")
        #expect(result.status != 0)
        #expect(result.errors.contains("name the database"), "\(result.errors)")
    }
}

extension ReplayedLog {
    fileprivate func whatIf(_ database: String) throws -> CommandResult {
        try replay(["what-if", "--rules", sandbox.path("rules.yaml")], database: database)
    }
}

extension CommandResult {
    /// The line that says how many messages are new, lost and unchanged.
    fileprivate var summary: String {
        output.split(separator: "\n").first { $0.contains("unchanged") }.map(String.init) ?? ""
    }
}
