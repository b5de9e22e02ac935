// Conditions: the table that another CEL implementation agrees with, and what it cannot show.
import Foundation
import SendonceCore
import Testing

@testable import SendonceRules

/// A row of `fixtures/conditions/cases.json`.
struct ConditionCase: CustomTestStringConvertible, Sendable {
    var when: String
    var data: JSONValue
    var expected: String

    var testDescription: String { when }

    static let table: [ConditionCase] = (try? read()) ?? []

    private static func read() throws -> [ConditionCase] {
        // JSON is YAML, and our own reader keeps 10 and 10.0 apart, which Foundation's does not.
        var mistakes: [RuleMistake] = []
        let node = DocumentReader.read(
            try Fixtures.bytes("fixtures/conditions/cases.json"), file: "cases.json", mistakes: &mistakes)
        let table = try value(#require(node))
        let payloads = try #require(table.member("payloads"))
        return try ["cases", "differs"].flatMap { list in
            guard case .array(let rows) = try #require(table.member(Text(list))) else {
                return [ConditionCase]()
            }
            return try rows.map { row in
                guard case .string(let when) = try #require(row.member("when")),
                    case .string(let expected) = try #require(row.member("expect"))
                else { throw CocoaError(.coderInvalidValue) }
                var data = try #require(row.member("data"))
                if case .string(let name) = data { data = try #require(payloads.member(name)) }
                return ConditionCase(when: when.string, data: data, expected: expected.string)
            }
        }
    }

    private static func value(_ node: DocumentNode) throws -> JSONValue {
        switch node {
        case .scalar(let scalar): try ScalarValue.value(of: scalar)
        case .list(let nodes, _): .array(try nodes.map(value))
        case .mapping(let members, _):
            .object(try members.map { JSONMember(Text($0.name), try value($0.value)) })
        case .refused: throw CocoaError(.coderInvalidValue)
        }
    }
}

/// What a path finds in a payload.
func lookUp(_ path: Path, in data: JSONValue) -> JSONValue? {
    path.steps.reduce(data as JSONValue?) { value, step in
        switch (value, step) {
        case (.object?, .member(let name)): return value?.member(name)
        case (.array(let elements)?, .index(let index)):
            let place = index < 0 ? elements.count + index : index
            return elements.indices.contains(place) ? elements[place] : nil
        default: return nil
        }
    }
}

@Suite("Conditions")
struct ConditionTests {
    private func holds(_ when: String, _ a: JSONValue, _ b: JSONValue) throws -> Bool {
        let condition = try ConditionParser.parse(when) { FieldReference(path: $0, slot: 0) }
        let data = JSONValue.object([JSONMember("a", a), JSONMember("b", b)])
        return try condition.holds { lookUp($0.path, in: data) }.get()
    }

    @Test("A text stands in another where it does, whatever repeats in both")
    func contains() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3_000 {
            func text(_ lengths: ClosedRange<Int>) -> String {
                String((0..<Int.random(in: lengths, using: &random)).map { _ in "ab".randomElement() ?? "a" })
            }
            let (whole, part) = (text(0...12), text(0...5))
            let stands = part.isEmpty || (0...whole.count).contains { whole.dropFirst($0).hasPrefix(part) }
            let answer = try holds("data.a.contains(data.b)", .string(Text(whole)), .string(Text(part)))
            #expect(answer == stands, "\(part) in \(whole)")
        }
    }

    @Test("No payload makes a comparison last: it is made while the log waits", .timeLimit(.minutes(5)))
    func large() throws {
        let whole = String(repeating: "a", count: 600_000)
        let part = String(repeating: "a", count: 300_000) + "b"
        #expect(try !holds("data.a.contains(data.b)", .string(Text(whole)), .string(Text(part))))
        let members = (0..<60_000).map { JSONMember(Text("\($0)"), .bool(true)) }
        #expect(try holds("data.a == data.b", .object(members), .object(members.reversed())))
    }

    @Test("A condition answers as CEL does", arguments: ConditionCase.table)
    func table(row: ConditionCase) throws {
        let condition = try ConditionParser.parse(row.when) { FieldReference(path: $0, slot: 0) }
        let answer: String
        switch condition.holds({ lookUp($0.path, in: row.data) }) {
        case .success(let value): answer = value ? "true" : "false"
        case .failure: answer = "error"
        }
        #expect(answer == row.expected)
    }

    @Test("The table has at least 120 rows that cel-python agrees with")
    func size() throws {
        #expect(ConditionCase.table.count >= 140)
    }

    @Test("cel-python, which we did not write, gives the same answers for the same table")
    func otherImplementation() throws {
        try expectSuccess(
            "fixtures/conditions/check_with_cel.py", [Fixtures.path("fixtures/conditions/cases.json")])
    }

    @Test("A condition printed and parsed again is the same condition", arguments: ConditionCase.table)
    func text(row: ConditionCase) throws {
        let condition = try ConditionParser.parse(row.when) { FieldReference(path: $0, slot: 0) }
        #expect(try ConditionParser.parse(condition.text) { FieldReference(path: $0, slot: 0) } == condition)
    }

    @Test(
        "An error names the field",
        arguments: [
            ("data.a == 1", "data.a is missing"),
            ("data.name > 1", "a text cannot be compared with a number"),
            ("data.name", "data.name is not true or false"), ("has(data.a.b)", "data.a is missing"),
            ("has(data.name.b)", "data.name has no members"),
            ("data.huge > 0", "data.huge holds a number beyond 64 bits"),
            ("data.name && data.missing", "data.name is not true or false"),
            ("size(data.one) == 1", "data.one has no size"),
            ("-data.name == 1", "data.name is not a number"), ("subject == \"a\"", "subject is missing"),
        ])
    func errors(when: String, words: String) throws {
        let data = JSONValue.object([
            JSONMember("name", .string("x")), JSONMember("one", .integer("1")),
            JSONMember("huge", .integer("123456789012345678901")),
        ])
        let condition = try ConditionParser.parse(when) { FieldReference(path: $0, slot: 0) }
        #expect(
            condition.holds { $0.path.root == .data ? lookUp($0.path, in: data) : nil }
                == .failure(ConditionError(words)))
    }

    @Test("The longest condition that is accepted is evaluated")
    func long() throws {
        let when = Array(repeating: "data.a", count: 409).joined(separator: "||")
        let condition = try ConditionParser.parse(when) { FieldReference(path: $0, slot: 0) }
        #expect(condition.holds { _ in .bool(false) } == .success(false))
        #expect(throws: TextMistake.self) {
            try ConditionParser.parse(when + "||" + when) { FieldReference(path: $0, slot: 0) }
        }
    }

    @Test("The projector asks the condition of the event's own fields")
    func projector() throws {
        let rules = try parse(ruleFile("when: data.total > 5 && type == \"order.placed\"")).ruleSet
        func reason(_ total: JSONValue?) -> [Reason] {
            var fields = Fields(count: rules.payloadPaths.count)
            for (slot, path) in rules.payloadPaths.enumerated() {
                switch path.description {
                case "data.total": fields.values[slot] = total
                case "data.email": fields.values[slot] = .string("a@x.test")
                default: fields.values[slot] = .integer("1")
                }
            }
            let event = Event(type: "order.placed", payload: [], occurredAt: Timestamp(microseconds: 0))
            return Projector.draft(event, at: 1, fields: .success(fields), under: rules).map { draft in
                if case .decided(let reason) = draft.kind { return reason }
                return .emitted
            }
        }
        #expect(reason(.integer("6")) == [.emitted])
        #expect(reason(.number("5.5")) == [.emitted])
        #expect(reason(.integer("5")) == [.conditionFalse(detail: nil)])
        #expect(reason(nil) == [.conditionFalse(detail: "data.total is missing")])
    }
}
