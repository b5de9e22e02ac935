// Words that do not stand in this code, each for a reason that STYLE gives.
import Foundation
import Testing

@Suite("Architecture: words")
struct WordTests {
    private static let drawers = #"(Manager|Helper|Helpers|Utils|Utilities|Common|Misc)"#

    @Test("No type, file or folder is a drawer: Manager, Helper, Utils, Common")
    func drawers() {
        let declared =
            #"\b(class|struct|enum|actor|protocol|extension|typealias)\s+\w*"# + Self.drawers + #"\w*"#
        expectNone(everything { $0.findings(declared, in: \.code) })
        let paths = (Repository.files(under: "Sources") + Repository.files(under: "Tests"))
            .filter { $0.range(of: Self.drawers + #"[^/]*(/|\.\w+$)"#, options: .regularExpression) != nil }
        expectNone(paths.map { Finding(path: $0, line: 1, words: "the name") })
    }

    @Test("Nothing is named as the second of its kind: FeedNew, FeedPart2, FeedV2")
    func leftovers() {
        let declared = #"\b(class|struct|enum|actor|protocol|typealias)\s+\w+(New|Old|(Part|V)[2-9])\b"#
        expectNone(everything { $0.findings(declared, in: \.code) })
    }

    @Test("No flag, name or text speaks of a dry run: what must not send holds nothing that can")
    func dryRun() {
        expectNone(Repository.sources.flatMap { $0.findings(#"(?i)dry[-_ ]?run"#, in: \.spoken) })
    }

    @Test("No source says `try!`")
    func forcedTry() {
        expectNone(everything { $0.findings(#"\btry!"#, in: \.code) })
    }

    @Test("No source ends the process with fatalError, but where memory is used up")
    func fatalErrors() {
        let pattern = #"\bfatalError\((?!"out of memory"\))"#
        expectNone(Repository.sources.flatMap { $0.findings(pattern, in: \.spoken) })
    }

    @Test("What switches a check of the compiler off has its reason within three lines")
    func reasons() {
        let pattern = #"@unchecked Sendable|nonisolated\(unsafe\)|@preconcurrency"#
        expectNone(everything { file in file.findings(pattern, in: \.code, unless: file.hasReason) })
    }

    @Test("Nothing is left to do: no notes to ourselves")
    func notes() {
        // In two pieces, so that this line is none.
        let pattern = [#"\bTO"# + #"DO\b"#, #"\bFIX"# + #"ME\b"#, #"\bXX"# + #"X\b"#].joined(separator: "|")
        expectNone(everything { $0.findings(pattern, in: \.lines) })
    }

    @Test("A test sleeps only between two looks at a condition that has a deadline")
    func sleeping() {
        let pattern = #"Task\.sleep|Thread\.sleep|\bu?sleep\(|nanosleep"#
        expectNone(
            Repository.tests.flatMap { file in
                file.findings(pattern, in: \.code) { index in
                    (max(0, index - 6)..<index).contains { file.code[$0].contains("deadline") }
                }
            })
    }

    @Test("Deadlines are made with one clock, which goes on while the machine is suspended")
    func deadlines() {
        let clock = Repository.sources.filter { $0.path.hasSuffix("SendonceClock/Monotonic.swift") }
        #expect(clock.contains { !$0.findings("CLOCK_BOOTTIME", in: \.code).isEmpty })
        let users = [
            "SendonceBenchmark", "SendonceCommand", "SendonceCurl", "SendonceDelivery", "SendonceMaildir",
        ]
        expectNone(
            Repository.sources.filter { users.contains($0.module) }.flatMap {
                $0.findings("CLOCK_MONOTONIC|CLOCK_BOOTTIME|SuspendingClock", in: \.code)
            })
    }

    @Test("No test is switched off, retried or expected to fail")
    func skipping() {
        let pattern = #"\.disabled\(|\.enabled\(|withKnownIssue|XCTSkip|Test\.cancel"#
        expectNone(Repository.tests.flatMap { $0.findings(pattern, in: \.code) })
    }

    @Test("The core walks over no dictionary or set, whose order differs from process to process")
    func unorderedWalks() {
        let walk = #"\bfor\b.*\bin\b.*(\.keys\b|\.values\b|\bSet\()"#
        let chain =
            #"(?<!fields)\.(keys|values)\.(map|forEach|compactMap|flatMap|reduce|first|filter|joined)\b"#
        let list = #"\bArray\((Set\(|\w+\.(keys|values)\b)"#
        expectNone(
            Repository.sources.filter { $0.module == "SendonceCore" }.flatMap { file in
                file.findings([walk, chain, list].joined(separator: "|"), in: \.code) { index in
                    file.code[index].contains("sorted(") || file.code[index].contains("fields.values")
                }
            })
    }

    @Test("The rules about words find what they forbid, and not what only a comment or a text says")
    func patterns() {
        let file = SourceFile(
            path: "Sources/X/Y.swift",
            text: #"""
                // try! in a comment
                let text = "try! in a text"
                let value = try! made()
                for key in table.keys { print(key) }
                /* one /* two */ try! */ let more = "\(try! made("}"))" + #"\"try!"#
                struct MailHelper: @unchecked Sendable {}
                """#)
        #expect(file.findings(#"\btry!"#, in: \.code).map(\.line) == [3])
        #expect(file.findings(#"\btry!"#, in: \.spoken).map(\.line) == [2, 3, 5])
        #expect(file.findings(#"\bstruct\s+\w*"# + Self.drawers, in: \.code).map(\.line) == [6])
        #expect(!file.hasReason(near: 5))
        #expect(file.hasReason(near: 3))
    }

    private func everything(_ find: (SourceFile) -> [Finding]) -> [Finding] {
        (Repository.sources + Repository.tests).flatMap(find)
    }
}
