// Templates as people and attackers fill them.
import SendonceCore
import SendonceTemplates
import Testing

private func set(_ files: [String: String]) throws(TemplateError) -> TemplateSet {
    let set = TemplateSet(files: files.mapValues { Array($0.utf8) })
    if let error = set.errors.first { throw error }
    return set
}

/// Renders one text body.
private func text(_ template: String, _ context: JSONValue) throws -> String {
    let templates = try set(["t.subject.mustache": "s", "t.txt.mustache": template])
    return try #require(try templates.render("t", context: context).text).string
}

private func html(_ template: String, _ context: JSONValue) throws -> String {
    let templates = try set(["t.subject.mustache": "s", "t.html.mustache": template])
    return try #require(try templates.render("t", context: context).html).string
}

private func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { JSONMember(Text($0.key), $0.value) })
}

private func same(_ left: String, _ right: String) -> Bool {
    Text(left) == Text(right)
}

@Suite struct TemplateSetTests {
    @Test("Values are escaped in HTML and stand as they are in text and subject")
    func escaping() throws {
        let templates = try set([
            "t.subject.mustache": "{{x}}", "t.txt.mustache": "{{x}}",
            "t.html.mustache": "{{x}} {{{x}}} {{&x}}",
        ])
        let raw = "<a href=\"x\">'&'</a>"
        let rendered = try templates.render("t", context: object(["x": .string(Text(raw))]))
        #expect(rendered.subject == Text(raw))
        #expect(rendered.text == Text(raw))
        let escaped = "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;"
        #expect(rendered.html == Text("\(escaped) \(raw) \(raw)"))
    }

    @Test(
        "A sign is escaped also when a combining mark follows it",
        arguments: [("\"", "&quot;"), ("'", "&#39;"), ("<", "&lt;"), (">", "&gt;"), ("&", "&amp;")])
    func combiningMarks(sign: String, entity: String) throws {
        for mark in ["\u{0301}", "\u{0338}", "\u{200D}", "\u{FE0F}"] {
            let result = try html("<p title=\"{{x}}\">", object(["x": .string(Text(sign + mark))]))
            #expect(same(result, "<p title=\"\(entity)\(mark)\">"))
        }
    }

    @Test("Numbers keep their digits")
    func digits() throws {
        let context = object([
            "a": .integer("123456789012345678901234567890"), "b": .number("1.10"), "c": .number("1e2"),
            "d": .bool(true), "e": .bool(false), "f": .integer("0"),
        ])
        #expect(
            try text("{{a}} {{b}} {{c}} {{d}} {{e}} {{f}}", context)
                == "123456789012345678901234567890 1.10 1e2 true false 0")
    }

    @Test(
        "A variable that is not there, or is null, a list or an object, is an error with its name",
        arguments: [
            ("{{nobody}}", "nobody"), ("{{a.nobody}}", "a.nobody"), ("{{a.b.nobody}}", "a.b.nobody"),
            ("{{null}}", "null"), ("{{a}}", "a"), ("{{list}}", "list"), ("{{.}}", "."),
            ("{{flag.x}}", "flag.x"), ("{{word.x}}", "word.x"), ("{{list.x}}", "list.x"),
            ("{{#a}}{{nobody}}{{/a}}", "nobody"), ("{{#a}}{{b.nobody}}{{/a}}", "b.nobody"),
            ("{{#list}}{{sku}}{{/list}}", "sku"), ("{{^empty}}{{nobody}}{{/empty}}", "nobody"),
            ("{{#a}}{{.}}{{/a}}", "."), ("{{{nobody}}}", "nobody"), ("{{&nobody}}", "nobody"),
            ("{{#nested}}{{.}}{{/nested}}", "."), ("{{#deep}}{{#deep.er}}{{x}}{{/deep.er}}{{/deep}}", "x"),
        ])
    func missing(template: String, name: String) throws {
        let context = object([
            "a": object(["b": object(["c": .string("x")])]), "null": .null,
            "list": .array([object(["sku": .string("1")]), object([:])]), "flag": .bool(true),
            "word": .string("w"),
            "empty": .array([]), "nested": .array([.array([.string("1")])]),
            "deep": object(["er": object([:])]),
        ])
        #expect(throws: RenderError.missing(name)) { try text(template, context) }
    }

    @Test(
        "Sections follow Mustache: what is left out asks for nothing, and names are sought from the inside out",
        arguments: [
            ("{{#no}}{{nobody}}{{/no}}", ""), ("{{#null}}{{x}}{{/null}}", ""),
            ("{{#off}}{{nobody}}{{/off}}", ""),
            ("{{#empty}}{{nobody}}{{/empty}}-", "-"), ("{{^list}}{{nobody}}{{/list}}-", "-"),
            ("{{^no}}n{{/no}}{{^null}}u{{/null}}{{^off}}o{{/off}}{{^empty}}e{{/empty}}", "nuoe"),
            ("{{#list}}{{sku}}{{shop}},{{/list}}", "1S,2S,"), ("{{#a}}{{b}}{{shop}}{{/a}}", "xS"),
            ("{{#words}}{{.}};{{/words}}", "v;w;"), ("{{#on}}{{shop}}{{/on}}", "S"),
            ("{{#word}}[{{.}}]{{/word}}", "[w]"), ("{{#zero}}z{{/zero}}", "z"),
            ("{{#blank}}b{{/blank}}", "b"),
            ("{{#nested}}{{#.}}{{.}}{{/.}};{{/nested}}", "12;3;"), ("{{#a.b}}{{a.b}}{{/a.b}}", "x"),
            ("{{#list}}{{#a}}{{sku}}{{b}}{{/a}}{{/list}}", "1x2x"),
            ("{{! nothing }}\n{{#a}}\n{{b}}\n{{/a}}\n", "x\n"),
        ])
    func sections(template: String, expected: String) throws {
        let context = object([
            "null": .null, "off": .bool(false), "on": .bool(true), "empty": .array([]), "shop": .string("S"),
            "list": .array([object(["sku": .string("1")]), object(["sku": .string("2")])]),
            "a": object(["b": .string("x")]), "words": .array([.string("v"), .string("w")]),
            "word": .string("w"),
            "zero": .integer("0"), "blank": .string(""),
            "nested": .array([.array([.string("1"), .string("2")]), .array([.string("3")])]),
        ])
        #expect(same(try text(template, context), expected), "\(template)")
    }

    @Test("A tag at the very beginning or end of a file, with blanks around it, is read as anywhere else")
    func edges() throws {
        let context = object(["a": .bool(true), "x": .string("X")])
        #expect(try text("{{#a}}\nin\n{{/a}}", context) == "in\n")
        #expect(try text("{{#a}}in{{/a}}  ", context) == "in  ")
        #expect(try text("{{#a}}\nin\n{{/a}}  ", context).hasPrefix("in\n"))
        #expect(try text("\n\n{{x}}", context) == "\n\nX")
        #expect(try text("", context) == "")
        #expect(try html("{{x}}", context) == "X")
    }

    @Test("A subject loses blanks and line breaks at its ends")
    func subjectEnds() throws {
        let templates = try set(["t.subject.mustache": "\r\n  {{x}} ordered \t\r\n\n", "t.txt.mustache": "t"])
        #expect(try templates.render("t", context: object(["x": .string("Ann")])).subject == "Ann ordered")
    }

    @Test(
        "A control character or line separator inside a subject is refused",
        arguments: ["\r\n", "\n", "\r", "\0", "\t", "\u{7F}", "\u{85}", "\u{2028}", "\u{2029}", "\u{1B}"])
    func subjectControls(control: String) throws {
        let templates = try set(["t.subject.mustache": "Order {{x}}", "t.txt.mustache": "t"])
        let context = object(["x": .string(Text("a\(control)Bcc: b@x.test"))])
        #expect(throws: RenderError.controlInSubject) { try templates.render("t", context: context) }
    }

    @Test("Emoji, right-to-left text and U+2028 in a body pass through unchanged")
    func unicode() throws {
        let value = "👩‍👩‍👧 שלום \u{202E}x\u{2028}é e\u{301}"
        #expect(same(try text("{{x}}", object(["x": .string(Text(value))])), value))
        #expect(same(try html("{{x}}", object(["x": .string(Text(value))])), value))
    }

    @Test("A template without a subject, without a body, or not there at all is an error")
    func incomplete() throws {
        let templates = try set([
            "a.subject.mustache": "s", "b.txt.mustache": "t", "c.subject.mustache": " \n",
            "c.txt.mustache": "t", "rules": "{{",
        ])
        for name in ["a", "b", "nobody"] {
            #expect(throws: RenderError.noTemplate(name)) {
                try templates.render(Text(name), context: object([:]))
            }
        }
        #expect(throws: RenderError.emptySubject) { try templates.render("c", context: object([:])) }
    }

    @Test("Too long a body, too long a subject and too many list elements are errors")
    func limits() throws {
        let long = object(["x": .string(Text(String(repeating: "x", count: TemplateLimits.bodyBytes)))])
        #expect(try text("{{x}}", long).utf8.count == TemplateLimits.bodyBytes)
        #expect(throws: RenderError.tooLong("t.txt.mustache")) { try text("{{x}}y", long) }
        let templates = try set(["t.subject.mustache": "{{x}}", "t.txt.mustache": "t"])
        #expect(throws: RenderError.tooLong("t.subject.mustache")) {
            try templates.render("t", context: long)
        }
        let list = object(["l": .array(Array(repeating: .string("e"), count: 200))])
        #expect(try text("{{#l}}{{.}}{{/l}}", list).utf8.count == 200)
        #expect(throws: RenderError.tooManyElements) {
            try text("{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}x{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}", list)
        }
    }

    @Test(
        "Tags that print nothing where they go wrong are refused when the files are read",
        arguments: [
            "{{> other}}", "{{>other}}", "{{<base}}{{/base}}", "{{$block}}{{/block}}",
            "{{% CONTENT_TYPE:TEXT}}",
            "{{=<% %>=}}", "{{upper(x)}}", "{{#upper(x)}}a{{/upper(x)}}", "{{.x}}", "{{# .x}}a{{/ .x}}",
            "a {{ >b}}",
            "{{>*x}}", "{{& .x}}",
        ])
    func unsupported(template: String) {
        #expect {
            try text(template, object(["x": .string("v")]))
        } throws: { error in
            if case TemplateError.unsupported(file: "t.txt.mustache", tag: _) = error { true } else { false }
        }
    }

    @Test("Broken templates, text that is not UTF-8 and giant files are refused with the file's name")
    func broken() {
        #expect {
            try text("{{#a}}", object([:]))
        } throws: { error in
            if case TemplateError.syntax(file: "t.txt.mustache", line: 1, column: 7, _) = error {
                true
            } else {
                false
            }
        }
        #expect(
            TemplateSet(files: ["t.txt.mustache": [0x61, 0xFF]]).errors == [.notText(file: "t.txt.mustache")])
        let giant: [UInt8] = Array(repeating: 0x61, count: TemplateLimits.fileBytes + 1)
        #expect(
            TemplateSet(files: ["t.txt.mustache": giant]).errors == [.tooLong(file: "t.txt.mustache")])
    }

    @Test(
        "What the engine cannot read has its place and the cure",
        arguments: [
            ("Hi {{data.größe}}", 1, 13, "`params`"),
            ("a\r\nb\r\n\u{301}x {{ größe }}\r\n", 3, 9, "`params`"),
            ("{{#data.l}}\n{{{größe}}}\n{{/data.l}}\n", 2, 6, "in the event"),
            ("{{a}}\n{", 2, 1, "line break behind it"), ("{", 1, 1, "line break behind it"),
            ("\u{2028}\r\n{", 2, 1, "line break behind it"),
            ("é {{a}}\u{301}", 1, 7, "put a blank between"), ("{{! c }}\u{FE0F} {{a}}", 1, 8, "put a blank"),
            ("\n{{\u{301}a}}", 2, 2, "put a blank"), ("\u{600}{{a}}", 1, 1, "put a blank"),
        ])
    func places(template: String, line: Int, column: Int, cure: String) throws {
        for kind in ["txt", "html"] {
            let file = "t.\(kind).mustache"
            let set = TemplateSet(files: [file: Array(template.utf8)])
            #expect(set.errors.count == 1)
            let words = set.errors.map(\.description).joined()
            #expect(words.hasPrefix("\(file):\(line):\(column): ") && words.contains(cure), "\(words)")
        }
    }

    @Test("A single brace may carry a combining mark, and two braces are read beside other characters")
    func marks() throws {
        #expect(
            same(
                try text("{\u{301} }\u{301} é{{x}} \u{301}", object(["x": .bool(true)])),
                "{\u{301} }\u{301} étrue \u{301}"))
    }

    @Test("A file that cannot be compiled fails its own template and no other")
    func oneFile() throws {
        let files = [
            "a.subject.mustache": "s", "a.txt.mustache": "{{größe}}", "b.subject.mustache": "s",
            "b.txt.mustache": "{{x}}",
        ]
        let templates = TemplateSet(files: files.mapValues { Array($0.utf8) })
        let context = object(["x": .string("X"), "größe": .string("XL")])
        #expect(try templates.render("b", context: context).text == "X")
        let error = try #require(templates.errors.first)
        #expect(templates.errors.count == 1)
        #expect(throws: RenderError.unusable(error)) { try templates.render("a", context: context) }
    }
}
