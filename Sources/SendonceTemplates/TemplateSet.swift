// The template files of one rule set, compiled once and rendered for many events. Pure: the same files and
// the same event give the same bytes on every machine, which is what lets a message be sent again byte for
// byte.
import Mustache
package import SendonceCore

/// Subject and bodies of one message.
package struct RenderedTemplate: Hashable, Sendable {
    /// One line, without control characters, not empty.
    package var subject: Text
    package var html: Text?
    /// There is an HTML body, a text body or both.
    package var text: Text?

    package init(subject: Text, html: Text?, text: Text?) {
        self.subject = subject
        self.html = html
        self.text = text
    }
}

/// Compiled templates by name: NAME.subject.mustache, NAME.html.mustache, NAME.txt.mustache.
///
/// Guarantees: a variable that the context does not fill is an error and never a blank; values are escaped
/// for HTML in HTML templates (but for `{{{x}}}` and `{{&x}}`) and stand as they are elsewhere; numbers keep
/// the digits of the payload. Not guaranteed: that a value is safe inside a script, a style or an unquoted
/// attribute.
package struct TemplateSet: Sendable {
    private static let suffix = ".mustache"
    private let templates: [String: MustacheTemplate]
    private let unusable: [String: TemplateError]

    /// Compiles every file whose name ends in `.mustache`; others (the rule file) are left aside. A file that
    /// cannot be compiled fails only the templates that it belongs to, when they are rendered.
    package init(files: [String: [UInt8]]) {
        var templates: [String: MustacheTemplate] = [:]
        var unusable: [String: TemplateError] = [:]
        for (name, content) in files where name.hasSuffix(TemplateSet.suffix) {
            do {
                templates[name] = try TemplateSet.compile(content, file: name)
            } catch {
                unusable[name] = error
            }
        }
        self.templates = templates
        self.unusable = unusable
    }

    /// The first mistake of each file that cannot be used, in the order of the files' names.
    package var errors: [TemplateError] {
        unusable.sorted { Text($0.key) < Text($1.key) }.map(\.value)
    }

    /// Renders the template for a context, which is an object: the params, or `EventDocument.context`.
    package func render(_ name: Text, context: JSONValue) throws(RenderError) -> RenderedTemplate {
        let limits = (subject: TemplateLimits.subjectBytes, body: TemplateLimits.bodyBytes)
        guard let subject = try part(name, "subject", context, limits.subject) else {
            throw .noTemplate(name.string)
        }
        let html = try part(name, "html", context, limits.body)
        let text = try part(name, "txt", context, limits.body)
        guard html != nil || text != nil else { throw .noTemplate(name.string) }
        return RenderedTemplate(subject: try TemplateSet.oneLine(subject), html: html, text: text)
    }

    private func part(
        _ name: Text, _ kind: String, _ context: JSONValue, _ limit: Int
    ) throws(RenderError) -> Text? {
        let file = "\(name).\(kind)\(TemplateSet.suffix)"
        if let error = unusable[file] { throw .unusable(error) }
        guard let template = templates[file] else { return nil }
        let log = RenderLog()
        let result = template.render(OutermostScope(value: context, log: log))
        if let error = log.error { throw error }
        guard result.utf8.count <= limit else { throw .tooLong(file) }
        return Text(result)
    }

    /// A template file ends in a line break that nobody means; blanks and breaks at both ends are cut off.
    /// Inside they are refused.
    private static func oneLine(_ subject: Text) throws(RenderError) -> Text {
        let isEdge: (Unicode.Scalar) -> Bool = { [" ", "\t", "\r", "\n"].contains($0) }
        let scalars = subject.string.unicodeScalars.drop(while: isEdge)
        guard let last = scalars.lastIndex(where: { !isEdge($0) }) else { throw .emptySubject }
        let line = Text(String(String.UnicodeScalarView(scalars[...last])))
        guard line.isHeaderSafe else { throw .controlInSubject }
        return line
    }

    private static func compile(_ content: [UInt8], file: String) throws(TemplateError) -> MustacheTemplate {
        guard content.count <= TemplateLimits.fileBytes else { throw .tooLong(file: file) }
        guard let text = String(validating: content, as: UTF8.self) else { throw .notText(file: file) }
        if let tag = unsupportedTag(in: content) { throw .unsupported(file: file, tag: tag) }
        let source = TemplateText(text, isHTML: file.hasSuffix(".html" + suffix))
        if let mistake = source.joinedBrace { throw mistake.error(in: file) }
        do {
            return try MustacheTemplate(string: source.withPragma)
        } catch {
            throw source.mistake(error).error(in: file)
        }
    }

    /// The first tag that would escape the check for missing variables. The engine cannot be asked for its
    /// tokens; since other delimiters are refused as well, every tag begins with two braces.
    private static func unsupportedTag(in content: [UInt8]) -> String? {
        var place = 0
        while place + 2 < content.count {
            guard content[place] == 0x7B, content[place + 1] == 0x7B else {
                place += 1
                continue
            }
            let end = content[place...].firstIndex(of: 0x7D) ?? content.count
            let inner = content[(place + 2)..<max(end, place + 2)].drop { $0 <= 0x20 }
            if inner.first != 0x21 {
                // > < $ % = * begin tags that are refused; # ^ / & { stand before a name.
                let sigils: [UInt8] = [0x3E, 0x3C, 0x24, 0x25, 0x3D, 0x2A]
                let name = inner.drop { [0x23, 0x5E, 0x2F, 0x26, 0x7B].contains($0) || $0 <= 0x20 }
                let isRelative = name.first == 0x2E && name.dropFirst().contains { $0 > 0x20 }
                if sigils.contains(inner.first ?? 0) || isRelative || name.contains(0x28) {
                    return String(
                        decoding: content[place..<min(end + 2, content.count)].prefix(80), as: UTF8.self)
                }
            }
            place = max(end, place + 2)
        }
        return nil
    }
}
