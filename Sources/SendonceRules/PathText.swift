// Paths as rules write them, with an error at the very character.
package import SendonceCore

/// Parses the singular-query subset of RFC 9535, dotted, with an optional `$.`:
///
///     path  = [ "$." ] root *( "." name / "[" index "]" / "[" string "]" )
///     root  = "data" / "recipient" / "type" / "subject" / "source" / "id"
///     name  = ( letter / "_" / non-ASCII ) *( letter / "_" / digit / non-ASCII )
///     index = "0" / [ "-" ] digit1 *digit
///
/// Strings are written as in RFC 9535, 2.3.1.2. Whatever could select more than one value is refused.
package struct PathText {
    private let scalars: [Unicode.Scalar]
    private var offset = 0

    private init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    /// The path; nil if the text is none. For callers that only want to know: a person asking why, a test.
    package static func path(_ text: String) -> Path? {
        try? parse(text)
    }

    static func parse(_ text: String) throws(TextMistake) -> Path {
        var parser = PathText(text)
        return try parser.parse()
    }

    private mutating func parse() throws(TextMistake) -> Path {
        guard !scalars.isEmpty else { throw TextMistake("a path is missing") }
        if peek == "$" {
            offset += 1
            guard peek == "." else {
                throw TextMistake("\"$\" is followed by \".\" and a name, as in $.data.order_id", at: offset)
            }
            offset += 1
        }
        let root = try root()
        var steps: [Path.Step] = []
        while let next = peek {
            let start = offset
            let step: Path.Step
            switch next {
            case ".": step = try member(root: root)
            case "[": step = try bracket()
            default: throw unexpected(next)
            }
            guard root == .data else {
                throw TextMistake("\"\(root.rawValue)\" is a single text and has no members", at: start)
            }
            guard steps.count < Limits.pathSteps else {
                throw TextMistake("a path has at most \(Limits.pathSteps) steps", at: start)
            }
            steps.append(step)
        }
        return Path(root, steps)
    }

    private var peek: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

    private func text(_ range: Range<Int>) -> String {
        String(String.UnicodeScalarView(scalars[range]))
    }

    private mutating func root() throws(TextMistake) -> Path.Root {
        let start = offset
        let name = name()
        guard !name.isEmpty else {
            throw TextMistake("a path starts with a name: \(PathText.rootWords)", at: start)
        }
        if let root = Path.Root(rawValue: name) { return root }
        if scalars.contains("@") {
            throw TextMistake(
                "a path is expected here, not an address; write where the event holds it", at: start)
        }
        throw TextMistake(
            "a path starts with \(PathText.rootWords), not with \"\(name)\"", at: start,
            suggestion: PathText.suggestion(root: name, rest: text(offset..<scalars.count)))
    }

    static let rootWords = "data, recipient, type, subject, source or id"

    /// What was meant by a path that starts with an unknown name.
    static func suggestion(root name: String, rest: String) -> String? {
        let near = Path.Root.allCases.first { root in
            let distance = Suggestion.distance(Array(name.utf8), Array(root.rawValue.utf8))
            return distance <= 1 && root.rawValue.utf8.count > 2 && (root == .data || rest.isEmpty)
        }
        var candidate = near.map { $0.rawValue + rest } ?? "data.\(name)\(rest)"
        // What other tools call the payload.
        if near == nil, ["payload", "event", "body", "message"].contains(name), rest.hasPrefix(".") {
            candidate = rest.hasPrefix(".data.") ? String(rest.dropFirst()) : "data" + rest
        }
        return path(candidate) == nil ? nil : candidate
    }

    /// What may stand here of a name; possibly nothing.
    private mutating func name() -> String {
        let start = offset
        while let next = peek, PathText.isNameScalar(next), offset > start || !PathText.isDigit(next) {
            offset += 1
        }
        return text(start..<offset)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: scalar.value >= 0x80 && !scalar.properties.isWhitespace
        }
    }

    private mutating func member(root: Path.Root) throws(TextMistake) -> Path.Step {
        offset += 1
        switch peek {
        case ".": throw TextMistake("\"..\" may select several values; write the whole path", at: offset - 1)
        case "*": throw several(at: offset - 1)
        case nil: throw TextMistake("a name is missing after \".\"", at: offset)
        default: break
        }
        let start = offset
        let name = name()
        // A name that goes on with something else, such as a hyphen, was meant as one name in brackets.
        var end = offset
        while end < scalars.count, scalars[end] != ".", scalars[end] != "[" { end += 1 }
        guard !name.isEmpty, end == offset else {
            let whole = text(start..<end)
            let quoted =
                text(0..<(start - 1)) + "[" + JSONValue.quoted(whole) + "]" + text(end..<scalars.count)
            let meant = whole.isEmpty ? nil : PathText.path(quoted).map { _ in quoted }
            throw TextMistake(
                "a name after \".\" has letters, digits and \"_\" and no digit first; others stand in brackets",
                at: name.isEmpty ? start : offset, suggestion: meant)
        }
        return .member(Text(name))
    }

    private mutating func bracket() throws(TextMistake) -> Path.Step {
        let start = offset
        offset += 1
        let step: Path.Step
        switch peek {
        case "*": throw several(at: start)
        case "?": throw TextMistake("a filter may select several values; write an index", at: start)
        case "\"", "'": step = .member(Text(try string()))
        case .some(let next) where next == "-" || PathText.isDigit(next): step = .index(try index())
        default:
            throw TextMistake("in brackets stands an index or a quoted name", at: offset)
        }
        switch peek {
        case "]":
            offset += 1
            return step
        case ",", ":":
            throw TextMistake("this may select several values; write one index or one name", at: offset)
        default: throw TextMistake("\"]\" is missing", at: offset)
        }
    }

    private func several(at place: Int) -> TextMistake {
        let list = text(0..<place)
        return TextMistake(
            "\"*\" selects several values; write the path of the list itself, and for `to` put recipient into"
                + " once_per", at: place, suggestion: PathText.path(list)?.steps.isEmpty == false ? list : nil
        )
    }

    private func unexpected(_ scalar: Unicode.Scalar) -> TextMistake {
        if scalar.properties.isWhitespace { return TextMistake("a path has no blanks", at: offset) }
        return TextMistake("\"\(scalar)\" cannot stand here in a path", at: offset)
    }

    private mutating func index() throws(TextMistake) -> Int {
        let start = offset
        if peek == "-" { offset += 1 }
        let digits = offset
        while let next = peek, PathText.isDigit(next) { offset += 1 }
        let isPlain = scalars[digits..<offset].first != "0" || text(start..<offset) == "0"
        guard offset > digits, isPlain, let value = Int(text(start..<offset)), abs(value) < 1_000_000 else {
            throw TextMistake("not an index", at: start)
        }
        return value
    }

    private mutating func string() throws(TextMistake) -> String {
        let start = offset
        let quote = scalars[offset]
        var result = String.UnicodeScalarView()
        offset += 1
        while let next = peek {
            offset += 1
            if next == quote { return String(result) }
            guard next.value >= 0x20 else {
                throw TextMistake("a control character in a name", at: offset - 1)
            }
            result.append(next == "\\" ? try escaped(quote: quote) : next)
        }
        throw TextMistake("the quoted name does not end", at: start)
    }

    private mutating func escaped(quote: Unicode.Scalar) throws(TextMistake) -> Unicode.Scalar {
        let start = offset - 1
        guard let next = peek else { throw TextMistake("the quoted name does not end", at: start) }
        offset += 1
        switch next {
        case "b": return "\u{8}"
        case "t": return "\t"
        case "n": return "\n"
        case "f": return "\u{C}"
        case "r": return "\r"
        case "/", "\\", quote: return next
        case "u":
            guard let high = hexadecimal() else { break }
            if let scalar = Unicode.Scalar(high) { return scalar }
            guard (0xD800..<0xDC00).contains(high), peek == "\\" else { break }
            offset += 1
            guard peek == "u" else { break }
            offset += 1
            guard let low = hexadecimal(), (0xDC00..<0xE000).contains(low) else { break }
            if let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) { return scalar }
        default: break
        }
        throw TextMistake("not an escape that RFC 9535 knows", at: start)
    }

    private mutating func hexadecimal() -> UInt32? {
        guard offset + 4 <= scalars.count else { return nil }
        let digits = text(offset..<(offset + 4))
        guard digits.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }), let value = UInt32(digits, radix: 16)
        else {
            return nil
        }
        offset += 4
        return value
    }
}
