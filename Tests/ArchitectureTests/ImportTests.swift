// Who may import whom: section 7 of DESIGN as a table. A module that is not in it may not exist.
import Foundation
import Testing

@Suite("Architecture: imports")
struct ImportTests {
    /// Each module with everything that it may import, besides the standard library.
    static let allowed: [String: Set<String>] = [
        "SendonceCore": ["Crypto"],
        "SendonceJSON": ["SendonceCore", "CSimdJSON"],
        "SendonceRules": ["SendonceCore", "Yams"],
        "SendonceRuleFiles": ["Foundation", "SendonceRules"],
        "SendonceTemplates": ["SendonceCore", "Mustache"],
        "SendonceStore": ["SendonceCore", "Synchronization"],
        "SendonceSQLite": [
            "CSQLite", "Foundation", "GRDB", "GRDBSQLite", "Glibc", "SchemaSQLite", "SendonceCore",
            "SendonceStore",
            "Synchronization",
        ],
        "SendoncePostgres": [
            "CLibPQ", "Dispatch", "Foundation", "SchemaPostgres", "SendonceCore", "SendonceStore",
            "Synchronization",
        ],
        "SendonceReading": ["SendonceCore", "SendonceJSON", "SendonceRules", "SendonceStore"],
        "SendonceProjection": [
            "Dispatch", "SendonceCore", "SendonceJSON", "SendonceReading", "SendonceRules", "SendonceStore",
        ],
        "SendonceReplay": [
            "Dispatch", "SendonceAudit", "SendonceCore", "SendonceJSON", "SendonceReading", "SendonceRules",
            "SendonceStore", "Synchronization",
        ],
        "SendonceReplayCommand": [
            "ArgumentParser", "Foundation", "Glibc", "SendonceAudit", "SendonceBarrier", "SendonceBundle",
            "SendonceCore", "SendoncePostgres", "SendonceReplay", "SendonceRuleFiles", "SendonceRules",
            "SendonceSQLite",
            "SendonceStore",
        ],
        "SendonceAudit": ["SendonceCore", "SendonceJSON", "SendonceStore"],
        "SendonceBundle": [
            "Glibc", "SendonceCore", "SendonceJSON", "SendonceReading", "SendonceRules", "SendonceStore",
            "Synchronization",
        ],
        "SendonceTransfer": ["SendonceCore", "SendonceStore"],
        "SendonceRebuild": [
            "SendonceCore", "SendonceProjection", "SendonceReading", "SendonceStore", "SendonceTransfer",
        ],
        "SendonceFence": ["Glibc", "SendonceCore", "SendonceStore", "Synchronization"],
        "SendonceBarrier": ["CSeccomp", "Glibc"],
        "SendonceDelivery": [
            "SendonceCore", "SendonceJSON", "SendonceRules", "SendonceStore", "SendonceTemplates",
            "Synchronization",
        ],
        "SendonceClock": ["Glibc"],
        "SendonceCurl": [
            "CCurl", "Glibc", "SendonceClock", "SendonceCore", "SendonceDelivery", "Synchronization",
        ],
        "SendonceMaildir": [
            "Dispatch", "Glibc", "SendonceClock", "SendonceCore", "SendonceDelivery", "Synchronization",
        ],
        "SendonceFake": ["Foundation", "NIOCore", "NIOHTTP1", "NIOPosix", "Synchronization"],
        "Sendonce": ["GRDB"],
        "SendonceCommand": [
            "ArgumentParser", "Configuration", "Foundation", "Glibc", "Logging", "SendonceAudit",
            "SendonceBundle", "SendonceClock", "SendonceCore",
            "SendonceCurl", "SendonceDelivery", "SendonceFake", "SendonceFence", "SendonceJSON",
            "SendonceMaildir",
            "SendoncePostgres", "SendonceProjection", "SendonceReading", "SendonceRebuild",
            "SendonceRuleFiles", "SendonceRules", "SendonceSQLite", "SendonceStore", "SendonceTemplates",
            "SendonceTransfer",
            "ServiceLifecycle",
            "Synchronization", "SystemPackage", "UnixSignals",
        ],
        "SendonceBenchmark": [
            "CBare", "Foundation", "GRDB", "GRDBSQLite", "Glibc", "Sendonce", "SendonceBarrier",
            "SendonceClock", "SendonceCore", "SendonceCurl", "SendonceDelivery", "SendonceFake",
            "SendonceJSON",
            "SendonceMaildir", "SendoncePostgres", "SendonceProjection", "SendonceReading", "SendonceReplay",
            "SendonceRules", "SendonceSQLite", "SendonceStore", "SendonceTemplates", "Synchronization",
        ],
    ]

    static let foundation: Set<String> = ["Foundation", "FoundationEssentials", "FoundationNetworking"]

    @Test("Every module imports only what DESIGN gives it")
    func table() {
        expectNone(
            Repository.sources.flatMap { file in
                imports(of: file).filter { !(Self.allowed[file.module] ?? []).contains($0.module) }.map(
                    \.finding)
            })
    }

    @Test("Every module of Swift is in the table, and the table names none that is gone")
    func modules() {
        let modules = Set(Repository.sources.map(\.module))
        #expect(modules.subtracting(Self.allowed.keys).sorted() == [])
        #expect(Set(Self.allowed.keys).subtracting(modules).sorted() == [])
    }

    @Test(
        "A library has one owner",
        arguments: [
            ("CCurl", ["SendonceCurl"]),
            ("CSeccomp", ["SendonceBarrier"]),
            ("GRDB", ["Sendonce", "SendonceBenchmark", "SendonceSQLite"]),
            ("CLibPQ", ["SendoncePostgres"]),
            ("GRDBSQLite", ["SendonceBenchmark", "SendonceSQLite"]),
            ("CSimdJSON", ["SendonceJSON"]),
            ("Yams", ["SendonceRules"]),
            ("Mustache", ["SendonceTemplates"]),
            ("Crypto", ["SendonceCore"]),
            ("ArgumentParser", ["SendonceCommand", "SendonceReplayCommand"]),
            ("FoundationNetworking", []),
            ("SendonceCurl", ["SendonceBenchmark", "SendonceCommand"]),
        ])
    func owners(_ library: String, _ owners: [String]) {
        expectNone(
            Repository.sources.filter { !owners.contains($0.module) }.flatMap { file in
                imports(of: file).filter { $0.module == library }.map(\.finding)
            })
        #expect(Self.allowed.filter { $0.value.contains(library) }.keys.allSatisfy(owners.contains))
    }

    @Test(
        "What decides does without Foundation",
        arguments: [
            "SendonceCore", "SendonceJSON", "SendonceRules", "SendonceStore", "SendonceReading",
            "SendonceProjection", "SendonceReplay", "SendonceAudit", "SendonceBundle", "SendonceFence",
            "SendonceTemplates",
            "SendonceTransfer",
        ])
    func withoutFoundation(_ module: String) {
        let files = Repository.sources.filter { $0.module == module }
        #expect(!files.isEmpty)
        expectNone(
            files.flatMap { file in
                imports(of: file).filter { Self.foundation.contains($0.module) }.map(\.finding)
            })
    }

    @Test("FoundationNetworking is imported nowhere, not even in a test")
    func networking() {
        expectNone(
            (Repository.sources + Repository.tests).flatMap { file in
                imports(of: file).filter { $0.module == "FoundationNetworking" }.map(\.finding)
            })
    }

    @Test("An import is seen in every form in which it can be written")
    func forms() {
        let file = SourceFile(
            path: "Sources/X/Y.swift",
            text: """
                import One
                package import Two
                @testable import Three
                @preconcurrency internal import struct Four.Inner
                // import Five
                let text = "import Six"
                  import Seven;
                @_exported public import Eight
                """)
        #expect(imports(of: file).map(\.module) == ["One", "Two", "Three", "Four", "Seven", "Eight"])
    }

    private func imports(of file: SourceFile) -> [(module: String, finding: Finding)] {
        let pattern =
            #"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:package|public|internal|private|fileprivate)\s+)?import\s+"#
            + #"(?:(?:struct|class|enum|func|var|let|typealias|protocol)\s+)?([A-Za-z_]\w*)"#
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
        return file.code.indices.compactMap { index in
            let line = String(file.code[index])
            let whole = NSRange(location: 0, length: line.utf16.count)
            guard let match = expression.firstMatch(in: line, range: whole),
                let module = Range(match.range(at: 1), in: line)
            else { return nil }
            return (String(line[module]), file.finding(index))
        }
    }
}
