// Purity that can be checked: the core's object files ask the linker for nothing that could read a clock, a
// file, a socket or a die.
import Foundation
import Testing

@Suite("Architecture: symbols")
struct SymbolTests {
    @Test("The core's object files need nothing but the standard library, memory and SHA-256")
    func core() throws {
        let objects = try coreObjects()
        let files = Repository.sources.filter { $0.module == "SendonceCore" }
        #expect(objects.count == files.count, "one object file for each source file")
        let undefined = try ObjectFile.undefinedSymbols(of: objects)
        #expect(undefined.contains { $0.contains("SHA256") }, "\(undefined.count) symbols")
        let violations = try allowed().violations(
            in: undefined, demangled: try ObjectFile.demangled(undefined))
        #expect(violations.isEmpty, "\n\(violations.joined(separator: "\n"))")
    }

    @Test("No entry of the list stands without a reason")
    func reasons() throws {
        #expect(throws: CoreSymbols.Malformed.self) { try CoreSymbols("symbol memcpy") }
        #expect(throws: CoreSymbols.Malformed.self) { try CoreSymbols("permit memcpy memory") }
        #expect(throws: Never.self) { try allowed() }
    }

    @Test(
        "A file that reads a clock, the environment or the arguments, opens, prints or rolls a die is refused"
    )
    func refusals() throws {
        let source = """
            import Glibc
            public func impure(_ list: [Int]) -> [String] {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                let file = open("/dev/null", O_RDONLY)
                let handle = socket(AF_INET, 1, 0)
                print(ContinuousClock.now)
                let words = [String(cString: getenv("PATH")), "\\(arc4random())", "\\(file)", "\\(handle)"]
                return words + CommandLine.arguments + ["\\(Int.random(in: 0...9)) \\(list.shuffled())"]
            }
            """
        let violations = try violations(of: source).joined(separator: "\n")
        let expected = [
            "clock_gettime", "open", "socket", "getenv", "arc4random", "CommandLine", "ContinuousClock",
            "print",
            "random", "shuffle",
        ]
        for word in expected {
            #expect(violations.contains(word), "\(word) passed:\n\(violations)")
        }
    }

    @Test(
        "A projector with one side effect is refused, whatever the effect",
        arguments: [
            ("a file", "Int64(open(\"/tmp/sent\", O_WRONLY | O_CREAT, 0o600))", "Glibc.open"),
            ("a socket", "Int64(socket(AF_INET, 1, 0))", "[socket]"),
            ("a clock", "Int64(time(nil))", "[time]"),
            ("the environment", "Int64(getenv(\"SEND\") == nil ? 0 : 1)", "[getenv]"),
        ])
    func planted(_ effect: String, _ expression: String, _ symbol: String) throws {
        let source = """
            import Glibc
            public func decide(_ key: Int64) -> Int64 { key &+ \(expression) }
            """
        #expect(try violations(of: source).contains { $0.contains(symbol) }, "\(effect) passed")
    }

    @Test("A file that uses Foundation is refused")
    func foundation() throws {
        let source = """
            import Foundation
            public func impure() -> String { "\\(Date().timeIntervalSince1970)" }
            """
        #expect(try violations(of: source).contains { $0.contains("Foundation") })
    }

    @Test("A file that only computes passes")
    func pure() throws {
        let source = """
            public struct Sum: Hashable, Sendable { public var values: [String: Int] }
            public func sum(_ sum: Sum) -> String {
                sum.values.sorted { $0.key < $1.key }.map { "\\($0.key)=\\($0.value)" }.joined(separator: ",")
            }
            """
        #expect(try violations(of: source) == [])
    }

    private func violations(of source: String) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let undefined = try ObjectFile.undefinedSymbols(of: [try ObjectFile.compile(source, in: folder)])
        return try allowed().violations(in: undefined, demangled: try ObjectFile.demangled(undefined))
    }

    private func allowed() throws -> CoreSymbols {
        let list = Repository.root.appending(path: "fixtures/architecture/core-symbols.txt")
        return try CoreSymbols(String(contentsOf: list, encoding: .utf8))
    }

    /// The object files of this build, found beside the test program itself; those of deleted sources left
    /// out.
    private func coreObjects() throws -> [URL] {
        let program = try #require(Bundle.main.executableURL).resolvingSymlinksInPath()
        let products = program.deletingLastPathComponent()
        let folder = products.appending(path: "SendonceCore.build")
        let names = Set(
            Repository.sources.filter { $0.module == "SendonceCore" }
                .map { URL(filePath: $0.path).lastPathComponent + ".o" })
        let found = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return found.filter { names.contains($0.lastPathComponent) }.sorted { $0.path < $1.path }
    }
}
