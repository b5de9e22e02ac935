// Text is bytes: escapes are resolved, halves of surrogate pairs are refused, and nothing is normalised.

import SendonceCore
import SendonceJSON
import Testing

@Suite struct PayloadTextTests {
    @Test(
        "Escapes are resolved",
        arguments: [
            (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u0041\u00e9\u20AC"#, "Aé€"),
            (#"\ud83d\ude00"#, "😀"), (#"\uD800\uDC00"#, "\u{10000}"), (#"\uDBFF\uDFFF"#, "\u{10FFFF}"),
            (#"\uD7FF\uE000"#, "\u{D7FF}\u{E000}"), (#"\uffff"#, "\u{FFFF}"),
            (#"\u0001\u007f"#, "\u{1}\u{7F}"),
            (#"a\\u0000b"#, #"a\u0000b"#), (#"\\ud800"#, #"\ud800"#), (#"\\"#, #"\"#), ("", ""),
        ])
    func escapes(written: String, meant: String) throws {
        let payload = "{\"a\":\"\(written)\"}"
        #expect(try field([.member("a")], in: payload) == .string(Text(meant)))
        #expect(try field([.member("b")], in: payload) == nil)
    }

    @Test(
        "Half of a surrogate pair is refused wherever it stands",
        arguments: [
            #"\ud800"#, #"\udfff"#, #"\udc00\ud800"#, #"\ud83dx"#, #"\ud83d\n"#, #"\ud83d\u0041"#,
            #"\ud83d\ud83d\ude00"#, #"\ud83d\ude00\ude00"#, #"\ud83d\\"#, #"\ud83d\""#, #"\ud83d\u00"#,
        ])
    func loneSurrogates(written: String) {
        let payloads = [
            "{\"a\":\"\(written)\"}", "{\"other\":\"\(written)\"}", "{\"\(written)\":1}",
            "{\"x\":[{\"\(written)\":1}]}",
        ]
        for payload in payloads {
            #expect(throws: PayloadDefect.loneSurrogate, "\(payload)") {
                try field([.member("a")], in: payload)
            }
        }
    }

    @Test(
        "A NUL is refused, raw or escaped, in a name, in a value, and between values",
        arguments: [
            #"{"a":"\u0000"}"#, #"{"b":"x\u0000y"}"#, #"{"\u0000":1}"#, #"{"x":[{"k\u0000":1}]}"#,
            "{\"a\":\"\0\"}",
            "{\"a\":1}\0", "\0{}", "{\0}",
        ])
    func nul(payload: String) {
        #expect(throws: PayloadDefect.nul) { try field([.member("a")], in: payload) }
    }

    @Test(
        "A malformed escape is refused, on a path and off it",
        arguments: [#"\x"#, #"\u12"#, #"\u12G4"#, #"\u 123"#, #"\U0041"#, #"\'"#, #"\u-001"#, #"\0"#])
    func malformedEscapes(written: String) {
        for name in ["a", "other"] {
            expectSyntax("{\"\(name)\":\"\(written)\"}")
            expectSyntax("{\"\(name)\(written)\":1}")
        }
    }

    @Test("Composed and decomposed letters stay two names and two texts")
    func normalisation() throws {
        let payload = "{\"caf\u{E9}\":\"composed \u{E9}\",\"cafe\u{301}\":\"decomposed e\u{301}\"}"
        let composed = try field([.member("caf\u{E9}")], in: payload)
        let decomposed = try field([.member("cafe\u{301}")], in: payload)
        #expect(composed == .string("composed \u{E9}"))
        #expect(decomposed == .string("decomposed e\u{301}"))
    }

    @Test("Carriage return and line feed stay two bytes, and a name is found by its meaning")
    func names() throws {
        #expect(try field([.member("a\r\nb")], in: #"{"a\r\nb":"x\r\ny"}"#) == .string("x\r\ny"))
        #expect(try field([.member("order")], in: #"{"\u006frder":1}"#) == .integer("1"))
        #expect(try field([.member("a.b")], in: #"{"a.b":1,"a":{"b":2}}"#) == .integer("1"))
        #expect(try field([.member("")], in: #"{"":1}"#) == .integer("1"))
    }

    @Test("Bytes that are not UTF-8 are refused wherever they stand")
    func invalidUTF8() {
        let sequences: [[UInt8]] = [
            [0xFF], [0x80], [0xC3], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF0, 0x80, 0x80, 0x80],
        ]
        for sequence in sequences {
            let payload = Array("{\"b\":\"".utf8) + sequence + Array("\"}".utf8)
            expectSyntax(payload)
            expectSyntax(Array("{}".utf8) + sequence)
        }
    }
}
