// Why a payload is refused. Each refusal is a decision for ever, so each has its own name.

import SendonceCore
import SendonceJSON
import Testing

/// Expects that a payload is refused for its syntax, with words.
func expectSyntax(_ payload: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    let reader = PayloadReader(paths: [Path(.data, [.member("a")])])
    var fields = Fields(count: 1)
    do throws(PayloadDefect) {
        try reader.read(payload, slots: [0], into: &fields)
        Issue.record("accepted: \(String(decoding: payload, as: UTF8.self))", sourceLocation: sourceLocation)
    } catch {
        guard case .syntax(let words) = error, !words.isEmpty else {
            Issue.record(
                "\(error): \(String(decoding: payload, as: UTF8.self))", sourceLocation: sourceLocation)
            return
        }
    }
}

func expectSyntax(_ payload: String, sourceLocation: SourceLocation = #_sourceLocation) {
    expectSyntax(Array(payload.utf8), sourceLocation: sourceLocation)
}

/// An object with one member `a`, nested until there are `depth` containers.
private func nested(depth: Int, open: String, close: String) -> String {
    "{\"a\":" + String(repeating: open, count: depth - 1) + "1" + String(repeating: close, count: depth - 1)
        + "}"
}

@Suite struct PayloadDefectTests {
    @Test(
        "What is not JSON is refused, even behind what a path reads",
        arguments: [
            "", " ", "\n\t", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",
            "{\"a\":,}",
            "{\"a\" 1}", "{a:1}", "{'a':1}", "{\"a\":1]", "{\"a\":[1}", "{\"a\":[1,]}", "{\"a\":[,1]}",
            "{\"a\":[1 2]}", "{\"a\":1 \"b\":2}", "{\"a\":1}{", "{\"a\":1}}", "{\"a\":1},", "{\"a\":1}1",
            "{}{}",
            "{\"a\":tru}", "{\"a\":truex}", "{\"a\":nulll}", "{\"a\":True}", "{\"a\":false\"x\"}",
            "{\"a\":\"x}",
            "{\"a\":\"x\"y}", "{\"a\"b:1}", "{1:2}", "{null:1}", "{\"a\":1:2}", "{\"a\"::1}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\n\"}", "{\"a\":1}//x", "/**/{}", "{\"a\":\u{A0}1}", "{\"a\":1}\u{C}", "[", "]", "nul",
            "\\",
            "{\\\"a\":1}", "{\"a\":\\\"x\"}", ":", ",",
        ])
    func syntax(payload: String) {
        expectSyntax(payload)
    }

    @Test("A byte order mark is refused")
    func byteOrderMark() {
        expectSyntax([0xEF, 0xBB, 0xBF] + Array("{\"a\":1}".utf8))
    }

    @Test("A syntax defect says in words what is wrong and where")
    func words() {
        #expect(throws: PayloadDefect.syntax("Problem while parsing a number (at byte 5)")) {
            try field([.member("a")], in: "{\"a\":01}")
        }
    }

    @Test(
        "Valid JSON that is not an object is refused as such",
        arguments: ["[{}]", "1", "\"a\"", "null", " true "])
    func notAnObject(payload: String) {
        #expect(throws: PayloadDefect.notAnObject) { try field([.member("a")], in: payload) }
    }

    @Test("64 levels are accepted and 65 are not, on a path and off it", arguments: ["a", "b"])
    func depth(name: String) throws {
        for (open, close) in [("[", "]"), ("{\"x\":", "}")] {
            let deepest = nested(depth: Limits.payloadDepth, open: open, close: close)
            #expect(try (field([.member(Text(name))], in: deepest) != nil) == (name == "a"))
            let tooDeep = nested(depth: Limits.payloadDepth + 1, open: open, close: close)
            #expect(throws: PayloadDefect.tooDeep) { try field([.member(Text(name))], in: tooDeep) }
        }
    }

    @Test("Nesting of 100,000 is refused and breaks nothing")
    func absurdDepth() {
        for (open, close) in [("[", "]"), ("{\"x\":", "}")] {
            let payload = nested(depth: 100_000, open: open, close: close)
            #expect(throws: PayloadDefect.tooDeep) { try field([.member("a")], in: payload) }
            #expect(throws: PayloadDefect.tooDeep) {
                try field([.member("a"), .index(-1), .index(-1)], in: payload)
            }
        }
        let onlyOpened = String(repeating: "[", count: 100_000)
        #expect(throws: PayloadDefect.tooDeep) { try field([.member("a")], in: onlyOpened) }
    }

    @Test("A payload of 1 MiB is read and one of a byte more is refused")
    func length() throws {
        let frame = #"{"pad":"","a":"end"}"#.utf8.count
        func payload(_ length: Int) -> String {
            #"{"pad":""# + String(repeating: "x", count: length - frame) + #"","a":"end"}"#
        }
        #expect(try field([.member("a")], in: payload(Limits.payloadBytes)) == .string("end"))
        guard case .string(let pad) = try field([.member("pad")], in: payload(Limits.payloadBytes)) else {
            Issue.record("the long text was not found")
            return
        }
        #expect(pad.utf8.count == Limits.payloadBytes - frame)
        #expect(throws: PayloadDefect.tooLong) {
            try field([.member("a")], in: payload(Limits.payloadBytes + 1))
        }
    }

    @Test("Every length around the parser's block and buffer sizes is read to its last byte")
    func lengths() throws {
        for length in Array(20...300) + Array(16_370...16_400) + Array(32_760...32_776) {
            let payload = #"{"a":""# + String(repeating: "x", count: length - 10) + #"1"}"#
            #expect(try field([.member("a")], in: payload) != nil)
            expectSyntax(payload + "x")
            expectSyntax(String(decoding: payload.utf8.dropLast(), as: UTF8.self))
        }
    }

    @Test("Of several defects the documented one is reported")
    func order() {
        func defect(_ payload: String) -> PayloadDefect? {
            do throws(PayloadDefect) {
                _ = try field([.member("a")], in: payload)
                return nil
            } catch { return error }
        }
        let long = String(repeating: " ", count: Limits.payloadBytes)
        #expect(defect("\0" + long) == .tooLong)
        #expect(defect(#"{"a":1,"a":"\ud800"} x"# + "\0") == .nul)
        #expect(defect(#"{"a":"\ud800","b":"\u0000"} x"#) == .loneSurrogate)
        #expect(defect(#"{"a":"\u0000","b":"\ud800"} x"#) == .nul)
        #expect(defect(#"["\ud800"]"#) == .loneSurrogate)
        #expect(defect(#"[{"a":1,"a":2}]"#) == .notAnObject)
        #expect(defect(#"{"a":1,"a":"\ud800"}"#) == .loneSurrogate)
        #expect(defect(#"{"a":{"b":1,"b":2},"a":3}"#) == .repeatedMember("data.a.b"))
        #expect(defect(#"{"x":1,"a":1,"a":2,"x":2}"#) == .repeatedMember("data.a"))
    }
}
