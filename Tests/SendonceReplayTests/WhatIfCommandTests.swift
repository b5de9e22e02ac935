// `sendonce-replay what-if` as a program, on a database that the projector wrote: what it prints in each
// form, and how it ends.
import Foundation
import ProcessSupport
import SendonceCore
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Testing

@Suite("What-if: the program")
struct WhatIfCommandTests {
    private static let program = URL(fileURLWithPath: Place.sendonce).deletingLastPathComponent()
        .appendingPathComponent("sendonce-replay").path

    /// A log with one rule set, and a rule file that does everything to it: a rule renamed with a shorter
    /// window and another route, one that is new, one that is gone.
    private func shop() throws -> Sandbox {
        let sandbox = try Sandbox()
        let path = sandbox.path("shop.sqlite")
        _ = try SQLiteMigration(path: path).up(now: Timestamp(microseconds: 0))
        let store = try SQLiteStore(path: path)
        let recorded = [
            WhatIfRules.rule("confirmation"), WhatIfRules.rule("survey", key: "recipient"),
            WhatIfRules.rule("sorry", event: "order.returned"),
        ]
        let plan = try RuleSetActivation.plan(WhatIfRules.parsed(recorded), in: store)
        _ = try RuleSetActivation.activate(
            plan, actor: "ann", reason: "", confirmedKeys: nil, now: time("2026-03-01T08:00:00Z"), in: store)
        let events: [(Text, String, Text)] = [
            ("order.placed", #"{"order":1,"email":"ann@x.test"}"#, "2026-03-01T09:00:00Z"),
            ("order.placed", #"{"order":2,"email":"bob@x.test"}"#, "2026-03-01T10:00:00Z"),
            ("order.placed", #"{"order":1,"email":"ann@x.test"}"#, "2026-03-03T09:00:00Z"),
            ("order.returned", #"{"order":2,"email":"bob@x.test"}"#, "2026-03-04T10:00:00Z"),
            ("order.paid", #"{"order":2,"email":"bob@x.test\u001b[31m"}"#, "2026-03-04T11:00:00Z"),
            ("order.paid", #"{"order":"<2&3>","email":"bob@x.test"}"#, "2026-03-04T11:00:00Z"),
        ]
        for (type, payload, time) in events {
            _ = try store.append(NewEvent(type: type, payload: Array(payload.utf8), occurredAt: time))
        }
        let projector = LiveProjector(store: store, batchEvents: 10)
        while case .moved = try projector.step(now: time("2026-03-05T00:00:00Z")) {}
        let given = [
            WhatIfRules.rule("receipt", extra: ["was: confirmation", "every: 1d", "route: other"]),
            WhatIfRules.rule("survey", key: "recipient"), WhatIfRules.rule("thanks", event: "order.paid"),
        ]
        try sandbox.write(WhatIfRules.text(recorded), to: "recorded.yaml")
        try sandbox.write(WhatIfRules.text(given), to: "given.yaml")
        return sandbox
    }

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

    private func run(_ sandbox: Sandbox, _ arguments: String..., environment: [String: String] = [:]) throws
        -> CommandResult
    {
        try Program(
            Self.program, ["what-if", "--database", "shop.sqlite"] + arguments, in: sandbox,
            environment: environment
        ).finish()
    }

    @Test("Prints what is recorded, in each form", arguments: ["table", "json", "junit"])
    func goldens(_ form: String) throws {
        let sandbox = try shop()
        let limits = ["--max-new", "1", "--max-lost", "1", "--max-changed", "2"]
        let result = try Program(
            Self.program,
            ["what-if", "--database", "shop.sqlite", "--rules", "given.yaml", "--output", form] + limits,
            in: sandbox
        ).finish()
        #expect(result.errors == "")
        #expect(result.status == 1)
        try expectSame("what-if/\(form).txt", result.output, in: sandbox)
    }

    @Test("What is printed for CI is XML that a parser reads")
    func junit() throws {
        let sandbox = try shop()
        let result = try run(sandbox, "--rules", "given.yaml", "--output", "junit", "--max-new", "0")
        try sandbox.write(result.output, to: "report.xml")
        let count = """
            import xml.etree.ElementTree as tree
            suite = tree.parse('report.xml').getroot()
            cases = suite.findall('testcase')
            failed = suite.findall('testcase/failure')
            print(suite.get('tests'), len(cases), suite.get('failures'), len(failed))
            """
        let parsed = try Program.python(["-c", count], in: sandbox).finish()
        #expect(parsed.output == "5 5 3 3\n", "\(parsed.errors)")
    }

    @Test("Exit codes: 0 done or kept, 1 exceeded, 2 cannot tell or a mistake, 64 usage")
    func exitCodes() throws {
        let sandbox = try shop()
        let same = try run(
            sandbox, "--rules", "recorded.yaml", "--max-new", "0", "--max-lost", "0", "--max-changed", "0")
        #expect(same.status == 0 && same.output.hasPrefix("+0, -0, 5 unchanged\n"), "\(same.output)")
        #expect(try run(sandbox, "--rules", "given.yaml").status == 0)
        #expect(try run(sandbox, "--rules", "given.yaml", "--max-new", "2").status == 0)
        #expect(try run(sandbox, "--rules", "given.yaml", "--max-new", "1").status == 1)
        #expect(try run(sandbox, "--rules", "given.yaml", "--max-lost", "0").status == 1)
        #expect(try run(sandbox, "--rules", "given.yaml", "--max-changed", "1").status == 1)
        #expect(try run(sandbox, "--rules", "given.yaml", "--since", "8").status == 2)
        #expect(try run(sandbox, "--rules", "given.yaml", "--since", "7").status == 0)
        let late = try run(sandbox, "--rules", "given.yaml", "--since", "2027-01-01T00:00:00Z")
        #expect(late.status == 2 && late.output.hasPrefix("COULD NOT TELL"))
        #expect(try run(sandbox).status == 64)
        for wrong in [["--since", "noon"], ["--since", "0"], ["--samples", "-1"], ["--max-new", "-1"]] {
            let result = try Program(
                Self.program,
                ["what-if", "--rules", "given.yaml", "--database", "shop.sqlite"]
                    + ["\(wrong[0])=\(wrong[1])"], in: sandbox
            ).finish()
            #expect(result.status == 64 && result.output == "", "\(wrong)")
        }
    }

    @Test("Mistakes in the rule file are printed as `rules check` prints them")
    func mistakes() throws {
        let sandbox = try shop()
        try sandbox.write(
            WhatIfRules.text([WhatIfRules.rule("receipt", extra: ["onec_per: [data.order]"])]), to: "bad.yaml"
        )
        let result = try run(sandbox, "--rules", "bad.yaml")
        #expect(result.status == 2 && result.output == "")
        #expect(result.errors.hasPrefix("bad.yaml:9:5: "), "\(result.errors)")
        #expect(result.errors.contains(#"did you mean "once_per"?"#))
        let absent = try run(sandbox, "--rules", "absent.yaml")
        #expect(absent.status == 2 && absent.errors.hasPrefix("absent.yaml: the file cannot be read"))
        try sandbox.write(
            WhatIfRules.text([WhatIfRules.rule("receipt", extra: ["was: confirmatoin"])]), to: "was.yaml")
        let unfit = try run(sandbox, "--rules", "was.yaml")
        #expect(unfit.status == 2 && unfit.errors.contains(#"did you mean "confirmation"?"#))
    }

    @Test("Templates beside the rule file are read, and nothing outside its directory")
    func templates() throws {
        let sandbox = try shop()
        let rule = WhatIfRules.rule("confirmation", template: "{ file: mail }")
        try sandbox.write(WhatIfRules.text([rule]), to: "filed.yaml")
        #expect(try run(sandbox, "--rules", "filed.yaml").status == 2)
        try sandbox.write("Hello", to: "mail.subject.mustache")
        try sandbox.write("Thanks", to: "mail.txt.mustache")
        let result = try run(sandbox, "--rules", "filed.yaml")
        #expect(result.status == 0 && result.output.contains("template  "), "\(result.output)")
    }

    @Test("The same bytes for every hash seed, time zone and locale", arguments: ["table", "json", "junit"])
    func deterministic(_ form: String) throws {
        let sandbox = try shop()
        let plain = try run(sandbox, "--rules", "given.yaml", "--output", form).output
        let places = [
            ["SWIFT_DETERMINISTIC_HASHING": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8"],
            ["TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "LANG": "ar_EG.UTF-8"],
        ]
        for place in places {
            let other = try run(
                sandbox, "--rules", "given.yaml", "--output", form, environment: place)
            #expect(other.output.utf8.elementsEqual(plain.utf8))
        }
        #expect(!plain.isEmpty)
    }

    /// Compares with a recording under `fixtures`; with SENDONCE_RECORD=1 it is written instead and the test
    /// fails.
    private func expectSame(
        _ name: String, _ output: String, in sandbox: Sandbox, location: SourceLocation = #_sourceLocation
    ) throws {
        let seen = output.replacingOccurrences(of: sandbox.directory.path, with: "<sandbox>")
        let file = Place.fixture(name)
        if ProcessInfo.processInfo.environment["SENDONCE_RECORD"] == "1" {
            try Data(seen.utf8).write(to: URL(filePath: file))
            Issue.record("recorded \(name); read it, then run again to compare", sourceLocation: location)
            return
        }
        let expected = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) }
        #expect(expected == seen, "\(name)", sourceLocation: location)
    }
}
