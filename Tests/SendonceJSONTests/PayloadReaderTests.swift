// What a rule gets to see of a payload: values by path, in their slots.

import SendonceCore
import SendonceJSON
import Testing

/// Reads one path out of a payload.
func field(_ steps: [Path.Step], in payload: String) throws(PayloadDefect) -> JSONValue? {
    let reader = PayloadReader(paths: [Path(.data, steps)])
    var fields = Fields(count: 1)
    try reader.read(Array(payload.utf8), slots: [0], into: &fields)
    return fields.values[0]
}

@Suite struct PayloadReaderTests {
    @Test("Every kind of value is found by its path and keeps its text")
    func kinds() throws {
        let payload = #"""
            { "null": null, "yes": true, "no": false, "count": 42, "price": 9.50, "name": "Ann",
              "list": [1, "two", [ ], { }], "deep": {"er": {"b": 1, "a": {"x": null}}} }
            """#
        #expect(try field([.member("null")], in: payload) == .null)
        #expect(try field([.member("yes")], in: payload) == .bool(true))
        #expect(try field([.member("no")], in: payload) == .bool(false))
        #expect(try field([.member("count")], in: payload) == .integer("42"))
        #expect(try field([.member("price")], in: payload) == .number("9.50"))
        #expect(try field([.member("name")], in: payload) == .string("Ann"))
        #expect(
            try field([.member("list")], in: payload)
                == .array([.integer("1"), .string("two"), .array([]), .object([])]))
        #expect(
            try field([.member("deep"), .member("er")], in: payload)
                == .object([
                    JSONMember("b", .integer("1")), JSONMember("a", .object([JSONMember("x", .null)])),
                ]))
    }

    @Test("A path without steps selects the whole payload")
    func wholePayload() throws {
        #expect(try field([], in: #" {"a":1} "#) == .object([JSONMember("a", .integer("1"))]))
        #expect(try field([], in: "{}") == .object([]))
    }

    @Test("A path that leads nowhere finds nothing and is no defect")
    func absence() throws {
        let payload = #"{"text":"x","list":[1,2,3],"object":{"0":"zero"},"empty":[]}"#
        let absent: [[Path.Step]] = [
            [.member("missing")], [.member("Text")], [.member("text"), .member("x")],
            [.member("text"), .index(0)],
            [.member("list"), .index(3)], [.member("list"), .index(-4)], [.member("list"), .member("0")],
            [.member("object"), .index(0)], [.member("empty"), .index(0)], [.member("empty"), .index(-1)],
            [.index(0)], [.member("")], [.member("list"), .index(.max)], [.member("list"), .index(.min)],
        ]
        for steps in absent {
            #expect(try field(steps, in: payload) == nil, "\(Path(.data, steps))")
        }
    }

    @Test("Indexes count from 0, negative ones from the end", arguments: -3...2)
    func indexes(index: Int) throws {
        let payload = #"{"items":[{"sku":["A,]"]},{"sku":{"x":[1,2]}},{"sku":"C"}]}"#
        let expected: [JSONValue] = [
            .array([.string("A,]")]), .object([JSONMember("x", .array([.integer("1"), .integer("2")]))]),
            .string("C"),
        ]
        let steps: [Path.Step] = [.member("items"), .index(index), .member("sku")]
        #expect(try field(steps, in: payload) == expected[index < 0 ? index + 3 : index])
    }

    @Test("Only the slots asked for are filled, the others are left as they were")
    func slots() throws {
        let reader = PayloadReader(paths: [
            Path(.data, [.member("a")]), Path(.data, [.member("b")]), Path(.data, [.member("c")]),
        ])
        var fields = Fields(count: 3)
        fields.values = [.string("old"), .string("old"), .string("old")]
        try reader.read(Array(#"{"a":1,"b":2}"#.utf8), slots: [2, 1], into: &fields)
        #expect(fields.values == [.string("old"), .integer("2"), nil])
        try reader.read(Array("{}".utf8), slots: [], into: &fields)
        #expect(fields.values == [.string("old"), .integer("2"), nil])
    }

    @Test("A payload that is refused changes no slot, and the reader goes on with the next one")
    func refusalLeavesSlots() throws {
        let reader = PayloadReader(paths: [Path(.data, [.member("a")])])
        var fields = Fields(count: 1)
        fields.values[0] = .string("old")
        #expect(throws: PayloadDefect.self) {
            try reader.read(Array(#"{"a":1}x"#.utf8), slots: [0], into: &fields)
        }
        #expect(fields.values == [.string("old")])
        try reader.read(Array(#"{"a":2}"#.utf8), slots: [0], into: &fields)
        #expect(fields.values == [.integer("2")])
    }

    @Test("Paths that share steps, or select inside what another selects, each get their value")
    func overlappingPaths() throws {
        let reader = PayloadReader(paths: [
            Path(.data, [.member("a"), .member("b")]), Path(.data, [.member("a")]),
            Path(.data, [.member("a"), .member("b")]), Path(.data, [.member("a"), .member("c"), .index(-1)]),
        ])
        var fields = Fields(count: 4)
        try reader.read(Array(#"{"a":{"c":[1,2],"b":"x"}}"#.utf8), slots: [0, 1, 2, 3], into: &fields)
        let whole = JSONValue.object([
            JSONMember("c", .array([.integer("1"), .integer("2")])), JSONMember("b", .string("x")),
        ])
        #expect(fields.values == [.string("x"), whole, .string("x"), .integer("2")])
    }

    @Test("What was read stays as it is when the reader reads the next payload")
    func valuesOutliveTheParser() throws {
        let reader = PayloadReader(paths: [Path(.data, [.member("a")])])
        var first = Fields(count: 1)
        try reader.read(Array(#"{"a":"a text longer than fifteen bytes \n"}"#.utf8), slots: [0], into: &first)
        var second = Fields(count: 1)
        try reader.read(
            Array(#"{"a":"another one, of the same length  \t"}"#.utf8), slots: [0], into: &second)
        #expect(first.values == [.string("a text longer than fifteen bytes \n")])
    }

    @Test("A document may be of any kind, and is read whole")
    func documents() throws {
        #expect(try PayloadReader.document(Array("[1,{}]".utf8)) == .array([.integer("1"), .object([])]))
        #expect(try PayloadReader.document(Array(" null ".utf8)) == .null)
        #expect(try PayloadReader.document(Array("-1.5e3".utf8)) == .number("-1.5e3"))
        #expect(throws: PayloadDefect.self) { try PayloadReader.document(Array("1 2".utf8)) }
    }
}
