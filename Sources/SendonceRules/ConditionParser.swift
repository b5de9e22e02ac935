// `when`: a typed subset of CEL (https://github.com/google/cel-spec), parsed and checked when a rule file is
// read.
import SendonceCore

/// Parses a condition. The grammar, which stands with examples in `fixtures/conditions/README.md` too:
///
///     condition  = and { "||" and }
///     and        = relation { "&&" relation }
///     relation   = unary { ( "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" ) unary }
///     unary      = postfix | "!" { "!" } postfix | "-" { "-" } postfix
///     postfix    = primary { "." method "(" [ condition ] ")" }
///     method     = "size" | "startsWith" | "endsWith" | "contains"
///     primary    = literal | field | list | "(" condition ")" | "has" "(" field ")"
///                | "size" "(" condition ")"
///     list       = "[" [ condition { "," condition } ] "]"
///     field      = root { "." name | "[" digits "]" | "[" text "]" }
///     root       = "data" | "type" | "subject" | "source" | "id"
///     literal    = integer | double | text | "true" | "false" | "null"
///
/// Left out on purpose: arithmetic (an event states facts, it does not leave them to be computed), `? :`
/// (`&&` and `||` say it), macros such as `all` and `map` (they loop), and `matches`: it needs a regular
/// expression engine, and the core has none, because replay must give the same answer for ever and every
/// engine has its own dialect and costs.
struct ConditionParser {
    let tokens: [ConditionToken]
    let reference: (Path) -> FieldReference
    var index = 0
    private var depth = 0

    /// A part of the condition, with its type and where it starts.
    struct Part {
        var condition: Condition
        var type: ConditionType
        var offset: Int
    }

    static func parse(
        _ text: String, reference: @escaping (Path) -> FieldReference
    ) throws(TextMistake) -> Condition {
        guard text.utf8.count <= Limits.conditionBytes else {
            throw TextMistake("a condition is at most \(Limits.conditionBytes) bytes")
        }
        var parser = ConditionParser(tokens: try ConditionLexer.tokens(text), reference: reference)
        let part = try parser.or()
        guard parser.token.kind == .end else { throw parser.unexpected() }
        guard part.type.isOr(.bool) else {
            throw TextMistake("a condition is true or false, this is \(part.type.words)", at: part.offset)
        }
        return part.condition
    }

    private init(tokens: [ConditionToken], reference: @escaping (Path) -> FieldReference) {
        self.tokens = tokens
        self.reference = reference
    }

    // MARK: - Tokens

    var token: ConditionToken { tokens[index] }

    func stands(_ symbol: String) -> Bool {
        token.kind == .symbol(symbol)
    }

    /// The end token stays.
    mutating func step() {
        if index < tokens.count - 1 { index += 1 }
    }

    mutating func take(_ symbol: String) -> Bool {
        guard stands(symbol) else { return false }
        step()
        return true
    }

    mutating func expect(_ symbol: String) throws(TextMistake) {
        guard take(symbol) else {
            throw TextMistake("\"\(symbol)\" is missing before \(token.words)", at: token.offset)
        }
    }

    func unexpected() -> TextMistake {
        let meant: String? =
            switch token.kind {
            case .name("and"), .name("AND"): "&&"
            case .name("or"), .name("OR"): "||"
            case .name("not"), .name("NOT"): "!"
            default: nil
            }
        if stands("-") {
            return TextMistake(
                "arithmetic is not in the subset; put the result into the event where it is written",
                at: token.offset)
        }
        return TextMistake("\(token.words) cannot stand here", at: token.offset, suggestion: meant)
    }

    // MARK: - Operators

    mutating func or() throws(TextMistake) -> Part {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Limits.conditionDepth else {
            throw TextMistake("nested more than \(Limits.conditionDepth) deep", at: token.offset)
        }
        var left = try and()
        while stands("||") {
            step()
            let right = try and()
            try require(left, "||")
            try require(right, "||")
            left = Part(condition: .or(left.condition, right.condition), type: .bool, offset: left.offset)
        }
        return left
    }

    private mutating func and() throws(TextMistake) -> Part {
        var left = try relation()
        while stands("&&") {
            step()
            let right = try relation()
            try require(left, "&&")
            try require(right, "&&")
            left = Part(condition: .and(left.condition, right.condition), type: .bool, offset: left.offset)
        }
        return left
    }

    private func require(_ part: Part, _ symbol: String) throws(TextMistake) {
        guard part.type.isOr(.bool) else {
            throw TextMistake(
                "\"\(symbol)\" joins true and false, this is \(part.type.words)", at: part.offset)
        }
    }

    private mutating func relation() throws(TextMistake) -> Part {
        var left = try unary()
        while true {
            let place = token.offset
            if token.kind == .name("in") {
                step()
                left = try contained(left, in: try unary())
            } else if case .symbol(let symbol) = token.kind,
                let comparison = Condition.Comparison(rawValue: symbol)
            {
                step()
                let right = try unary()
                let isEquality = comparison == .equal || comparison == .notEqual
                guard isEquality ? left.type.canEqual(right.type) : left.type.canOrder(right.type) else {
                    throw TextMistake(
                        "\"\(symbol)\" cannot compare \(left.type.words) with \(right.type.words)", at: place)
                }
                left = Part(
                    condition: .comparison(comparison, left.condition, right.condition), type: .bool,
                    offset: left.offset)
            } else {
                return left
            }
        }
    }

    private func contained(_ left: Part, in right: Part) throws(TextMistake) -> Part {
        switch right.type {
        case .dynamic: break
        case .list(let elements):
            guard elements.isEmpty || elements.contains(where: { left.type.canEqual($0) }) else {
                throw TextMistake("\(left.type.words) cannot be in this list", at: left.offset)
            }
        default: throw TextMistake("\"in\" looks into a list, this is \(right.type.words)", at: right.offset)
        }
        return Part(
            condition: .contained(left.condition, in: right.condition), type: .bool, offset: left.offset)
    }

    private mutating func unary() throws(TextMistake) -> Part {
        let start = token.offset
        var negations = 0
        if stands("!") {
            while take("!") { negations += 1 }
            var part = try postfix()
            guard part.type.isOr(.bool) else {
                throw TextMistake(
                    "\"!\" turns true and false around, this is \(part.type.words)", at: part.offset)
            }
            // Two cancel each other out, but a field must still be checked for being a boolean.
            for _ in 0..<(negations.isMultiple(of: 2) ? 2 : 1) {
                part = Part(condition: .not(part.condition), type: .bool, offset: start)
            }
            return part
        }
        while take("-") { negations += 1 }
        guard negations > 0 else { return try postfix() }
        // The smallest integer can only be written with its sign.
        if case .integer(let magnitude) = token.kind {
            let value = Int64(truncatingIfNeeded: negations.isMultiple(of: 2) ? magnitude : 0 &- magnitude)
            guard magnitude <= UInt64(Int64.max) || !negations.isMultiple(of: 2) else {
                throw TextMistake("the number does not fit into 64 bits", at: token.offset)
            }
            step()
            return try methods(Part(condition: .literal(.integer(value)), type: .number, offset: start))
        }
        var part = try postfix()
        guard part.type.isOr(.number) else {
            throw TextMistake("\"-\" belongs before a number, this is \(part.type.words)", at: part.offset)
        }
        for _ in 0..<(negations.isMultiple(of: 2) ? 2 : 1) {
            part = Part(condition: .negative(part.condition), type: .number, offset: start)
        }
        return part
    }
}
