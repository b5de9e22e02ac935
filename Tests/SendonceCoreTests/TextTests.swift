// Text by its bytes, JSON values and paths: what keys and errors are written with.
import SendonceCore
import Testing

@Suite("Text")
struct TextTests {
    @Test("Text compares by bytes where Swift's own strings do not")
    func bytes() {
        #expect("\u{E9}" == "e\u{301}")
        #expect(Text("\u{E9}") != Text("e\u{301}"))
        #expect(Set([Text("\u{E9}"), Text("e\u{301}"), Text("\u{E9}")]).count == 2)
        #expect(Text("\r\n") != Text("\n"))
    }

    @Test("Text sorts as its bytes do")
    func order() {
        let texts: [Text] = ["\u{1F600}", "\u{FFFD}", "z", "é", "e\u{301}", "a", "B", "", "ab"]
        #expect(texts.sorted() == ["", "B", "a", "ab", "e\u{301}", "z", "é", "\u{FFFD}", "\u{1F600}"])
    }
}

@Suite("JSON value")
struct JSONValueTests {
    @Test("The canonical form escapes quotes, backslashes and control characters, and nothing else")
    func quoting() {
        let escapes = (0..<0x20).map { JSONValue.quoted(String(UnicodeScalar(UInt8($0)))) }
        let short = [8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"]
        for (code, escape) in escapes.enumerated() {
            let expected = short[code] ?? "\\u00" + (code < 16 ? "0" : "1") + String(code % 16, radix: 16)
            #expect(escape == "\"\(expected)\"")
        }
        #expect(JSONValue.quoted("\"\\/") == "\"\\\"\\\\/\"")
        #expect(Text(JSONValue.quoted("\r\n\u{7F}\u{2028}e\u{301}😀")) == "\"\\r\\n\u{7F}\u{2028}e\u{301}😀\"")
    }

    @Test("A value is written compactly, members in their order, numbers as they were written")
    func writing() {
        let value = JSONValue.object([
            JSONMember(
                "b", .array([.null, .bool(true), .integer("18446744073709551615"), .number("4.20e1")])),
            JSONMember("a", .object([])), JSONMember("\"", .string("é")),
        ])
        #expect(value.jsonText == #"{"b":[null,true,18446744073709551615,4.20e1],"a":{},"\"":"é"}"#)
    }

    @Test("A member is found by its bytes, and only an object has members")
    func members() {
        let value = JSONValue.object([
            JSONMember("e\u{301}", .integer("1")), JSONMember("\u{E9}", .integer("2")),
        ])
        #expect(value.member("\u{E9}") == .integer("2"))
        #expect(value.member("e") == nil)
        #expect(JSONValue.array([.null]).member("0") == nil)
    }
}

@Suite("Path")
struct PathTests {
    @Test("A path is described as a rule writes it, and odd names in brackets")
    func description() {
        let path = Path(
            .data,
            [
                .member("customer"), .index(0), .member("first name"), .member("größe"), .index(-1),
                .member(""),
            ])
        #expect(path.description == #"data.customer[0]["first name"].größe[-1][""]"#)
        #expect(Path(.recipient).description == "recipient")
    }

    @Test(
        "Only a name of letters, digits and underscores stands after a dot",
        arguments: [
            ("a", true), ("_a1", true), ("é", true), ("1a", false), ("", false), ("a-b", false),
            ("a.b", false),
            ("a b", false), ("a]", false),
        ])
    func plainNames(_ name: String, _ isPlain: Bool) {
        #expect(Path.isPlain(Text(name)) == isPlain)
    }

    @Test("Every defect of a payload has words of its own")
    func defects() {
        let defects: [PayloadDefect] = [
            .syntax("x"), .notAnObject, .tooDeep, .nul, .loneSurrogate, .repeatedMember("data.a"), .tooLong,
        ]
        #expect(Set(defects.map(\.description)).count == defects.count)
        #expect(PayloadDefect.repeatedMember("data.a").description.contains("data.a"))
    }
}
