// A template file as the engine takes it, and what the engine cannot read in it, said so that the person who
// wrote it finds the place and the cure.
import Mustache

struct TemplateText {
    /// What is wrong at one place; line and column as `TemplateError` counts them.
    struct Mistake {
        var line: Int
        var column: Int
        var words: String

        func error(in file: String) -> TemplateError {
            .syntax(file: file, line: line, column: column, words)
        }
    }

    private let text: String
    /// One line before the text, which sets how values are escaped.
    private let pragma: String

    init(_ text: String, isHTML: Bool) {
        self.text = text
        pragma = isHTML ? EscapedHTML.pragma : "{{% CONTENT_TYPE:TEXT}}\n"
    }

    var withPragma: String { pragma + text }

    /// The first brace of a `{{` or `}}` that a combining mark or the like joins. The engine reads
    /// `Character`s and does not see such a brace: it would print the tag, or take what follows for a
    /// comment.
    var joinedBrace: Mistake? {
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return nil }
        for index in text.indices {
            let scalars = text[index].unicodeScalars
            guard scalars.count > 1 else { continue }
            let before = index > text.startIndex ? text[text.index(before: index)].unicodeScalars.last : nil
            let next = text.index(after: index)
            let after = next < text.endIndex ? text[next].unicodeScalars.first : nil
            for brace in ["{", "}"] as [Unicode.Scalar]
            where (before == brace && scalars.first == brace) || (after == brace && scalars.last == brace) {
                return mistake(
                    at: index,
                    "a combining mark or the like joins the \"\(brace)\", so it is no part of a tag: put a "
                        + "blank between them")
            }
        }
        return nil
    }

    /// What the engine said when it refused the text.
    func mistake(_ error: any Error) -> Mistake {
        guard let error = error as? MustacheTemplate.ParserError else {
            return mistake(at: text.startIndex, "\(error)")
        }
        let place = place(of: error.context)
        switch error.error as? MustacheTemplate.Error {
        case .unfinishedName:
            return mistake(
                at: place,
                "the template engine takes names of ASCII letters, digits, \"_\" and \"-\" only: give the "
                    + "value such a name in the template's `params`, or, inside a list, in the event")
        case nil where text.hasSuffix("{"):
            return mistake(at: place, "the file ends with \"{\": write a line break behind it")
        case nil: return mistake(at: place, "the file ends inside a tag: close it")
        case let error?: return mistake(at: place, "the template engine refuses this: \(error)")
        }
    }

    private func mistake(at index: String.Index, _ words: String) -> Mistake {
        var (line, column) = (1, 1)
        for scalar in text[..<index].unicodeScalars {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        return Mistake(line: line, column: column, words: words)
    }

    /// Where the engine stopped. It counts `Character`s: lines by every line break there is, columns from the
    /// last plain LF. So CR LF ends a line and does not begin a column.
    private func place(of context: MustacheParserContext) -> String.Index {
        // The pragma is the first line.
        var (line, column) = (2, 1)
        for index in text.indices {
            if line == context.lineNumber, column == context.columnNumber { return index }
            let character = text[index]
            if character.isNewline { line += 1 }
            column = character == "\n" ? 1 : column + 1
        }
        return text.endIndex
    }
}
