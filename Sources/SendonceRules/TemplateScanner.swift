// The tags of a Mustache file. Rendering is another module's; this one only finds out what a template needs,
// and refuses what would make that unknowable: partials, inheritance, lambdas, other delimiters.
import SendonceCore

/// A tag with its place, and what stands inside it.
indirect enum TemplateTag {
    /// `{{a.b}}`, `{{{a.b}}}`, `{{&a.b}}`; `{{.}}` has no names.
    case variable([Text], Place)
    case section([Text], [TemplateTag], Place)
    case inverted([Text], [TemplateTag], Place)
}

/// Scans one template file and goes on after a mistake.
struct TemplateScanner {
    struct Finding {
        var place: Place
        var mistake: TextMistake
    }

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var place = Place(line: 1, column: 1)
    private var findings: [Finding] = []
    private var open: [Open] = []
    private var tags: [TemplateTag] = []

    /// A section whose end was not found yet, and the tags that stood before it.
    private struct Open {
        var names: [Text]
        var isInverted: Bool
        var place: Place
        var before: [TemplateTag]
    }

    static func scan(_ text: String) -> (tags: [TemplateTag], findings: [Finding]) {
        var scanner = TemplateScanner(scalars: Array(text.unicodeScalars))
        scanner.scan()
        return (scanner.tags, scanner.findings)
    }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    private mutating func refuse(_ message: String, at place: Place, suggestion: String? = nil) {
        findings.append(Finding(place: place, mistake: TextMistake(message, suggestion: suggestion)))
    }

    private mutating func advance(_ count: Int) {
        for _ in 0..<count where index < scalars.count {
            if scalars[index] == "\n" {
                place = Place(line: place.line + 1, column: 1)
            } else {
                place.column += 1
            }
            index += 1
        }
    }

    private func stands(_ text: String, at start: Int) -> Bool {
        start <= scalars.count && scalars[start...].starts(with: text.unicodeScalars)
    }

    private mutating func scan() {
        while index < scalars.count {
            if stands("{{", at: index) { tag() } else { advance(1) }
        }
        while let unclosed = open.popLast() {
            refuse(
                "the section \"\(TemplateScanner.joined(unclosed.names))\" is not closed", at: unclosed.place)
            tags = unclosed.before
        }
    }

    private mutating func tag() {
        let start = place
        let isTriple = stands("{{{", at: index)
        let end = isTriple ? "}}}" : "}}"
        let from = index + end.unicodeScalars.count
        var to = from
        while to < scalars.count, !stands(end, at: to), !stands("{{", at: to) { to += 1 }
        guard to < scalars.count, stands(end, at: to) else {
            refuse("the tag is not closed with \"\(end)\"", at: start)
            advance(end.unicodeScalars.count)
            return
        }
        let content = Array(scalars[from..<to])
        advance(to - index + end.unicodeScalars.count)
        if isTriple { return variable(content, at: start) }
        switch content.first {
        case "!": return
        case "&": variable(Array(content.dropFirst()), at: start)
        case "#", "^": section(Array(content.dropFirst()), isInverted: content.first == "^", at: start)
        case "/": close(Array(content.dropFirst()), at: start)
        case ">": refuse("a partial; a template is whole in its file", at: start)
        case "<", "$": refuse("template inheritance; a template is whole in its file", at: start)
        case "=": refuse("other delimiters; a template keeps {{ and }}", at: start)
        case "%": refuse("a pragma; escaping follows from the file's name", at: start)
        default: variable(content, at: start)
        }
    }

    private mutating func variable(_ content: [Unicode.Scalar], at place: Place) {
        if let names = names(content, at: place) { tags.append(.variable(names, place)) }
    }

    private mutating func section(_ content: [Unicode.Scalar], isInverted: Bool, at place: Place) {
        if open.count >= Limits.templateDepth {
            return refuse("more than \(Limits.templateDepth) sections within each other", at: place)
        }
        // A section with a bad name is still opened, so that its end is not a second mistake.
        let names = names(content, at: place) ?? [Text(TemplateScanner.trimmed(content))]
        open.append(Open(names: names, isInverted: isInverted, place: place, before: tags))
        tags = []
    }

    private mutating func close(_ content: [Unicode.Scalar], at place: Place) {
        let name = TemplateScanner.trimmed(content)
        guard let last = open.popLast() else {
            return refuse("\"\(name)\" is closed but was not opened", at: place)
        }
        let expected = TemplateScanner.joined(last.names)
        if !expected.utf8.elementsEqual(name.utf8) {
            refuse(
                "\"\(name)\" is closed where \"\(expected)\" of line \(last.place.line) is open", at: place,
                suggestion: "{{/\(expected)}}")
        }
        let inner = tags
        tags = last.before
        tags.append(
            last.isInverted
                ? .inverted(last.names, inner, last.place) : .section(last.names, inner, last.place))
    }

    /// The dotted names; nil, with the mistake recorded, if they are none.
    private mutating func names(_ content: [Unicode.Scalar], at place: Place) -> [Text]? {
        let name = TemplateScanner.trimmed(content)
        if name == "." { return [] }
        guard !name.isEmpty else {
            refuse("a tag without a name", at: place)
            return nil
        }
        if name.utf8.contains(0x28) {
            refuse("a transform or a call; compute the value where the event is written", at: place)
            return nil
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for part in parts {
            guard part.unicodeScalars.allSatisfy(TemplateScanner.isNameScalar), !part.isEmpty else {
                refuse(
                    "\"\(name)\" is not a name: letters, digits, \"_\" and \"-\", with dots between",
                    at: place)
                return nil
            }
            guard !part.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                refuse("Mustache has no indices; open a section on the list", at: place)
                return nil
            }
        }
        return parts.map { Text($0) }
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: scalar.value >= 0xA0 && !scalar.properties.isWhitespace
        }
    }

    private static func trimmed(_ content: [Unicode.Scalar]) -> String {
        let isBlank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
        let start = content.firstIndex { !isBlank($0) } ?? content.endIndex
        let end = content.lastIndex { !isBlank($0) } ?? content.startIndex
        return start > end || start == content.endIndex
            ? "" : String(String.UnicodeScalarView(content[start...end]))
    }

    static func joined(_ names: [Text]) -> String {
        names.isEmpty ? "." : names.map(\.string).joined(separator: ".")
    }
}
