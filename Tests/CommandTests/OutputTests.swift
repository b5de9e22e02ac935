// Where output goes and what form it has: results to one stream, messages to the other, JSON that a parser
// accepts.
import Foundation
import ProcessSupport
import Testing

@Suite("Commands: output")
struct OutputTests {
    private func shop() throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        try sandbox.order(42)
        try sandbox.order(42)
        // What an escape sequence in a name would do to a terminal or a parser.
        try sandbox.sendonce(
            "append", "order.placed", "--id", "\u{1B}[31mred\r\n", "--data",
            #"{"order_id":"\u001b[2J","email":"ann@shop.example","name":"A\u0007nn"}"#)
        try sandbox.sendonce("run", "--once")
        return sandbox
    }

    /// Checks with Python's parser. Gives what it complains about; empty if nothing.
    private func complaint(_ text: String, lines: Bool, in sandbox: Sandbox) throws -> String {
        try sandbox.write(text, to: "output.json")
        let program = """
            import json, sys
            data = open('output.json', 'rb').read().decode('utf-8')
            if \(lines ? "True" : "False"):
                rows = [json.loads(line) for line in data.splitlines()]
                assert rows and all(isinstance(row, dict) for row in rows), 'a line is no object'
                assert not any('schema' in row for row in rows), 'a row names a schema'
            else:
                assert data.endswith('\\n') and data.count('\\n') == 1, 'not one line'
                document = json.loads(data)
                assert document['schema'].startswith('sendonce.') and document['schema'].endswith('.v1')
            """
        let check = try Program.python(["-c", program], in: sandbox)
        return check.wait() == 0 ? "" : check.errorText
    }

    @Test("Every JSON answer is one document that names its schema")
    func json() throws {
        let sandbox = try shop()
        try sandbox.write(
            #"{"type": "order.placed", "data": {"order_id": 1, "email": "a@x.test", "name": "Ann"}}"#,
            to: "e.json")
        for arguments in [
            ["events"], ["events", "--payload"], ["messages"], ["messages", "--state", "dead"], ["doctor"],
            ["why", "42"], ["why", "nobody@x.test"], ["test", "e.json"], ["version"],
        ] {
            let result = try sandbox.sendonce(arguments + ["--output", "json"])
            #expect(result.status < 2, "\(arguments): \(result.errors)")
            #expect(try complaint(result.output, lines: false, in: sandbox) == "", "\(arguments)")
        }
    }

    @Test("JSON lines are one object each", arguments: ["events", "messages"])
    func jsonLines(command: String) throws {
        let sandbox = try shop()
        let result = try sandbox.sendonce(command, "--output", "jsonl")
        #expect(try complaint(result.output, lines: true, in: sandbox) == "")
    }

    @Test("Control characters from outside reach no stream, in tables, sentences or JSON")
    func controlCharacters() throws {
        let sandbox = try shop()
        for arguments in [
            ["events", "--payload"], ["messages"], ["why", "ann@shop.example"], ["why", "\u{1B}[2J"],
            ["why", "\u{1B}]0;x\u{7}"], ["why", "ann@shop.example", "--json"],
            ["events", "--output", "jsonl"],
            ["rules", "check", "\u{1B}[31m"], ["\u{1B}[31m"], ["doctor", "--database", "\u{1B}[31m"],
        ] {
            let result = try sandbox.sendonce(arguments)
            for text in [result.output, result.errors] {
                let strangers = text.unicodeScalars.filter {
                    $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F
                }
                #expect(strangers.isEmpty, "\(arguments)")
            }
        }
    }

    @Test("Results go to standard output and nothing else does; messages go to standard error")
    func streams() throws {
        let sandbox = try shop()
        for (arguments, status) in [
            (["events"], 0), (["messages"], 0), (["why", "42"], 0), (["doctor"], 0), (["version"], 0),
            (["rules", "check", "rules.yaml"], 0), (["rules", "explain", "rules.yaml"], 0),
            (["run", "--once"], 0),
            (["migrate", "status"], 0), (["migrate", "sql"], 0), (["why", "nobody@x.test"], 1),
        ] as [([String], Int32)] {
            let result = try sandbox.sendonce(arguments)
            #expect(
                result.status == status && !result.output.isEmpty && result.errors.isEmpty, "\(arguments)")
        }
        for (arguments, status) in [
            (["events", "--database", "absent.sqlite"], 2), (["rules", "check", "absent.yaml"], 2),
            (["init"], 3),
            (["rnu"], 64), (["append", "x", "--data", "@absent"], 2),
            (["rules", "activate", "rules.yaml"], 0),
        ] as [([String], Int32)] {
            let result = try sandbox.sendonce(arguments)
            #expect(
                result.status == status && result.output.isEmpty && !result.errors.isEmpty, "\(arguments)")
        }
    }

    @Test("A reader that goes away early is no error")
    func closedPipe() throws {
        let sandbox = try shop()
        let pipe = try Program(
            "/bin/bash",
            ["-c", "set -o pipefail; for i in 1 2 3; do \"$0\" migrate sql | head -1; done", Place.sendonce],
            in: sandbox)
        let status = pipe.wait()
        #expect(status == 0 || status == 141, "\(status) \(pipe.errorText)")
        #expect(!pipe.errorText.contains("Fatal") && !pipe.errorText.contains("sendonce:"))
    }

    @Test("An event comes from a text, a file, a pipe or standard input")
    func input() throws {
        let sandbox = try shop()
        let data = #"{"order_id":99,"email":"zoe@shop.example","name":"Zoe"}"#
        try sandbox.write(data, to: "data.json")
        let script = """
            set -e
            "$0" append order.placed --data @data.json
            "$0" append order.placed --data - < data.json
            "$0" append order.placed --data @<(cat data.json)
            "$0" run --once
            """
        let program = try Program("/bin/bash", ["-c", script, Place.sendonce], in: sandbox)
        #expect(program.wait() == 0, "\(program.errorText)")
        #expect(program.outputText.contains("3 events decided, 1 command emitted; attempts: 1 accepted"))
    }
}
