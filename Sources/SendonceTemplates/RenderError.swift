// Why a template cannot be used, and why an event cannot fill one.

/// Why a template file is refused when it is read. `file` is its name.
package enum TemplateError: Error, Hashable, Sendable {
    case notText(file: String)
    case tooLong(file: String)
    /// What the template engine cannot read, with the cure. Line and column count from 1, a column counts
    /// Unicode scalars.
    case syntax(file: String, line: Int, column: Int, String)
    /// Partials, inheritance, pragmas, other delimiters, `{{.name}}` and function calls such as
    /// `{{upper(name)}}`: the engine knows them, but prints nothing where one of them goes wrong.
    case unsupported(file: String, tag: String)

    package var description: String {
        switch self {
        case .notText(let file): "\(file) is not UTF-8 text"
        case .tooLong(let file): "\(file) is longer than \(TemplateLimits.fileBytes) bytes"
        case .syntax(let file, let line, let column, let words): "\(file):\(line):\(column): \(words)"
        case .unsupported(let file, let tag): "\(file): the tag \(tag) is not supported"
        }
    }
}

/// Why no message can be made of a template and an event. The command is held with `template_error` and these
/// words.
package enum RenderError: Error, Hashable, Sendable {
    /// A variable or param that the event does not fill, or fills with something that is not a text, number
    /// or boolean.
    case missing(String)
    /// The rule set has no such template, or it has no subject, or neither a text nor an HTML body.
    case noTemplate(String)
    /// A file of the template cannot be used.
    case unusable(TemplateError)
    case emptySubject
    /// A control character or line separator inside the subject.
    case controlInSubject
    /// Longer than `TemplateLimits` allow; the part's file name.
    case tooLong(String)
    /// More list elements than `TemplateLimits.elements`.
    case tooManyElements

    package var description: String {
        switch self {
        case .missing(let name): "the event has no usable value for \(name)"
        case .noTemplate(let name): "the rule set has no complete template \(name)"
        case .unusable(let error): error.description
        case .emptySubject: "the subject is empty"
        case .controlInSubject: "the subject contains a control character or a line break"
        case .tooLong(let file): "\(file) renders to more than is allowed"
        case .tooManyElements: "the template walks through more than \(TemplateLimits.elements) list elements"
        }
    }
}
