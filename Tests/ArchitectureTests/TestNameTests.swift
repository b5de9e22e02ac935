// A test's name is a sentence that states the property.
import Testing

@Suite("Architecture: names of tests")
struct TestNameTests {
    @Test("Every test has a name that is a sentence")
    func sentences() {
        expectNone(Repository.tests.flatMap(unnamed))
    }

    @Test("A test without a name, or named with one word, is found")
    func found() {
        let file = SourceFile(
            path: "x",
            text: #"""
                @Test func works() {}
                @Test("Works") func two() {}
                @Test(
                    "It works",
                    arguments: [1]) func three() {}
                @Test(arguments: [1]) func four() {}
                @Test(#"It "works""#) func five() {}
                // @Test in a comment
                """#)
        #expect(unnamed(file).map(\.line) == [1, 2, 6])
    }

    private func unnamed(_ file: SourceFile) -> [Finding] {
        let code = Array(file.code.joined(separator: "\n").utf8)
        let spoken = Array(file.spoken.joined(separator: "\n").utf8)
        let word = Array("@Test".utf8)
        var line = 0
        var found: [Finding] = []
        for index in code.indices {
            if code[index] == 0x0A { line += 1 }
            let end = index + word.count
            guard code[index] == word[0], end < code.count, code[index...].starts(with: word),
                "( \n".utf8.contains(code[end])
            else { continue }
            let rest = spoken[end...].drop { "( #\n".utf8.contains($0) }
            let quote = UInt8(ascii: "\"")
            let name = rest.first == quote ? rest.dropFirst().prefix { $0 != quote && $0 != 0x0A } : []
            if !name.contains(0x20) { found.append(file.finding(line)) }
        }
        return found
    }
}
