// Between a rule set as it was written and as it is stored.
package import SendonceCore

extension RuleSource {
    /// The name under which the rule file itself is stored; template files have other endings.
    private static let mainName: Text = "rules"

    /// All files, the rule file first.
    package var files: [RuleSetFile] {
        [RuleSetFile(name: RuleSource.mainName, content: content)]
            + templates.map { RuleSetFile(name: $0.name, content: $0.content) }
    }

    /// The template files by name, as a renderer takes them.
    package var templateTexts: [String: [UInt8]] {
        Dictionary(templates.map { ($0.name.string, $0.content) }) { first, _ in first }
    }

    /// nil where the rule file is not among them.
    package init?(files: [RuleSetFile]) {
        guard let main = files.first(where: { $0.name == RuleSource.mainName }) else { return nil }
        self.init(
            content: main.content,
            templates: files.filter { $0.name != RuleSource.mainName }
                .map { TemplateFile(name: $0.name, content: $0.content) })
    }
}

package enum StoredRules {
    /// Why a stored rule set cannot be used.
    package struct Defect: Error, Hashable, Sendable {
        package var description: String
    }

    /// Parses the files and checks that their digest is the one under which they are stored.
    package static func parse(_ files: [RuleSetFile], digest: Digest) throws(Defect) -> ParsedRules {
        guard let source = RuleSource(files: files) else {
            throw Defect(description: "rule set \(digest) has no rule file")
        }
        let parsed: ParsedRules
        do {
            parsed = try RuleFile.parse(source, fileName: "rules")
        } catch {
            throw Defect(description: "rule set \(digest) cannot be read: \(error.description)")
        }
        guard parsed.ruleSet.digest == digest else {
            throw Defect(
                description: "rule set \(digest) was changed: its content gives \(parsed.ruleSet.digest)")
        }
        return parsed
    }
}
