// Where a rule's message comes from: sender, template, params.
package import SendonceCore

/// What stands in for a rule's own `route`, `from` and `reply_to`.
package struct RuleDefaults: Hashable, Sendable {
    package var route: Text?
    package var from: Mailbox?
    package var replyTo: Mailbox?
}

struct MessageReader {
    let reading: RuleReading
    let templates: TemplateReader
    private(set) var defaults = RuleDefaults()
    /// The defaults that were written, rightly or not: a wrong one is one mistake, not one more in every
    /// rule.
    private(set) var defaultNames: [String] = []

    init(reading: RuleReading, templates: TemplateReader) {
        self.reading = reading
        self.templates = templates
    }

    mutating func readDefaults(_ node: DocumentNode) {
        guard let members = reading.members(node, of: "\"defaults\"", known: ["route", "from", "reply_to"])
        else {
            defaultNames = ["route", "from"]
            return
        }
        defaultNames = members.list.map(\.name)
        defaults.route = members["route"].flatMap { route($0.value) }
        defaults.from = members["from"].flatMap { mailbox($0.value, of: "\"from\"") }
        defaults.replyTo = members["reply_to"].flatMap { mailbox($0.value, of: "\"reply_to\"") }
    }

    /// The rule's own value or the default; a rule that has neither is a mistake.
    func required<Value>(
        _ name: String, of members: Members, ruleName: String, fallback: Value?,
        read: (DocumentNode) -> Value?
    ) -> Value? {
        if let member = members[name] { return read(member.value) }
        if !defaultNames.contains(name) {
            reading.refuse(
                "the rule \"\(ruleName)\" needs \"\(name)\", here or under \"defaults\"", at: members.place)
        }
        return fallback
    }

    func route(_ node: DocumentNode) -> Text? {
        reading.text(node, of: "\"route\"").flatMap { reading.name($0, of: "a route", underscores: true) }
    }

    private func mailbox(_ node: DocumentNode, of what: String) -> Mailbox? {
        guard let scalar = reading.text(node, of: what) else { return nil }
        if PathText.path(scalar.text)?.root == .data {
            reading.refuse("\(what) is an address, not a path", at: scalar.place)
            return nil
        }
        return reading.parsed(scalar) { text throws(TextMistake) in try MailboxText.parse(text) }
    }

    private func addresses(_ member: DocumentMember?) -> [EmailAddress] {
        guard let member, let nodes = reading.elements(member.value, of: "\"\(member.name)\"") else {
            return []
        }
        return nodes.compactMap { node in
            guard let scalar = reading.text(node, of: "an address of \"\(member.name)\"") else { return nil }
            if PathText.path(scalar.text)?.root == .data {
                reading.refuse(
                    "\"\(member.name)\" has addresses, no paths: a message has one recipient, `to`",
                    at: scalar.place)
                return nil
            }
            return reading.parsed(scalar) { text throws(TextMistake) in try MailboxText.address(text, at: 0) }
        }
    }

    /// The message of a rule; nil, with the mistakes recorded, if something is wrong or missing.
    func message(of members: Members, ruleName: String) -> MessageSource? {
        let from = required("from", of: members, ruleName: ruleName, fallback: defaults.from) {
            mailbox($0, of: "\"from\"")
        }
        let replyTo =
            members["reply_to"].flatMap { mailbox($0.value, of: "\"reply_to\"") } ?? defaults.replyTo
        let cc = addresses(members["cc"])
        let bcc = addresses(members["bcc"])
        guard let member = members["template"], let template = template(member.value) else { return nil }
        var source: (needs: [TemplateNeed], fields: [FieldReference]) = ([], [])
        if case .file(let name, let params) = template.value {
            source = templates.needs(of: name, params: params, at: template.place)
        }
        guard let from else { return nil }
        return MessageSource(
            from: from, replyTo: replyTo, cc: cc, bcc: bcc, template: template.value, needs: source.needs,
            contextFields: source.fields)
    }

    // MARK: - Template

    private func template(_ node: DocumentNode) -> (value: Template, place: Place)? {
        guard
            let members = reading.members(node, of: "\"template\"", known: ["provider_id", "file", "params"])
        else {
            return nil
        }
        let params = members["params"].map { self.params($0.value) } ?? []
        switch (members["provider_id"], members["file"]) {
        case (nil, nil):
            reading.refuse("\"template\" needs \"provider_id\" or \"file\"", at: members.place)
            return nil
        case (_?, let file?):
            reading.refuse("a template has a \"provider_id\" or a \"file\", not both", at: file.place)
            return nil
        case (let id?, nil):
            guard let scalar = reading.text(id.value, of: "\"provider_id\"") else { return nil }
            return (.provider(id: Text(scalar.text), params: params), scalar.place)
        case (nil, let file?):
            guard let scalar = reading.text(file.value, of: "\"file\"") else { return nil }
            for ending in [".subject.mustache", ".html.mustache", ".txt.mustache", ".mustache"]
            where scalar.text.hasSuffix(ending) {
                reading.refuse(
                    "\"file\" is the name that the template's files share", at: scalar.place,
                    suggestion: String(scalar.text.dropLast(ending.count)))
                return nil
            }
            guard let name = reading.name(scalar, of: "a template file", underscores: true) else {
                return nil
            }
            return (.file(name: name, params: params), scalar.place)
        }
    }

    private func params(_ node: DocumentNode) -> [TemplateParam] {
        guard let members = reading.anyMembers(node, of: "\"params\"") else { return [] }
        return members.list.compactMap { member in
            let bytes = Array(member.name.utf8)
            let isName = bytes.allSatisfy { byte in
                switch byte {
                case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x5F, 0x2D: true
                default: false
                }
            }
            guard isName, (1...Limits.nameBytes).contains(bytes.count), let first = bytes.first,
                first != 0x2D, !(0x30...0x39).contains(first)
            else {
                reading.refuse(
                    "\"\(member.name)\" is no name for a param: letters, \"_\", \"-\" and digits behind",
                    at: member.place)
                return nil
            }
            return source(member.value, of: "the param \"\(member.name)\"").map {
                TemplateParam(name: Text(member.name), source: $0)
            }
        }
    }

    private func source(_ node: DocumentNode, of what: String) -> TemplateParam.Source? {
        guard case .mapping = node else { return field(node, of: what).map { field($0, substitute: nil) } }
        guard let members = reading.members(node, of: what, known: ["path", "default", "value"]) else {
            return nil
        }
        if let value = members["value"] {
            for other in ["path", "default"] {
                if let member = members[other] {
                    reading.refuse("\(what) has a \"value\" and needs no \"\(other)\"", at: member.place)
                }
            }
            return self.value(value.value, of: "\"value\"").map { .value($0) }
        }
        guard let path = members["path"] else {
            reading.refuse("\(what) needs \"path\" or \"value\"", at: members.place)
            return nil
        }
        let substitute = members["default"].map { self.value($0.value, of: "\"default\"") }
        guard let found = field(path.value, of: "\"path\"") else { return nil }
        if case .some(nil) = substitute { return nil }
        return field(found, substitute: substitute ?? nil)
    }

    private func field(_ node: DocumentNode, of what: String) -> Path? {
        reading.path(node, of: what)?.path
    }

    private func field(_ path: Path, substitute: JSONValue?) -> TemplateParam.Source {
        if path.root == .recipient { return .recipient }
        let reference = reading.reference(path)
        return substitute.map { .fieldOr(reference, $0) } ?? .field(reference)
    }

    /// A scalar that stands for itself. Null is refused: a param that is null is a missing one.
    private func value(_ node: DocumentNode, of what: String) -> JSONValue? {
        guard case .scalar(let scalar) = node, !scalar.isNull else {
            _ = reading.text(node, of: what)
            return nil
        }
        return reading.parsed(scalar) { _ throws(TextMistake) in try ScalarValue.value(of: scalar) }
    }
}
