// Two readers of one file: rules are checked with our scanner, messages are made with the template engine.
import SendonceCore
import SendonceRules
import SendonceTemplates
import Testing

@Suite struct OddTemplateTests {
    private static let names = [
        "data.a", "data.größe", "data.a\u{301}", "data.\u{FEFF}b", "type", "data.a-b",
    ]
    private static let pieces =
        [
            "{", "}", "\n", "\r\n", "\u{301}", "\u{FE0F}", "\u{600}", "\u{2028}", "é", " ", "{{! note }}",
            "{{!}",
        ]
        + names.flatMap { ["{{\($0)}}", "{{ \($0)\t}}", "{{{\($0)}}}", "{{& \($0)}}"] }
        + [
            "{{#data.l}}{{n}}{{größe}}{{/data.l}}", "{{^data.l}}\n{{/data.l}}\r\n",
            "{{#data.l}} {{.}}{{/data.l}}{",
        ]

    /// What the engine says of a text body that the rules may have; nil where they may not have it.
    private func verdict(on body: String) -> (set: TemplateSet, context: JSONValue)? {
        let files = ["t.subject.mustache": Array("s\n".utf8), "t.txt.mustache": Array(body.utf8)]
        let rules = """
            version: 1
            defaults: { route: files, from: shop@shop.example }
            rules:
              a: { event: e, to: data.email, once_per: [data.id], template: { file: t } }
            """
        guard (try? RuleFile.parse(Array(rules.utf8), fileName: "rules.yaml") { files[$0] }) != nil else {
            return nil
        }
        let members = ["a", "größe", "a\u{301}", "\u{FEFF}b", "a-b", "n"].map {
            JSONMember(Text($0), .string("v"))
        }
        let context = JSONValue.object([
            JSONMember("data", .object(members + [JSONMember("l", .bool(false))])),
            JSONMember("type", .string("e")),
        ])
        return (TemplateSet(files: files), context)
    }

    @Test(
        "What the rules may have and the engine takes is rendered without a tag left over; else it has a place",
        arguments: [1, 2, 3, 4] as [UInt64])
    func random(seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        var (rendered, refused) = (0, 0)
        for _ in 1...2_000 {
            let count = Int.random(in: 1...6, using: &numbers)
            let body = (0..<count).map { _ in Self.pieces.randomElement(using: &numbers) ?? "" }.joined()
            guard let verdict = verdict(on: body) else { continue }
            if let error = verdict.set.errors.first {
                refused += 1
                guard case .syntax(file: "t.txt.mustache", let line, let column, _) = error else {
                    Issue.record("seed \(seed): \(error.description) for \(body.debugDescription)")
                    continue
                }
                let lines = body.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
                let isThere =
                    lines.indices.contains(line - 1) && (1...lines[line - 1].count + 1).contains(column)
                #expect(isThere, "seed \(seed): \(error.description) for \(body.debugDescription)")
            } else {
                rendered += 1
                let text = try #require(try verdict.set.render("t", context: verdict.context).text)
                let hasTag = text.string.unicodeScalars.split(
                    separator: "{", omittingEmptySubsequences: false
                )
                .dropFirst().dropLast().contains { $0.isEmpty }
                #expect(!hasTag, "seed \(seed): \(text) of \(body.debugDescription)")
            }
        }
        #expect(rendered > 50 && refused > 50, "\(rendered) rendered, \(refused) refused")
    }
}
