// What template files need, and which tags are refused.
import SendonceCore
import Testing

@testable import SendonceRules

@Suite("Template files")
struct TemplateTests {
    /// Needs and payload paths of a text template whose subject is `Hello`.
    private func message(_ text: String, params: String = "") throws -> MessageSource {
        let rules = try parse(
            ruleFile("template: { file: a\(params) }"),
            templates: ["a.subject.mustache": "Hello", "a.txt.mustache": text])
        return try #require(rules.ruleSet.rules.first).message
    }

    private func found(_ text: String, params: String = "") -> [String] {
        mistakes(
            ruleFile("template: { file: a\(params) }"),
            templates: ["a.subject.mustache": "Hello", "a.txt.mustache": text])
    }

    @Test("Variables in all three forms are needed, comments are not")
    func variables() throws {
        let source = try message(
            "{{data.a}} {{{ data.b.c }}} {{& data.a }} {{! data.x }} {{recipient}} {{type}} } }} {")
        #expect(
            source.needs == [
                .variable(["data", "a"]), .variable(["data", "b", "c"]), .variable(["data", "a"]),
                .variable(["recipient"]), .variable(["type"]),
            ])
        #expect(source.contextFields.map(\.path.description) == ["data.a", "data.b.c"])
    }

    @Test(
        "Sections hold their needs, and names that start with data are read from the payload wherever they stand"
    )
    func sections() throws {
        let source = try message(
            "{{#data.items}}{{sku}}{{#tags}}{{.}}{{/tags}}{{data.shop}}{{/data.items}}{{^ data.items }}{{source}}{{/data.items}}"
        )
        #expect(
            source.needs == [
                .section(
                    ["data", "items"],
                    [.variable(["sku"]), .section(["tags"], [.variable([])]), .variable(["data", "shop"])]),
                .inverted(["data", "items"], [.variable(["source"])]),
            ])
        #expect(source.contextFields.map(\.path.description) == ["data.items", "data.shop"])
    }

    @Test("With params, those are the names, and the payload is not read for the template")
    func params() throws {
        let source = try message(
            "{{name}} {{#list}}{{.}}{{/list}}", params: ", params: { name: data.n, list: data.l }")
        #expect(source.needs == [.variable(["name"]), .section(["list"], [.variable([])])])
        #expect(source.contextFields.isEmpty)
        #expect(
            found("{{nam}} {{data.n}}", params: ", params: { name: data.n }") == [
                "a.txt.mustache:1:1: \"nam\" is not a param of the template; did you mean \"name\"?",
                "a.txt.mustache:1:9: \"data.n\" is not a param of the template",
            ])
    }

    @Test("The needs of a template are those of its subject, then html, then text")
    func order() throws {
        let parsed = try parse(
            ruleFile("template: { file: a }"),
            templates: [
                "a.subject.mustache": "{{data.s}}\n", "a.html.mustache": "{{data.h}}",
                "a.txt.mustache": "{{data.t}}",
            ])
        let needs = try #require(parsed.ruleSet.rules.first).message.needs
        #expect(needs == [.variable(["data", "s"]), .variable(["data", "h"]), .variable(["data", "t"])])
    }

    @Test(
        "A tag whose effect cannot be known from the file is refused where it stands",
        arguments: [
            ("\n  {{> x}}", "2:3", "a partial"), ("{{=<% %>=}}", "1:1", "other delimiters"),
            ("{{%PRAGMA}}", "1:1", "a pragma"), ("{{<layout}}", "1:1", "template inheritance"),
            ("{{$block}}", "1:1", "template inheritance"), ("{{upper(data.a)}}", "1:1", "a transform"),
            ("é{{data.a", "1:2", "the tag is not closed"), ("{{{data.a}}", "1:1", "the tag is not closed"),
            ("{{#data.a}}", "1:1", "the section \"data.a\" is not closed"),
            ("x{{/data.a}}", "1:2", "\"data.a\" is closed"),
            ("{{#data.a}}{{/data.b}}", "1:12", "\"data.b\" is closed where"),
            ("{{}}", "1:1", "a tag without a name"),
            ("{{.}}", "1:1", "{{.}} has a meaning"), ("{{data a}}", "1:1", "\"data a\" is not a name"),
            ("{{data.items.0}}", "1:1", "Mustache has no indices"),
            ("{{data.a {{data.b}}", "1:1", "the tag is not closed"),
            ("{{dta}}", "1:1", "\"dta\" is not a name of the event; did you mean \"data\"?"),
            (
                "{{^data.a}}{{x}}{{/data.a}}", "1:12",
                "\"x\" is not a name of the event; did you mean \"data.x\"?"
            ),
            ("{{data}}", "1:1", "\"data\" is the whole payload"),
            ("{{subject.x}}", "1:1", "\"subject\" is a single text"),
        ])
    func refused(text: String, place: String, words: String) {
        let found = found(text)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasPrefix("a.txt.mustache:\(place): \(words)") == true, "\(found)")
    }

    @Test("Sections nest to the limit and no deeper")
    func depth() {
        func nested(_ count: Int) -> String {
            String(repeating: "{{#data.a}}", count: count) + String(repeating: "{{/data.a}}", count: count)
        }
        #expect(found(nested(Limits.templateDepth)).isEmpty)
        #expect(!found(nested(Limits.templateDepth + 1)).isEmpty)
    }

    @Test(
        "A subject is one line with text and variables",
        arguments: [
            ("", "the subject is empty"), (" \n", "the subject is empty"), ("a\nb", "a subject is one line"),
            ("a\r\nb\r\n", "a subject is one line"),
            ("{{#data.a}}x{{/data.a}}", "a subject has text and variables"),
        ])
    func subject(text: String, words: String) {
        let found = mistakes(
            ruleFile("template: { file: a }"), templates: ["a.subject.mustache": text, "a.txt.mustache": "x"])
        #expect(found.count == 1)
        #expect(found.first?.contains(words) == true, "\(found)")
    }

    @Test("A template that is not UTF-8, has a NUL or is too long is refused")
    func bytes() {
        for bytes in [[0xFF], [0x61, 0x00], Array(repeating: 0x61, count: Limits.templateFileBytes + 1)]
            as [[UInt8]]
        {
            #expect(throws: RuleMistakes.self) {
                try RuleFile.parse(Array(ruleFile("template: { file: a }").utf8), fileName: "r") { name in
                    name == "a.subject.mustache" ? [0x61] : name == "a.txt.mustache" ? bytes : nil
                }
            }
        }
    }

    @Test("Only names without a path are asked for")
    func names() {
        for name in ["../a", "/etc/passwd", "a/b", "..", "A", "a.b"] {
            var asked: [String] = []
            #expect(throws: RuleMistakes.self) {
                try RuleFile.parse(Array(ruleFile("template: { file: \"\(name)\" }").utf8), fileName: "r") {
                    file in
                    asked.append(file)
                    return nil
                }
            }
            #expect(asked.isEmpty)
        }
    }
}
