// One event under one rule, up to the point where the ledger is needed.

/// Reads an event's fields as a rule asks for them.
struct EventReader {
    let event: Event
    let fields: Fields
    let position: Int64
    let ruleSet: Digest

    /// Adds the drafts of a rule that acts on this event: one, or one for each recipient.
    func addDrafts(for rule: Rule, to drafts: inout [Projector.Draft]) {
        if let condition = rule.condition {
            switch condition.holds(in: self) {
            case .success(true): break
            case .success(false): return drafts.append(decided(rule, .conditionFalse(detail: nil)))
            case .failure(let error):
                return drafts.append(decided(rule, .conditionFalse(detail: error.description)))
            }
        }
        // One recipient, as most have it, without a list of one.
        if case .string(let text)? = value(rule.recipient), !text.isEmpty {
            return drafts.append(draft(for: rule, item: 0, recipient: recipient(text, of: rule)))
        }
        switch recipients(of: rule) {
        case .failure(let reason): drafts.append(decided(rule, reason))
        case .success(let found):
            for (item, recipient) in found.enumerated() {
                drafts.append(draft(for: rule, item: Int64(item), recipient: recipient))
            }
        }
    }

    /// The drafts of a rule that this event cancels, numbered from `firstItem`.
    func cancellingDrafts(for rule: Rule, firstItem: Int64) -> [Projector.Draft] {
        guard let cancellation = rule.cancellation else { return [] }
        var recipientsToTry: [FoundRecipient?] = [nil]
        if cancellation.key.contains(.recipient) {
            switch recipients(of: rule) {
            case .failure(let reason): return [decided(rule, reason, item: firstItem)]
            case .success(let found): recipientsToTry = found
            }
        }
        return recipientsToTry.enumerated().map { place, recipient in
            let item = firstItem + Int64(place)
            let address: EmailAddress?
            switch recipient {
            case .valid(let valid): address = valid
            case .invalid(let detail): return decided(rule, .recipientInvalid(detail: detail), item: item)
            case nil: address = nil
            }
            switch key(of: cancellation.key, scope: rule.scope, recipient: address) {
            case .failure(let reason): return decided(rule, reason, item: item, recipient: address)
            case .success(let key):
                return Projector.Draft(
                    rule: rule.name, item: item, key: key, recipient: address.map { Text($0.description) },
                    kind: .cancels(scope: rule.scope))
            }
        }
    }

    /// What a path finds: in the payload by its slot, in the envelope by its name.
    func value(_ reference: FieldReference) -> JSONValue? {
        switch reference.path.root {
        case .data: fields.values.indices.contains(reference.slot) ? fields.values[reference.slot] : nil
        case .recipient: nil
        case .type: .string(event.type)
        case .subject: event.subject.map { .string($0) }
        case .source: .string(event.source)
        case .id: event.id.map { .string($0) }
        }
    }

    private enum FoundRecipient {
        case valid(EmailAddress)
        case invalid(detail: String)
    }

    private func draft(for rule: Rule, item: Int64, recipient: FoundRecipient) -> Projector.Draft {
        let address: EmailAddress
        switch recipient {
        case .valid(let valid): address = valid
        case .invalid(let detail): return decided(rule, .recipientInvalid(detail: detail), item: item)
        }
        let key: Key
        switch self.key(of: rule.key, scope: rule.scope, recipient: address) {
        case .failure(let reason): return decided(rule, reason, item: item, recipient: address)
        case .success(let found): key = found
        }
        var supersedeDigest: Digest?
        if let parts = rule.supersedes {
            switch self.key(of: parts, scope: rule.scope, recipient: address) {
            case .failure(let reason): return decided(rule, reason, item: item, recipient: address, key: key)
            case .success(let found): supersedeDigest = found.digest
            }
        }
        if let name = missingParam(of: rule, recipient: address) {
            return decided(rule, .paramMissing(name: name), item: item, recipient: address, key: key)
        }
        let slot = rule.window.slot(at: event.occurredAt)
        let command = Command(
            id: CommandID(key: key.digest, slot: slot, generation: 1), position: position, rule: rule.name,
            item: item, key: key, slot: slot, generation: 1, ruleSet: ruleSet, recipient: address,
            route: rule.route, occurredAt: event.occurredAt,
            notBefore: rule.delay.map { event.occurredAt + $0 } ?? event.occurredAt,
            expiresAt: rule.expiresAfter.map { event.occurredAt + $0 }, onUnknown: rule.onUnknown,
            supersedeDigest: supersedeDigest)
        return Projector.Draft(
            rule: rule.name, item: item, key: key, recipient: Text(address.description),
            kind: .claims(command, rule.window))
    }

    private func decided(
        _ rule: Rule, _ reason: Reason, item: Int64 = 0, recipient: EmailAddress? = nil, key: Key? = nil
    ) -> Projector.Draft {
        Projector.Draft(
            rule: rule.name, item: item, key: key, recipient: recipient.map { Text($0.description) },
            kind: .decided(reason))
    }

    private func recipient(_ text: Text, of rule: Rule) -> FoundRecipient {
        guard let address = EmailAddress(text.string) else {
            return .invalid(detail: "\(rule.recipient.path) is not an e-mail address")
        }
        return .valid(address)
    }

    private func recipients(of rule: Rule) -> Result<[FoundRecipient], Reason> {
        func found(_ value: JSONValue) -> FoundRecipient {
            guard case .string(let text) = value else {
                return .invalid(detail: "\(rule.recipient.path) is not a text")
            }
            return recipient(text, of: rule)
        }
        switch value(rule.recipient) {
        case nil, .null: return .failure(.recipientMissing)
        case .string(let text) where text.isEmpty: return .failure(.recipientMissing)
        case .array(let values):
            guard rule.key.contains(.recipient) else {
                return .failure(
                    .recipientInvalid(
                        detail: "\(rule.recipient.path) is a list, and once_per has no recipient"))
            }
            guard !values.isEmpty else { return .failure(.recipientMissing) }
            guard values.count <= Limits.recipientsPerEvent else {
                return .failure(
                    .recipientInvalid(detail: "more than \(Limits.recipientsPerEvent) recipients"))
            }
            return .success(values.map(found))
        case .some(let value): return .success([found(value)])
        }
    }

    private func key(
        of parts: [KeyPart], scope: Text, recipient: EmailAddress?
    ) -> Result<Key, Reason> {
        var texts: [Text] = []
        for part in parts {
            switch part {
            case .recipient:
                guard let recipient else { return .failure(.keyMissing(part: "recipient")) }
                texts.append(Text(recipient.description))
            case .field(let reference):
                let text: Text
                switch value(reference) {
                case nil, .null: return .failure(.keyMissing(part: part.description))
                case .string(let value) where EventReader.isBlank(value):
                    return .failure(.keyMissing(part: part.description))
                case .string(let value): text = value
                case .integer(let digits): text = Text(digits)
                case .bool(let value): text = value ? "true" : "false"
                case .number, .array, .object: return .failure(.keyInvalid(part: part.description))
                }
                guard text.utf8.count <= Limits.keyPartBytes else {
                    return .failure(.keyInvalid(part: part.description))
                }
                texts.append(text)
            }
        }
        return .success(Key(scope: scope, parts: texts))
    }

    /// Nothing but white space names nothing: like null, it would make one shared key of all broken events.
    private static func isBlank(_ text: Text) -> Bool {
        text.string.unicodeScalars.allSatisfy(\.properties.isWhitespace)
    }

    /// The first param or template variable that the event cannot fill.
    private func missingParam(of rule: Rule, recipient: EmailAddress) -> String? {
        for param in rule.message.template.params {
            guard case .field(let reference) = param.source else { continue }
            switch value(reference) {
            case nil, .null: return param.name.string
            default: continue
            }
        }
        guard !rule.message.needs.isEmpty else { return nil }
        let context = TemplateContext(reader: self, source: rule.message, recipient: recipient)
        return context.firstMissing(of: rule.message.needs)
    }
}
