// Every golden scenario, decided without a store and on SQLite in batches of several sizes: the same lines
// every time.
import Foundation
import SendonceCore
import Testing

@Suite("Golden scenarios")
struct ScenarioTests {
    private static let isRecording = ProcessInfo.processInfo.environment["SENDONCE_RECORD"] == "1"

    @Test("The pure projector decides as the scenario expects", arguments: Scenario.names)
    func pure(name: String) throws {
        let file = Scenario.folder(name).appending(path: "expected.jsonl")
        let lines = try PureScenario.run(Scenario(name)).lines
        if ScenarioTests.isRecording {
            try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
            Issue.record("recorded \(name)/expected.jsonl; read it, then run again to compare")
        } else {
            try expectSame(lines, in: file)
        }
    }

    @Test(
        "The live projector on SQLite decides the same, whatever the batches, and writes the same chain",
        arguments: Scenario.names, [1, 3, 1_000])
    func live(name: String, batchEvents: Int) throws {
        let scenario = try Scenario(name)
        let result = try LiveScenario.run(scenario, batchEvents: batchEvents)
        try expectSame(result.lines, in: Scenario.folder(name).appending(path: "expected.jsonl"))
        let link = try PureScenario.run(scenario).link
        #expect(result.link == link)
    }

    @Test("There are scenarios for every reason, and the README says what each shows")
    func completeness() throws {
        #expect(Scenario.names.count >= 30)
        let readme = try String(contentsOf: Scenario.all.appending(path: "README.md"), encoding: .utf8)
        var expected = ""
        for name in Scenario.names {
            #expect(readme.contains("| `\(name)` | "), "README.md has no line for \(name)")
            let file = Scenario.folder(name).appending(path: "expected.jsonl")
            expected += try String(contentsOf: file, encoding: .utf8)
        }
        for word in Reason.words {
            #expect(expected.contains("\"reason\":\"\(word)\""), "no scenario shows \(word)")
        }
    }

    /// Compares by bytes and names the first line that differs: Swift's `==` would take NFC for NFD.
    private func expectSame(_ lines: [String], in file: URL) throws {
        let recorded = try Data(contentsOf: file).split(separator: 0x0A).map { Array($0) }
        let present = lines.map { Array($0.utf8) }
        let difference = zip(recorded, present).enumerated().first { $0.element.0 != $0.element.1 }
        if let (number, (before, now)) = difference {
            Issue.record(
                """
                line \(number + 1) is expected as
                \(String(decoding: before, as: UTF8.self))
                and is
                \(String(decoding: now, as: UTF8.self))
                """)
        } else {
            #expect(present.count == recorded.count, "the number of lines")
        }
    }
}
