// The template files of a rule: NAME.subject.mustache, and NAME.html.mustache or NAME.txt.mustache or both.
import SendonceCore

/// Reads the files of named templates, keeps those that are used, and says what each needs.
final class TemplateReader {
    private let load: (String) -> [UInt8]?
    private let reading: RuleReading
    /// Every file that was used, by name.
    private(set) var used: [String: [UInt8]] = [:]

    init(reading: RuleReading, load: @escaping (String) -> [UInt8]?) {
        self.reading = reading
        self.load = load
    }

    /// Needs of all files of the template, and the payload paths among them. Names that cannot be there are
    /// recorded as mistakes. `at` is where the rule names the template.
    func needs(
        of name: Text, params: [TemplateParam], at place: Place
    ) -> (needs: [TemplateNeed], fields: [FieldReference]) {
        var needs: [TemplateNeed] = []
        var fields: [FieldReference] = []
        var bodies = 0
        for part in ["subject", "html", "txt"] {
            let file = "\(name).\(part).mustache"
            guard let bytes = load(file) else {
                if part == "subject" {
                    reading.refuse("the template \"\(name)\" has no file \(file)", at: place)
                }
                continue
            }
            used[file] = bytes
            bodies += part == "subject" ? 0 : 1
            guard let text = text(bytes, file: file) else { continue }
            let (tags, findings) = TemplateScanner.scan(text)
            for finding in findings {
                reading.refuse(
                    finding.mistake.message, at: finding.place, suggestion: finding.mistake.suggestion,
                    file: file)
            }
            if part == "subject" { checkSubject(text, tags, file: file) }
            var names = NameCheck(params: params, reading: reading, file: file)
            needs += names.needs(tags, isInSection: false)
            for path in names.paths {
                let field = reading.reference(path)
                if !fields.contains(field) { fields.append(field) }
            }
        }
        if bodies == 0 {
            reading.refuse(
                "the template \"\(name)\" has neither \(name).html.mustache nor \(name).txt.mustache",
                at: place)
        }
        return (needs, fields)
    }

    private func text(_ bytes: [UInt8], file: String) -> String? {
        let start = Place(line: 1, column: 1)
        guard bytes.count <= Limits.templateFileBytes else {
            reading.refuse("longer than \(Limits.templateFileBytes) bytes", at: start, file: file)
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            reading.refuse("not UTF-8", at: start, file: file)
            return nil
        }
        if let nul = bytes.firstIndex(of: 0) {
            reading.refuse("a NUL character", at: SourceLines.place(ofByte: nul, in: bytes), file: file)
            return nil
        }
        return text
    }

    /// A subject is one line of text and variables.
    private func checkSubject(_ text: String, _ tags: [TemplateTag], file: String) {
        for tag in tags {
            switch tag {
            case .variable: break
            case .section(_, _, let place), .inverted(_, _, let place):
                reading.refuse("a subject has text and variables, no sections", at: place, file: file)
            }
        }
        var bytes = Array(text.utf8)
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }) {
            reading.refuse("the subject is empty", at: Place(line: 1, column: 1), file: file)
        } else if let end = bytes.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            reading.refuse("a subject is one line", at: SourceLines.place(ofByte: end, in: bytes), file: file)
        }
    }
}

/// Turns tags into needs and refuses first names that no event can supply.
private struct NameCheck {
    let params: [TemplateParam]
    let reading: RuleReading
    let file: String
    /// Payload paths that start with `data`, in order, possibly repeated.
    var paths: [Path] = []

    private var known: [String] {
        params.isEmpty ? Path.Root.allCases.map(\.rawValue) : params.map(\.name.string)
    }

    mutating func needs(_ tags: [TemplateTag], isInSection: Bool) -> [TemplateNeed] {
        tags.map { tag in
            switch tag {
            case .variable(let names, let place):
                if params.isEmpty, names == ["data"] {
                    reading.refuse(
                        "\"data\" is the whole payload; name a member of it", at: place, file: file)
                }
                check(names, at: place, isInSection: isInSection)
                return .variable(names)
            case .section(let names, let inner, let place):
                check(names, at: place, isInSection: isInSection)
                return .section(names, needs(inner, isInSection: true))
            case .inverted(let names, let inner, let place):
                check(names, at: place, isInSection: isInSection)
                return .inverted(names, needs(inner, isInSection: isInSection))
            }
        }
    }

    private mutating func check(_ names: [Text], at place: Place, isInSection: Bool) {
        guard let first = names.first else {
            if !isInSection {
                reading.refuse("{{.}} has a meaning only inside a section", at: place, file: file)
            }
            return
        }
        if params.isEmpty, first == "data" {
            paths.append(Path(.data, names.dropFirst().map { .member($0) }))
            return
        }
        // Inside a section a name may belong to the section's value, which only the event shows.
        if isInSection { return }
        let whole = TemplateScanner.joined(names)
        guard known.contains(where: { first == Text($0) }) else {
            let meant: String?
            if let near = Suggestion.nearest(to: first.string, among: known) {
                meant = TemplateScanner.joined([Text(near)] + names.dropFirst())
            } else {
                meant = params.isEmpty ? "data.\(whole)" : nil
            }
            let words = params.isEmpty ? "a name of the event" : "a param of the template"
            reading.refuse("\"\(whole)\" is not \(words)", at: place, suggestion: meant, file: file)
            return
        }
        if params.isEmpty, names.count > 1 {
            reading.refuse("\"\(first)\" is a single text and has no members", at: place, file: file)
        }
    }
}
