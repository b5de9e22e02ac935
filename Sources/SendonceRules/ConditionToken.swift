// The words of a `when`, with their places.

/// A token of the CEL subset.
struct ConditionToken: Equatable {
    enum Kind: Equatable {
        /// The number without a sign: a minus is an operator, as in CEL.
        case integer(UInt64)
        case double(Double)
        case string(String)
        case name(String)
        case symbol(String)
        case end
    }

    var kind: Kind
    /// Counted in Unicode scalars from 0.
    var offset: Int

    /// As a person would point at it.
    var words: String {
        switch kind {
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string: "a text"
        case .name(let name), .symbol(let name): "\"\(name)\""
        case .end: "the end"
        }
    }
}

/// Splits a condition into tokens.
struct ConditionLexer {
    private let scalars: [Unicode.Scalar]
    private var offset = 0

    static func tokens(_ text: String) throws(TextMistake) -> [ConditionToken] {
        var lexer = ConditionLexer(scalars: Array(text.unicodeScalars))
        var tokens: [ConditionToken] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
        offset + ahead < scalars.count ? scalars[offset + ahead] : nil
    }

    private func text(from start: Int) -> String {
        String(String.UnicodeScalarView(scalars[start..<offset]))
    }

    private static func isDigit(_ scalar: Unicode.Scalar?) -> Bool {
        scalar.map { ("0"..."9").contains($0) } ?? false
    }

    private static func isLetter(_ scalar: Unicode.Scalar?) -> Bool {
        switch scalar {
        case .some("a"..."z"), .some("A"..."Z"), .some("_"): true
        default: false
        }
    }

    private mutating func next() throws(TextMistake) -> ConditionToken {
        while let blank = peek(),
            blank == " " || blank == "\t" || blank == "\n" || blank == "\r" || blank == "\u{C}"
        {
            offset += 1
        }
        let start = offset
        guard let first = peek() else { return ConditionToken(kind: .end, offset: start) }
        if ConditionLexer.isDigit(first) || first == "." && ConditionLexer.isDigit(peek(1)) {
            return ConditionToken(kind: try number(), offset: start)
        }
        if ConditionLexer.isLetter(first) {
            while ConditionLexer.isLetter(peek()) || ConditionLexer.isDigit(peek()) { offset += 1 }
            let name = text(from: start)
            if peek() == "\"" || peek() == "'", ["r", "R", "b", "B", "rb", "br"].contains(name) {
                throw TextMistake(
                    "raw texts and bytes are not in the subset; write a text in quotes", at: start)
            }
            return ConditionToken(kind: .name(name), offset: start)
        }
        if first == "\"" || first == "'" { return ConditionToken(kind: .string(try string()), offset: start) }
        for symbol in ["&&", "||", "==", "!=", "<=", ">="] {
            let pair = Array(symbol.unicodeScalars)
            if first == pair[0], peek(1) == pair[1] {
                offset += 2
                return ConditionToken(kind: .symbol(symbol), offset: start)
            }
        }
        try refuseForeign(first)
        offset += 1
        return ConditionToken(kind: .symbol(String(first)), offset: start)
    }

    /// What people write from habit in other languages.
    private func refuseForeign(_ first: Unicode.Scalar) throws(TextMistake) {
        switch first {
        case "=": throw TextMistake("\"=\" compares nothing", at: offset, suggestion: "==")
        case "&": throw TextMistake("\"&\" is not in the subset", at: offset, suggestion: "&&")
        case "|": throw TextMistake("\"|\" is not in the subset", at: offset, suggestion: "||")
        case "/" where peek(1) == "/":
            throw TextMistake(
                "a comment cannot stand in a condition; YAML's # can stand behind it", at: offset)
        case "+", "*", "/", "%":
            throw TextMistake(
                "arithmetic is not in the subset; put the result into the event where it is written",
                at: offset)
        case "?", ":": throw TextMistake("\"? :\" is not in the subset; use && and ||", at: offset)
        case "{", "}": throw TextMistake("maps are not in the subset", at: offset)
        case "$": throw TextMistake("a field is written without \"$.\" in a condition", at: offset)
        case "<", ">", "!", "-", "(", ")", "[", "]", ",", ".": return
        default: throw TextMistake("\"\(first)\" cannot stand here", at: offset)
        }
    }

    private mutating func number() throws(TextMistake) -> ConditionToken.Kind {
        let start = offset
        func digits(_ lexer: inout ConditionLexer) {
            while ConditionLexer.isDigit(lexer.peek()) { lexer.offset += 1 }
        }
        digits(&self)
        var isDouble = false
        if peek() == ".", ConditionLexer.isDigit(peek(1)) {
            isDouble = true
            offset += 1
            digits(&self)
        }
        if let exponent = peek(), exponent == "e" || exponent == "E" {
            let sign = peek(1) == "+" || peek(1) == "-" ? 1 : 0
            if ConditionLexer.isDigit(peek(1 + sign)) {
                isDouble = true
                offset += 1 + sign
                digits(&self)
            }
        }
        if ConditionLexer.isLetter(peek()) {
            let word =
                peek() == "u" || peek() == "U" ? "unsigned numbers are not in the subset" : "not a number"
            throw TextMistake("\(word); write decimal digits", at: start)
        }
        let text = text(from: start)
        guard isDouble else {
            guard text == "0" || !text.hasPrefix("0") else {
                throw TextMistake("a number has no leading zeros", at: start)
            }
            guard let value = UInt64(text), value <= UInt64(Int64.max) + 1 else {
                throw TextMistake("the number does not fit into 64 bits", at: start)
            }
            return .integer(value)
        }
        guard let value = Double(text.hasPrefix(".") ? "0" + text : text), value.isFinite else {
            throw TextMistake("the number is too large", at: start)
        }
        return .double(value)
    }

    private mutating func string() throws(TextMistake) -> String {
        let start = offset
        let quote = scalars[offset]
        if peek(1) == quote, peek(2) == quote {
            throw TextMistake("texts in three quotes are not in the subset", at: start)
        }
        offset += 1
        var result = String.UnicodeScalarView()
        while let scalar = peek(), scalar != "\n", scalar != "\r" {
            offset += 1
            if scalar == quote { return String(result) }
            result.append(scalar == "\\" ? try escaped() : scalar)
        }
        throw TextMistake("the text does not end", at: start)
    }

    /// CEL's escapes: `\n`, `\x41`, `\u00e9`, `\U0001F600`, `\101` and so on.
    private mutating func escaped() throws(TextMistake) -> Unicode.Scalar {
        let start = offset - 1
        let unknown = TextMistake("not an escape that CEL knows", at: start)
        guard let scalar = peek() else { throw TextMistake("the text does not end", at: start) }
        offset += 1
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{B}",
            "\\": "\\",
            "?": "?", "\"": "\"", "'": "'", "`": "`",
        ]
        if let plain = simple[scalar] { return plain }
        let (width, radix): (Int, Int)
        switch scalar {
        case "x", "X": (width, radix) = (2, 16)
        case "u": (width, radix) = (4, 16)
        case "U": (width, radix) = (8, 16)
        case "0"..."3":
            offset -= 1
            (width, radix) = (3, 8)
        default: throw unknown
        }
        let from = offset
        guard from + width <= scalars.count else { throw unknown }
        offset += width
        let digits = text(from: from)
        guard !digits.hasPrefix("+"), !digits.hasPrefix("-"), let value = UInt32(digits, radix: radix),
            let result = Unicode.Scalar(value)
        else { throw unknown }
        return result
    }
}
