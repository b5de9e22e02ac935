// The repository speaks of what it is, not of how it came about or on which machine.
import Foundation
import Testing

@Suite("Architecture: origin")
struct OriginTests {
    /// In pieces, so that this file does not contain what it looks for.
    static let patterns = [
        #"(?<![\w.~:}>-])/(?:home|Users|root|work)"# + #"/[\w.]"#,
        #"\b(?i:clau"# + #"de|anthro"# + #"pic|chat"# + #"gpt|open"# + #"ai|co"# + #"pilot)\b"#,
        #"\b(?i:language mo"# + #"del|ai[- ]gene"# + #"rated|genera"# + #"ted by an? ai|sub-?ag"#
            + #"ents?)\b"#,
        #"\b(?i:co-auth"# + #"ored-by)\b"#,
        #"bash_"# + #"jobs"#,
    ]

    @Test("No file names a folder of the machine on which it was written, or how it was made")
    func origin() throws {
        let expression = try NSRegularExpression(pattern: Self.patterns.joined(separator: "|"))
        var findings: [Finding] = []
        for path in Repository.files(under: "") where path != "Package.resolved" {
            guard let data = try? Data(contentsOf: Repository.root.appending(path: path)),
                let text = String(data: data, encoding: .utf8)
            else { continue }
            let whole = NSRange(location: 0, length: text.utf16.count)
            for match in expression.matches(in: text, range: whole) {
                guard let range = Range(match.range, in: text) else { continue }
                let line = text[..<range.lowerBound].utf8.count { $0 == 0x0A } + 1
                findings.append(Finding(path: path, line: line, words: String(text[range])))
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
