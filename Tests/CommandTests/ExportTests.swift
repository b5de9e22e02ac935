// A log leaves as a file and comes back, on the command line.
import Foundation
import ProcessSupport
import Testing

@Suite("Commands: export and import")
struct ExportTests {
    private func shop() throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        for number in 1...3 { try sandbox.order(number) }
        #expect(try sandbox.sendonce("run", "--once").status == 0)
        return sandbox
    }

    private static let importing = ["import", "shop.jsonl", "--actor", "ann", "--reason", "lost the disk"]

    @Test("Export and import print what is recorded")
    func goldens() throws {
        let sandbox = try shop()
        try expectGolden("export", ["export"], in: sandbox)
        try expectGolden("export-file", ["export", "--output-file", "shop.jsonl"], in: sandbox)
        try expectGolden("export-again", ["export", "--output-file", "shop.jsonl"], in: sandbox)
        try expectGolden("export-beyond", ["export", "--from", "9"], in: sandbox)
        try expectGolden("export-keep-alone", ["export", "--keep", "data.name"], in: sandbox)
        try expectGolden("export-keep-none", ["export", "--redact", "--keep", "email"], in: sandbox)
        try expectGolden("import-not-empty", Self.importing, in: sandbox)
        try sandbox.sendonce("migrate", "up", "--database", "new.sqlite")
        let new = ["--database", "new.sqlite"]
        try expectGolden("import", Self.importing + new, in: sandbox)
        try expectGolden("import-again", Self.importing + new, in: sandbox)
        try expectGolden("import-run", ["run", "--once"] + new, in: sandbox)
        try expectGolden("import-events", ["events"] + new, in: sandbox)
        let confirm = ["transfer", "confirm", "--source-lost", "--to", "new.sqlite", "--reason", "x"]
        try expectGolden("import-confirm", confirm, in: sandbox)
        try sandbox.write(String(sandbox.read("shop.jsonl").dropLast(30)), to: "cut.jsonl")
        try expectGolden("import-cut-off", ["import", "cut.jsonl", "--reason", "x"] + new, in: sandbox)
        try expectGolden("import-no-file", ["import", "absent.jsonl", "--reason", "x"] + new, in: sandbox)
    }

    @Test("A redacted file holds none of the values, keeps what is named, and is not imported")
    func redacted() throws {
        let sandbox = try shop()
        let names = ["a.jsonl", "b.jsonl"]
        for name in names {
            let export = try sandbox.sendonce(
                "export", "--redact", "--keep", "data.name", "--redact-numbers", "--output-file", name)
            #expect(export.status == 0 && export.output.isEmpty, "\(export.errors)")
            #expect(export.errors.contains("redacted: these two links do not stand in the file"))
            let head = try #require(export.errors.firstMatch(of: #/head  ([0-9a-f]{64})/#)?.output.1)
            let text = sandbox.read(name)
            #expect(!text.contains(head) && !text.contains("ann@shop") && !text.contains(#""order_id":1"#))
            #expect(text.contains(#""name":"Ann""#) && text.contains("@redacted.invalid"))
        }
        let pseudonyms = names.map { name in
            Set(sandbox.read(name).matches(of: #/r-[0-9a-f]{20}/#).map { String($0.output) })
        }
        #expect(pseudonyms[0].count == pseudonyms[1].count && pseudonyms[0].isDisjoint(with: pseudonyms[1]))
        try sandbox.sendonce("migrate", "up", "--database", "new.sqlite")
        let refused = try sandbox.sendonce("import", "a.jsonl", "--reason", "x", "--database", "new.sqlite")
        #expect(refused.status == 3 && refused.errors.contains("a.jsonl is redacted"))
    }

    @Test("An output file is its owner's alone, and one that could not be finished is not left behind")
    func files() throws {
        let sandbox = try shop()
        #expect(try sandbox.sendonce("export", "--output-file", "shop.jsonl").status == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: sandbox.path("shop.jsonl"))[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try sandbox.sendonce("export", "--from", "9", "--output-file", "none.jsonl").status == 3)
        #expect(!FileManager.default.fileExists(atPath: sandbox.path("none.jsonl")))
        let full = try sandbox.sendonce("export", "--output-file", "/dev/full")
        #expect(full.status == 2 && full.errors.contains("is there already"))
        #expect(FileManager.default.fileExists(atPath: "/dev/full"))
    }

    @Test("A log that is larger than the memory bound is exported, read and imported within it")
    func memory() throws {
        let sandbox = try shop()
        // 120 MiB of payloads.
        let filler = """
            import sqlite3, json
            place = sqlite3.connect('shop.sqlite')
            with place:
                for number in range(120):
                    payload = json.dumps({'n': number, 'text': 'x' * ((1 << 20) - 64)})
                    place.execute("INSERT INTO outbox (event_type, payload) VALUES ('big.event', ?)", [payload])
            """
        #expect(try Program.python(["-c", filler], in: sandbox).wait() == 0)
        #expect(try sandbox.sendonce("run", "--once").status == 0)
        try sandbox.sendonce("migrate", "up", "--database", "new.sqlite")
        let measure = """
            import resource, subprocess, sys
            code = subprocess.call(sys.argv[1:])
            print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
            """
        let commands = [
            ["export", "--output-file", "shop.jsonl"],
            ["export", "--redact", "--output-file", "redacted.jsonl"],
            Self.importing + ["--database", "new.sqlite"],
        ]
        for command in commands {
            let run = try Program.python(["-c", measure, Place.sendonce] + command, in: sandbox)
            #expect(run.wait() == 0)
            let words = run.outputText.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
            #expect(words.count == 2 && words[0] == 0, "\(command): \(run.outputText) \(run.errorText)")
            #expect(words.last ?? .max < 100, "\(command): \(words) MiB")
        }
        let size = try FileManager.default.attributesOfItem(atPath: sandbox.path("shop.jsonl"))[.size] as? Int
        #expect(size ?? 0 > 120 << 20)
    }
}
