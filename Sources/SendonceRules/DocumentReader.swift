// From bytes to nodes, by Yams, with everything refused that makes YAML say something other than what is read
// on the page: anchors, aliases, tags, merge keys, repeated keys, a second document.
import SendonceCore
import Yams

/// Reads one YAML (or JSON) document. Yams stops at the first repeated key; to find the others too, the key
/// is given another name in a copy of the text and the copy is read again.
struct DocumentReader {
    private let file: String
    private let original: SourceLines
    private var renamings: [Renaming] = []
    private(set) var mistakes: [RuleMistake] = []

    /// A repeated key that got a name of its own, at its place in the original text.
    private struct Renaming {
        var place: Place
        var width: Int
        var name: String
        var substitute: [Unicode.Scalar]
    }

    /// Private use, so that no file contains it by chance.
    private static let mark: Unicode.Scalar = "\u{E000}"

    /// The document's outermost node; nil if there is none, with at least one mistake recorded.
    static func read(_ bytes: [UInt8], file: String, mistakes: inout [RuleMistake]) -> DocumentNode? {
        func refuse(_ message: String, at place: Place = Place(line: 1, column: 1)) -> DocumentNode? {
            mistakes.append(RuleMistake(file: file, place: place, message: message))
            return nil
        }
        guard bytes.count <= Limits.ruleFileBytes else {
            return refuse("the file is longer than \(Limits.ruleFileBytes) bytes")
        }
        if let place = invalidByte(of: bytes) { return refuse("not UTF-8", at: place) }
        if let index = bytes.firstIndex(of: 0) {
            return refuse("a NUL character", at: SourceLines.place(ofByte: index, in: bytes))
        }
        // A byte order mark is no part of the text, and would shift the first line's columns.
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let text = String(decoding: hasMark ? bytes[3...] : bytes[...], as: UTF8.self)
        if text.unicodeScalars.contains(mark) { return refuse("the character U+E000 is not allowed") }
        var reader = DocumentReader(file: file, original: SourceLines(text))
        let node = reader.root()
        mistakes += reader.mistakes
        return node
    }

    private init(file: String, original: SourceLines) {
        self.file = file
        self.original = original
    }

    private static func invalidByte(of bytes: [UInt8]) -> Place? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var place = Place(line: 1, column: 1)
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            place = scalar == "\n" ? Place(line: place.line + 1, column: 1) : place
            if scalar != "\n" { place.column += 1 }
        }
        return place
    }

    private mutating func refuse(_ message: String, at place: Place, suggestion: String? = nil) {
        mistakes.append(RuleMistake(file: file, place: place, message: message, suggestion: suggestion))
    }

    // MARK: - Reading

    private mutating func root() -> DocumentNode? {
        while true {
            do {
                let parser = try Yams.Parser(yaml: renamedText(), resolver: .basic, encoding: .utf8)
                guard let node = try parser.singleRoot() else {
                    refuse("the file is empty", at: Place(line: 1, column: 1))
                    return nil
                }
                // The parser owns the anchors; a node only points at its own weakly.
                return withExtendedLifetime(parser) { converted(node, depth: 1) }
            } catch let error as YamlError {
                guard case .duplicatedKeysInMapping(let names, let context) = error, let name = names.first,
                    rename(name, at: place(context.mark))
                else {
                    report(error)
                    return nil
                }
            } catch {
                refuse("not valid YAML", at: Place(line: 1, column: 1))
                return nil
            }
        }
    }

    /// Whether the key could be given another name.
    private mutating func rename(_ name: String, at place: Place) -> Bool {
        guard renamings.count < Limits.repeatedKeys, let width = original.keyWidth(name, at: place) else {
            return false
        }
        var substitute = [DocumentReader.mark] + Array("\(renamings.count)".unicodeScalars)
        if let quote = original.scalar(at: place), quote == "\"" || quote == "'" {
            substitute = [quote] + substitute + [quote]
        }
        renamings.append(Renaming(place: place, width: width, name: name, substitute: substitute))
        return true
    }

    private func renamedText() -> String {
        var lines = original
        for renaming in renamings.sorted(by: { $0.place > $1.place }) {
            lines.replace(at: renaming.place, width: renaming.width, with: renaming.substitute)
        }
        return lines.text
    }

    /// The place in the original text.
    private func place(_ mark: Mark?) -> Place {
        var place = Place(line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1))
        let sameLine = renamings.filter { $0.place.line == place.line }.sorted { $0.place < $1.place }
        for renaming in sameLine where place.column > renaming.place.column {
            place.column += renaming.width - renaming.substitute.count
        }
        return place
    }

    private mutating func report(_ error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let around = context.map { " (\($0.text))" } ?? ""
            let found = place(mark)
            let cure =
                switch original.scalar(at: found) {
                case "[": "; quote a path that has brackets"
                case "\t": "; indent with blanks, not with tabs"
                default: ""
                }
            refuse("not valid YAML: \(problem)\(around)\(cure)", at: found)
        case .composer(_, "but found another document", let mark, _):
            refuse("a second document; a rule file is one document", at: place(mark))
        case .composer(_, let problem, let mark, _): refuse("not valid YAML: \(problem)", at: place(mark))
        case .reader(let problem, let offset, _, _):
            // The offset counts characters; lines are found by walking them.
            var found = Place(line: 1, column: 1)
            for character in original.text.prefix(offset ?? 0) {
                found = character.isNewline ? Place(line: found.line + 1, column: 1) : found
                if !character.isNewline { found.column += character.unicodeScalars.count }
            }
            refuse("not valid YAML: \(problem)", at: found)
        case .duplicatedKeysInMapping(let names, let context):
            refuse("duplicate key \"\(names.first ?? "")\"", at: place(context.mark))
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            refuse("not valid YAML", at: Place(line: 1, column: 1))
        }
    }

    // MARK: - Nodes

    private mutating func converted(_ node: Node, depth: Int) -> DocumentNode {
        let place = place(node.mark)
        guard depth <= Limits.ruleFileDepth else {
            refuse("nested more than \(Limits.ruleFileDepth) deep", at: place)
            return .refused(place)
        }
        if isDecorated(node, at: place) { return .refused(place) }
        switch node {
        case .scalar(let scalar): return .scalar(converted(scalar, at: place))
        case .sequence(let sequence):
            return .list(sequence.map { converted($0, depth: depth + 1) }, place)
        case .mapping(let mapping): return converted(mapping, at: place, depth: depth)
        case .alias:
            refuse("an alias; write the value out", at: place)
            return .refused(place)
        }
    }

    /// Whether an anchor or a tag stands before the node, which is recorded as a mistake.
    private mutating func isDecorated(_ node: Node, at place: Place) -> Bool {
        let first = original.scalar(at: place)
        if node.anchor != nil {
            refuse("an anchor; write the value out where it is used", at: place)
            return true
        }
        if first == "!" {
            refuse("a tag; quote the value if it is a text", at: place)
            return true
        }
        return false
    }

    private mutating func converted(_ scalar: Node.Scalar, at place: Place) -> DocumentScalar {
        var textPlace: Place?
        switch scalar.style {
        case .plain where original.holds(scalar.string, at: place): textPlace = place
        case .singleQuoted, .doubleQuoted:
            let inner = Place(line: place.line, column: place.column + 1)
            if original.holds(scalar.string, at: inner) { textPlace = inner }
        default: break
        }
        if scalar.string.utf8.contains(0) { refuse("a NUL character", at: place) }
        return DocumentScalar(
            text: scalar.string, isPlain: scalar.style == .plain, place: place, textPlace: textPlace)
    }

    private mutating func converted(_ mapping: Node.Mapping, at place: Place, depth: Int) -> DocumentNode {
        var members: [DocumentMember] = []
        var lines: [Text: Int] = [:]
        for (key, value) in mapping {
            let keyPlace = self.place(key.mark)
            guard case .scalar(let scalar) = key, !isDecorated(key, at: keyPlace) else {
                if case .scalar = key {} else { refuse("a key must be a text", at: keyPlace) }
                continue
            }
            var name = scalar.string
            if name.unicodeScalars.first == DocumentReader.mark,
                let index = Int(name.unicodeScalars.dropFirst())
            {
                name = renamings[index].name
            }
            if name == "<<", scalar.style == .plain {
                refuse("a merge key; write the members out", at: keyPlace)
                continue
            }
            let converted = converted(value, depth: depth + 1)
            if let line = lines[Text(name)] {
                refuse("duplicate key \"\(name)\"; it stands on line \(line) already", at: keyPlace)
                continue
            }
            lines[Text(name)] = keyPlace.line
            members.append(DocumentMember(name: name, place: keyPlace, value: converted))
        }
        return .mapping(members, place)
    }
}

extension Int {
    fileprivate init?(_ scalars: Substring.UnicodeScalarView) {
        self.init(String(scalars))
    }
}
