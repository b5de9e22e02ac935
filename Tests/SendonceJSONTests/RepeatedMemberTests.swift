// A member that stands twice means one thing to one parser and another to the next. Where a rule reads, it is
// refused.

import SendonceCore
import SendonceJSON
import Testing

@Suite struct RepeatedMemberTests {
    @Test(
        "A repeated member of any object that a path passes through is refused, with its path",
        arguments: [
            (#"{"a":{"b":1},"a":{"b":2}}"#, "data.a"), (#"{"a":{"b":1,"b":1}}"#, "data.a.b"),
            (#"{"x":1,"a":{"b":1},"x":2}"#, "data.x"), (#"{"a":{"x":1,"x":2}}"#, "data.a.x"),
            (#"{"x":1,"x":2}"#, "data.x"), (#"{"a b":1,"a b":2}"#, #"data["a b"]"#),
            (#"{"":1,"":2}"#, #"data[""]"#),
        ])
    func onTheWay(payload: String, path: String) {
        #expect(throws: PayloadDefect.repeatedMember(path)) {
            try field([.member("a"), .member("b")], in: payload)
        }
    }

    @Test(
        "A repeated member anywhere inside a selected value is refused, with its path",
        arguments: [
            (#"{"a":{"b":{"x":1,"x":2}}}"#, "data.a.b.x"),
            (#"{"a":{"b":[0,{"x":{"y":1,"y":2}}]}}"#, "data.a.b[1].x.y"),
        ])
    func inside(payload: String, path: String) {
        #expect(throws: PayloadDefect.repeatedMember(path)) {
            try field([.member("a"), .member("b")], in: payload)
        }
    }

    @Test("A repeated member off every path is tolerated")
    func offThePath() throws {
        let payload =
            #"{"other":{"x":1,"x":2},"list":[{"x":1,"x":2},{"y":7}],"a":{"z":[{"q":1,"q":2}],"b":1}}"#
        #expect(try field([.member("a"), .member("b")], in: payload) == .integer("1"))
        #expect(try field([.member("list"), .index(1), .member("y")], in: payload) == .integer("7"))
        #expect(try field([.member("list"), .index(-1), .member("y")], in: payload) == .integer("7"))
    }

    @Test("Only the slots that are read decide where repeats count")
    func onlySlotsRead() throws {
        let reader = PayloadReader(paths: [
            Path(.data, [.member("a")]), Path(.data, [.member("b"), .member("c")]),
        ])
        let payload = Array(#"{"a":1,"b":{"c":1,"c":2}}"#.utf8)
        var fields = Fields(count: 2)
        try reader.read(payload, slots: [0], into: &fields)
        #expect(fields.values == [.integer("1"), nil])
        #expect(throws: PayloadDefect.repeatedMember("data.b.c")) {
            try reader.read(payload, slots: [0, 1], into: &fields)
        }
        try reader.read(Array(#"{"x":1,"x":2}"#.utf8), slots: [], into: &fields)
    }

    @Test(
        "Two spellings of one name are a repeat",
        arguments: [#"{"a":1,"\u0061":2}"#, #"{"\u0061":1,"a":2}"#, #"{"\u0061":1,"\u0061":2}"#])
    func escapedSpelling(payload: String) {
        #expect(throws: PayloadDefect.repeatedMember("data.a")) { try field([.member("a")], in: payload) }
    }

    @Test("Names that differ in bytes are no repeat, even if they look the same")
    func differentBytes() throws {
        let payload = "{\"\u{E9}\":1,\"e\u{301}\":2,\"A\":3,\"a\":4,\"a \":5,\"ab\":6}"
        #expect(try field([.member("a")], in: payload) == .integer("4"))
        #expect(try field([], in: payload) != nil)
    }

    @Test("In a whole document a repeat is refused anywhere, with its path")
    func documents() {
        #expect(throws: PayloadDefect.repeatedMember("$[1].a.x")) {
            try PayloadReader.document(Array(#"[0,{"a":{"x":1,"x":1}}]"#.utf8))
        }
        #expect(throws: PayloadDefect.repeatedMember("$.x")) {
            try PayloadReader.document(Array(#"{"x":1,"x":1}"#.utf8))
        }
    }

    @Test(
        "Among many names the repeat is found, whatever their number",
        arguments: [2, 23, 24, 25, 26, 1_000, 60_000])
    func manyNames(count: Int) throws {
        let members = (0..<count).map { "\"n\($0)\":0" }.joined(separator: ",")
        #expect(try field([.member("n1")], in: "{\(members)}") == .integer("0"))
        let middle = "n\(count / 2)"
        for (first, second) in [(middle, "n0"), ("n0", middle)] {
            #expect(throws: PayloadDefect.repeatedMember("data.\(first)")) {
                try field([.member("n1")], in: "{\(members),\"\(first)\":1,\"\(second)\":1}")
            }
        }
    }
}
