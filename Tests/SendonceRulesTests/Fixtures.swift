// The repository's fixtures, read from the source tree.
import Foundation
import SendonceCore
import Testing

@testable import SendonceRules

enum Fixtures {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let rules = root.appending(path: "fixtures/rules")

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: root.appending(path: path)))
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    /// The names of the rule files of a folder, without a duplicate and in order.
    static func ruleFiles(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: rules.appending(path: folder).path)
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".json") }.sorted()
    }

    /// Templates beside the rule files of a folder.
    static func template(_ folder: String) -> (String) -> [UInt8]? {
        { name in
            (try? Data(contentsOf: rules.appending(path: folder).appending(path: name))).map { Array($0) }
        }
    }

    static func parse(_ folder: String, _ name: String) throws -> ParsedRules {
        try RuleFile.parse(
            bytes("fixtures/rules/\(folder)/\(name)"), fileName: name, template: template(folder))
    }
}

/// Parses a text with the given templates.
func parse(_ text: String, templates: [String: String] = [:]) throws(RuleMistakes) -> ParsedRules {
    try RuleFile.parse(Array(text.utf8), fileName: "rules.yaml") { name in
        templates[name].map { Array($0.utf8) }
    }
}

/// The rendered mistakes of a text; empty if it is good.
func mistakes(_ text: String, templates: [String: String] = [:]) -> [String] {
    do {
        _ = try parse(text, templates: templates)
        return []
    } catch {
        return error.list.map(\.description)
    }
}

/// A small good rule file in which lines can be replaced.
func ruleFile(_ lines: String...) -> String {
    var fields = [
        ("event", "event: order.placed"), ("to", "to: data.email"), ("once_per", "once_per: [data.order_id]"),
        ("template", "template: { provider_id: \"3\" }"),
    ]
    for line in lines {
        let key = String(line.prefix { $0 != ":" })
        if let index = fields.firstIndex(where: { $0.0 == key }) {
            fields[index].1 = line
        } else {
            fields.append((key, line))
        }
    }
    return "version: 1\ndefaults: { route: brevo, from: a@b.test }\nrules:\n  order:\n"
        + fields.map { "    \($0.1)\n" }.joined()
}

extension Fixtures {
    static func path(_ path: String) -> String { root.appending(path: path).path }
}

/// Runs a Python script of the repository and expects exit 0. What it printed is the failure's text.
func expectSuccess(_ script: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", Fixtures.path(script)] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
}
