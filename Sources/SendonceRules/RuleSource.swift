// The content that a rule set is named by.
package import SendonceCore

/// A rule file and the template files that it uses, byte for byte.
package struct RuleSource: Hashable, Sendable {
    package struct TemplateFile: Hashable, Sendable {
        /// NAME.subject.mustache, NAME.html.mustache or NAME.txt.mustache.
        package var name: Text
        package var content: [UInt8]

        package init(name: Text, content: [UInt8]) {
            self.name = name
            self.content = content
        }
    }

    package var content: [UInt8]
    /// By the bytes of their names; a name stands there once.
    package private(set) var templates: [TemplateFile]

    package init(content: [UInt8], templates: [TemplateFile] = []) {
        self.content = content
        self.templates = templates.sorted { $0.name < $1.name }
    }

    package func template(_ name: String) -> [UInt8]? {
        templates.first { $0.name == Text(name) }?.content
    }

    /// SHA-256 of the name `rules` and the rule file, then of each template's name and content in the order
    /// of the names' bytes, every part preceded by its length as eight bytes. The file's own name and place
    /// do not count.
    package var digest: Digest {
        var builder = DigestBuilder()
        builder.addPart("rules")
        builder.addPart(content)
        for template in templates {
            builder.addPart(template.name.string)
            builder.addPart(template.content)
        }
        return builder.digest()
    }
}
