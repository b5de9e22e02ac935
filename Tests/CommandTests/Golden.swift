// What commands print, compared byte for byte with `fixtures/commands`, times and other volatile values
// aside.
import Foundation
import ProcessSupport
import Testing

/// Runs a command and compares all that can be seen of it with `fixtures/commands/NAME.txt`. With
/// `SENDONCE_RECORD=1` the file is written instead and the test fails, so that nobody takes a recording for a
/// check.
func expectGolden(
    _ name: String, _ arguments: [String], in sandbox: Sandbox, location: SourceLocation = #_sourceLocation
) throws {
    let result = try sandbox.sendonce(arguments)
    let seen = """
        $ sendonce \(arguments.map(quoted).joined(separator: " "))
        exit \(result.status)
        ---- standard output
        \(stable(result.output, in: sandbox))---- standard error
        \(stable(result.errors, in: sandbox))
        """
    let file = Place.fixture("commands/\(name).txt")
    if ProcessInfo.processInfo.environment["SENDONCE_RECORD"] == "1" {
        try Data(seen.utf8).write(to: URL(filePath: file))
        Issue.record("recorded \(name).txt; read it, then run again to compare", sourceLocation: location)
        return
    }
    let expected =
        FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let isSame = expected.utf8.elementsEqual(seen.utf8)
    #expect(isSame, "\(name).txt\n\(difference(expected, seen))", sourceLocation: location)
}

private func quoted(_ argument: String) -> String {
    argument.contains { " {}'\"#".contains($0) } ? "'\(argument)'" : argument
}

private func difference(_ expected: String, _ seen: String) -> String {
    let before = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let now = seen.split(separator: "\n", omittingEmptySubsequences: false)
    for (number, (left, right)) in zip(before, now).enumerated() where left != right {
        return "line \(number + 1) was\n\(left)\nand is\n\(right)"
    }
    return "\(before.count) lines became \(now.count)"
}

/// Times, digests that depend on them, versions and this machine's names replaced by words of the same length
/// where a table is aligned by them.
func stable(_ text: String, in sandbox: Sandbox) -> String {
    let replacements: [(pattern: String, word: String)] = [
        (#"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"#, "<time>"),
        (#"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC"#, "<time in the sandbox...>"),
        (#"[0-9a-f]{64}"#, "<digest>"), (#"[0-9a-f]{16}-[0-9a-f]{16}\.witness"#, "<log>-<home>.witness"),
        (#"SQLite 3\.\d+\.\d+, journal_mode wal: [^"\n]*"#, "SQLite <version>, journal_mode wal"),
        (#"SQLite 3\.\d+\.\d+, journal_mode wal"#, "SQLite <version>, journal_mode wal"),
        (#"ok     SQLite <version>"#, "<ok>   SQLite <version>"),
        (#"warn   SQLite <version>"#, "<ok>   SQLite <version>"),
        (#"      → use SQLite 3.51.3.*\n"#, ""),
        (
            #"\{"grade":"[a-z]+","words":"SQLite <version>, journal_mode wal","cure":[^}]*\}"#,
            #"{"<sqlite>":""}"#
        ),
        (#""dispatcher":"[^"]*""#, #""dispatcher":"<dispatcher>""#),
        (#"sqlite     3\.\S+"#, "sqlite     <version>"),
        (#"libpq      \S+"#, "libpq      <version>"),
        (#"libcurl    libcurl.*"#, "libcurl    <version>"),
        (
            #""sqlite":"[^"]*","libpq":"[^"]*","libcurl":"[^"]*""#,
            #""sqlite":"<version>","libpq":"<version>","libcurl":"<version>""#
        ),
        (#"after \d+ ms|took \d+ ms"#, "<duration>"),
    ]
    var stable = text.replacing(sandbox.directory.path, with: "<sandbox>")
    for (pattern, word) in replacements {
        guard let expression = try? Regex(pattern) else { continue }
        stable = stable.replacing(expression, with: word)
    }
    return stable
}
