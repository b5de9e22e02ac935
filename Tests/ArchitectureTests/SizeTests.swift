// Sizes: what a reader can hold in the head and see on a screen.
import Testing

@Suite("Architecture: sizes")
struct SizeTests {
    static let linesOfFile = 400
    static let linesOfFunction = 70
    static let columns = 110

    @Test("No source file has more than 400 lines")
    func files() {
        let long = Repository.sources.filter { lineCount($0) > Self.linesOfFile }
            .map { Finding(path: $0.path, line: lineCount($0), words: "\(lineCount($0)) lines") }
        expectNone(long)
    }

    /// The sentences that name tests, and texts that a test compares, stand in one piece.
    private static func isLiteralOfATest(_ line: some StringProtocol, _ file: SourceFile) -> Bool {
        guard file.path.hasPrefix("Tests/") else { return false }
        return line.contains("\"")
    }

    @Test("No line of Swift is wider than 110 columns")
    func lines() {
        expectNone(
            (Repository.sources + Repository.tests).flatMap { file in
                file.lines.indices
                    .filter {
                        file.lines[$0].utf8.count > Self.columns && file.lines[$0].count > Self.columns
                            && !Self.isLiteralOfATest(file.lines[$0], file)
                    }
                    .map(file.finding)
            })
    }

    @Test("No function has more than 70 lines")
    func functions() {
        expectNone(
            (Repository.sources + Repository.tests).flatMap { file in
                FunctionLength.all(in: file.code).filter { $0.length > Self.linesOfFunction }
                    .map { Finding(path: file.path, line: $0.line, words: "\($0.name): \($0.length) lines") }
            })
    }

    @Test("The measure of functions sees bodies and no requirements, and is not misled by literals")
    func measure() {
        let source = """
            protocol Shape { func area(of side: Int) -> Int
                init(_ side: Int)
            }
            struct Square {
                init() { self.init(4) }
                func area(
                    of side: Int
                ) -> Int
                {
                    let text = "}}}" // }
                    return if side > 0 { side } else { "\\("{")".count }
                }
                subscript(_ place: Int) -> Int {
                    place
                }
                deinit {
                }
            }
            """
        let found = FunctionLength.all(in: SourceFile(path: "x", text: source).code)
        #expect(found.map(\.line) == [5, 6, 13, 16])
        #expect(found.map(\.length) == [1, 7, 3, 2])
    }

    private func lineCount(_ file: SourceFile) -> Int {
        file.text.hasSuffix("\n") ? file.lines.count - 1 : file.lines.count
    }
}

/// Fails with every finding on a line of its own.
func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
    let list = findings.map(\.description).joined(separator: "\n")
    #expect(findings.isEmpty, "\n\(list)", sourceLocation: sourceLocation)
}
