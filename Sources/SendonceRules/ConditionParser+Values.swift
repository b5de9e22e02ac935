// The values of a condition: literals, lists, functions and fields.
import SendonceCore

extension ConditionParser {
    mutating func postfix() throws(TextMistake) -> Part {
        let base = try primary()
        return try methods(base)
    }

    mutating func methods(_ base: Part) throws(TextMistake) -> Part {
        var part = base
        while stands(".") {
            step()
            guard case .name(let name) = token.kind else {
                throw TextMistake("a name is missing after \".\"", at: token.offset)
            }
            part = try call(name, on: part)
        }
        if stands("[") {
            throw TextMistake("an index belongs to a field, as in data.items[0]", at: token.offset)
        }
        return part
    }

    private mutating func call(_ name: String, on base: Part) throws(TextMistake) -> Part {
        let place = token.offset
        guard name == "size" || Condition.TextTest(rawValue: name) != nil else {
            throw ConditionParser.unknownFunction(name, at: place, known: ConditionParser.methodNames)
        }
        step()
        try expect("(")
        if name == "size" {
            try expect(")")
            return try size(of: base, at: base.offset)
        }
        let argument = try or()
        try expect(")")
        guard let test = Condition.TextTest(rawValue: name) else { throw unexpected() }
        for part in [base, argument] where !part.type.isOr(.string) {
            throw TextMistake("\"\(name)\" is asked of texts, this is \(part.type.words)", at: part.offset)
        }
        return Part(
            condition: .text(test, base.condition, argument.condition), type: .bool, offset: base.offset)
    }

    private static let methodNames = ["size", "startsWith", "endsWith", "contains"]

    private func size(of part: Part, at offset: Int) throws(TextMistake) -> Part {
        switch part.type {
        case .string, .dynamic, .list: break
        default:
            throw TextMistake("\"size\" counts a text or a list, this is \(part.type.words)", at: part.offset)
        }
        return Part(condition: .size(part.condition), type: .number, offset: offset)
    }

    private static func unknownFunction(_ name: String, at offset: Int, known: [String]) -> TextMistake {
        if name == "matches" {
            return TextMistake(
                "\"matches\" is not in the subset: it has no regular expressions; use contains",
                at: offset)
        }
        if ["all", "exists", "exists_one", "map", "filter"].contains(name) {
            return TextMistake("\"\(name)\" is not in the subset: no macros that loop", at: offset)
        }
        return TextMistake(
            "\"\(name)\" is not a function of the subset", at: offset,
            suggestion: Suggestion.nearest(to: name, among: known))
    }

    private mutating func primary() throws(TextMistake) -> Part {
        let start = token.offset
        func literal(_ value: ConditionValue, _ type: ConditionType) -> Part {
            step()
            return Part(condition: .literal(value), type: type, offset: start)
        }
        switch token.kind {
        case .integer(let magnitude):
            guard let value = Int64(exactly: magnitude) else {
                throw TextMistake("the number does not fit into 64 bits", at: start)
            }
            return literal(.integer(value), .number)
        case .double(let value): return literal(.double(value), .number)
        case .string(let text): return literal(.string(Text(text)), .string)
        case .name("true"): return literal(.bool(true), .bool)
        case .name("false"): return literal(.bool(false), .bool)
        case .name("null"): return literal(.null, .null)
        case .name(let name): return try named(name)
        case .symbol("("):
            step()
            let inner = try or()
            try expect(")")
            return Part(condition: inner.condition, type: inner.type, offset: start)
        case .symbol("["): return try list()
        case .symbol, .end: throw unexpected()
        }
    }

    private mutating func list() throws(TextMistake) -> Part {
        let start = token.offset
        step()
        var items: [Part] = []
        while !stands("]") || !items.isEmpty {
            items.append(try or())
            guard take(",") else { break }
        }
        try expect("]")
        return Part(condition: .list(items.map(\.condition)), type: .list(items.map(\.type)), offset: start)
    }

    private mutating func named(_ name: String) throws(TextMistake) -> Part {
        let start = token.offset
        let isCall = tokens[min(index + 1, tokens.count - 1)].kind == .symbol("(")
        guard isCall else {
            if ["and", "or", "not", "AND", "OR", "NOT", "in"].contains(name) { throw unexpected() }
            return try field().part(reference)
        }
        guard name == "has" || name == "size" else {
            throw ConditionParser.unknownFunction(name, at: start, known: ["has", "size"])
        }
        step()
        step()
        guard name == "has" else {
            let argument = try or()
            try expect(")")
            return try size(of: argument, at: start)
        }
        guard case .name = token.kind else {
            throw TextMistake("\"has\" asks for a field, as in has(data.coupon)", at: token.offset)
        }
        let field = try field()
        try expect(")")
        guard field.endsWithName else {
            throw TextMistake("\"has\" asks for a member, as in has(data.coupon)", at: field.offset)
        }
        let parent = Path(field.path.root, field.path.steps.dropLast())
        return Part(
            condition: .has(reference(field.path), parent: parent.steps.isEmpty ? nil : reference(parent)),
            type: .bool, offset: start)
    }

    // MARK: - Fields

    private struct Field {
        var path: Path
        var offset: Int
        /// Whether the last step is `.name`, which is all that `has` takes.
        var endsWithName: Bool

        func part(_ reference: (Path) -> FieldReference) -> Part {
            Part(
                condition: .field(reference(path)), type: path.root == .data ? .dynamic : .string,
                offset: offset)
        }
    }

    private mutating func field() throws(TextMistake) -> Field {
        let start = token.offset
        guard case .name(let name) = token.kind else { throw unexpected() }
        guard let root = Path.Root(rawValue: name), root != .recipient else {
            if name == "recipient" {
                throw TextMistake(
                    "the recipient is not known yet here; use the path that \"to\" names", at: start)
            }
            let known = Path.Root.allCases.map(\.rawValue).filter { $0 != "recipient" }
            throw TextMistake(
                "a field starts with \(known.joined(separator: ", ")), not with \"\(name)\"", at: start,
                suggestion: suggestion(root: name))
        }
        step()
        var field = Field(path: Path(root), offset: start, endsWithName: false)
        while let (step, isName) = try fieldStep() {
            guard root == .data else { throw TextMistake("\"\(name)\" is a single text", at: start) }
            guard field.path.steps.count < Limits.pathSteps else {
                throw TextMistake("a path has at most \(Limits.pathSteps) steps", at: start)
            }
            field.path.steps.append(step)
            field.endsWithName = isName
        }
        return field
    }

    /// What was meant by a field with an unknown first name, as far as plain names go.
    private func suggestion(root name: String) -> String? {
        var rest = ""
        var place = index + 1
        while place + 1 < tokens.count, tokens[place].kind == .symbol("."),
            case .name(let next) = tokens[place + 1].kind
        {
            rest += "." + next
            place += 2
        }
        if tokens[place].kind == .symbol("(") { return nil }
        return PathText.suggestion(root: name, rest: rest)
    }

    /// The next step of a field, or nil at its end. A method call is no step.
    private mutating func fieldStep() throws(TextMistake) -> (Path.Step, isName: Bool)? {
        let next = tokens[min(index + 1, tokens.count - 1)]
        if stands("."), case .name(let name) = next.kind {
            let afterNext = tokens[min(index + 2, tokens.count - 1)]
            if afterNext.kind == .symbol("(") { return nil }
            guard !["in", "true", "false", "null"].contains(name) else {
                throw TextMistake("\"\(name)\" is a word of CEL; write [\"\(name)\"]", at: next.offset)
            }
            step()
            step()
            return (.member(Text(name)), true)
        }
        guard stands("[") else { return nil }
        step()
        let result: Path.Step
        switch token.kind {
        case .string(let name): result = .member(Text(name))
        case .integer(let value) where value < 1_000_000: result = .index(Int(value))
        case .symbol("-"): throw TextMistake("CEL counts from the start of a list only", at: token.offset)
        default: throw TextMistake("in brackets stands an index or a quoted name", at: token.offset)
        }
        step()
        try expect("]")
        return (result, false)
    }
}
