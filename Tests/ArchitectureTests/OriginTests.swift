// The repository speaks of what it is, not of how it came about or on which machine.
import Foundation
import Testing

@Suite("Architecture: origin")
struct OriginTests {
    /// In pieces, so that this file does not contain what it looks for.
    static let patterns = [
        #"(?<![\w.~:}>-])/(?:home|Users|root|work)"# + #"/[\w.]"#,
        #"(?i)\b(?:clau"# + #"de|anthro"# + #"pic|chat"# + #"gpt|open"# + #"ai|co"# + #"pilot)\b"#,
        #"(?i)\b(?:language mo"# + #"del|ai[- ]gene"# + #"rated|genera"# + #"ted by an? ai|sub-?ag"#
            + #"ents?)\b"#,
        #"(?i)\bco-auth"# + #"ored-by\b"#,
        #"bash_"# + #"jobs"#,
    ]

    @Test("No file names a folder of the machine on which it was written, or how it was made")
    func origin() throws {
        let expressions = try Self.patterns.map { try NSRegularExpression(pattern: $0) }
        var findings: [Finding] = []
        for path in Repository.files(under: "") where path != "Package.resolved" {
            guard let file = Repository.read(path) else { continue }
            for index in file.lines.indices {
                let line = String(file.lines[index])
                let whole = NSRange(line.startIndex..., in: line)
                if expressions.contains(where: { $0.firstMatch(in: line, range: whole) != nil }) {
                    findings.append(file.finding(index))
                }
            }
        }
        expectNone(findings)
    }

    @Test(
        "The patterns find what they look for and leave web addresses alone",
        arguments: [
            ("see /wor" + "k/notes.md", true), ("(/ho" + "me/ann/x)", true), ("\"/Use" + "rs/ann/x\"", true),
            ("written by Clau" + "de", true), ("an Open" + "AI key", true),
            ("https://x.test/home/ann", false), ("Sources/work/x", false), ("~/work/x", false),
            ("homework", false),
        ])
    func patterns(_ line: String, _ isFound: Bool) {
        let found = Self.patterns.contains { line.range(of: $0, options: .regularExpression) != nil }
        #expect(found == isFound)
    }
}
