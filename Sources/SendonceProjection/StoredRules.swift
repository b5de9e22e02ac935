// From the files of a stored rule set back to rules.
package import SendonceCore
package import SendonceRules
package import SendonceStore

package enum StoredRules {
    /// Why a stored rule set cannot be used.
    package struct Defect: Error, Hashable, Sendable {
        package var description: String
    }

    /// Parses the files and checks that their digest is the one under which they are stored.
    package static func parse(_ files: [RuleSetFile], digest: Digest) throws(Defect) -> ParsedRules {
        guard let main = files.first(where: { $0.name == "rules" }) else {
            throw Defect(description: "rule set \(digest) has no rule file")
        }
        let parsed: ParsedRules
        do {
            parsed = try RuleFile.parse(main.content, fileName: "rules") { name in
                files.first { $0.name.string == name }?.content
            }
        } catch {
            throw Defect(description: "rule set \(digest) cannot be read: \(error.description)")
        }
        guard parsed.ruleSet.digest == digest else {
            throw Defect(description: "rule set \(digest) was changed: its content gives \(parsed.ruleSet.digest)")
        }
        return parsed
    }
}
