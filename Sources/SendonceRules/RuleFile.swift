// The rule file: bytes in, rule set or every mistake out. Nothing is read from disk here; templates come from
// a function.
package import SendonceCore

/// What a rule file says, checked.
package struct ParsedRules: Sendable {
    package let ruleSet: RuleSet
    /// The file and exactly the templates that it uses; its digest is the rule set's.
    package let source: RuleSource
    /// In the order of the file.
    package let examples: [RuleExample]
    package let defaults: RuleDefaults
}

package enum RuleFile {
    /// Parses YAML, or JSON, which is YAML (but write characters outside the BMP as they are: libyaml knows
    /// no surrogate escapes). Strict: what is not known is refused. All mistakes are found that do not hide
    /// behind others; broken YAML hides everything behind it.
    /// - Parameters:
    ///   - fileName: how mistakes name the file; it does not count for the digest.
    ///   - template: the bytes of a template file by its name, nil if there is none. It is asked for names of
    ///     letters, digits, `-` and `_` before the endings only, so no name can point elsewhere.
    package static func parse(
        _ text: [UInt8], fileName: String, template: (String) -> [UInt8]?
    ) throws(RuleMistakes) -> ParsedRules {
        var mistakes: [RuleMistake] = []
        let root = DocumentReader.read(text, file: fileName, mistakes: &mistakes)
        let reading = RuleReading(file: fileName, mistakes: mistakes)
        let parsed = withoutActuallyEscaping(template) { template -> ParsedRules? in
            let templates = TemplateReader(reading: reading, load: template)
            return root.flatMap { self.parse($0, content: text, reading: reading, templates: templates) }
        }
        if let found = RuleMistakes(reading.mistakes, ruleFile: fileName) { throw found }
        guard let parsed else {
            let mistake = RuleMistake(
                file: fileName, place: Place(line: 1, column: 1), message: "the file says nothing")
            throw RuleMistakes(mistake)
        }
        return parsed
    }

    /// The rules of a stored source, for replay and for delivery.
    package static func parse(_ source: RuleSource, fileName: String) throws(RuleMistakes) -> ParsedRules {
        try parse(source.content, fileName: fileName) { source.template($0) }
    }

    private static func parse(
        _ root: DocumentNode, content: [UInt8], reading: RuleReading, templates: TemplateReader
    ) -> ParsedRules? {
        guard
            let members = reading.members(
                root, of: "a rule file", known: ["version", "defaults", "rules"],
                required: ["version", "rules"])
        else { return nil }
        if let version = members["version"] { checkVersion(version.value, reading) }
        var messages = MessageReader(reading: reading, templates: templates)
        if let node = members["defaults"] { messages.readDefaults(node.value) }
        guard let member = members["rules"], let named = reading.anyMembers(member.value, of: "\"rules\"")
        else {
            return nil
        }
        let reader = RuleReader(reading: reading, messages: messages)
        var rules: [Rule] = []
        var examples: [RuleExample] = []
        for member in named.list {
            let found = reader.rule(member)
            if let rule = found.rule { rules.append(rule) }
            examples += found.examples
        }
        checkRenames(named, reading)
        let source = RuleSource(
            content: content,
            templates: templates.used.map { RuleSource.TemplateFile(name: Text($0.key), content: $0.value) })
        return ParsedRules(
            ruleSet: RuleSet(digest: source.digest, rules: rules, payloadPaths: reading.payloadPaths),
            source: source, examples: examples, defaults: messages.defaults)
    }

    private static func checkVersion(_ node: DocumentNode, _ reading: RuleReading) {
        guard let scalar = reading.text(node, of: "\"version\"") else { return }
        guard scalar.text == "1", scalar.isPlain else {
            reading.refuse("\"version\" is the number 1; this program knows no other", at: scalar.place)
            return
        }
    }

    /// `was` names a rule that is gone, and no two rules can both be its heir.
    private static func checkRenames(_ named: Members, _ reading: RuleReading) {
        var heirs: [String: String] = [:]
        for member in named.list {
            guard case .mapping(let list, let place) = member.value,
                let was = Members(list: list, place: place)["was"], case .scalar(let scalar) = was.value,
                !scalar.isNull
            else { continue }
            if scalar.text == member.name {
                reading.refuse("a rule that keeps its name needs no \"was\"", at: scalar.place)
            } else if named[scalar.text] != nil {
                reading.refuse("\"was\" names \"\(scalar.text)\", which is still a rule", at: scalar.place)
            } else if let heir = heirs[scalar.text] {
                reading.refuse(
                    "\"was\" names \"\(scalar.text)\", as the rule \"\(heir)\" does already", at: scalar.place
                )
            }
            heirs[scalar.text] = heirs[scalar.text] ?? member.name
        }
    }
}
