// Rules of two sets can be compared only without their slots, which count each set's own paths.
import SendonceCore

extension Rule {
    var withoutSlots: Rule {
        var rule = self
        rule.condition = condition?.withoutSlots
        rule.recipient = recipient.withoutSlot
        rule.key = key.map(\.withoutSlot)
        rule.supersedes = supersedes?.map(\.withoutSlot)
        rule.cancellation = cancellation.map { Cancellation(event: $0.event, key: $0.key.map(\.withoutSlot)) }
        rule.message.contextFields = message.contextFields.map(\.withoutSlot)
        let params = message.template.params.map(\.withoutSlot)
        switch message.template {
        case .provider(let id, _): rule.message.template = .provider(id: id, params: params)
        case .file(let name, _): rule.message.template = .file(name: name, params: params)
        }
        return rule
    }
}

extension FieldReference {
    fileprivate var withoutSlot: FieldReference { FieldReference(path: path, slot: -1) }
}

extension KeyPart {
    fileprivate var withoutSlot: KeyPart {
        switch self {
        case .field(let reference): .field(reference.withoutSlot)
        case .recipient: .recipient
        }
    }
}

extension TemplateParam {
    fileprivate var withoutSlot: TemplateParam {
        switch source {
        case .field(let reference): TemplateParam(name: name, source: .field(reference.withoutSlot))
        case .fieldOr(let reference, let value):
            TemplateParam(name: name, source: .fieldOr(reference.withoutSlot, value))
        case .recipient, .value: self
        }
    }
}

extension Condition {
    fileprivate var withoutSlots: Condition {
        switch self {
        case .literal: self
        case .field(let reference): .field(reference.withoutSlot)
        case .has(let reference, let parent): .has(reference.withoutSlot, parent: parent?.withoutSlot)
        case .list(let items): .list(items.map(\.withoutSlots))
        case .not(let inner): .not(inner.withoutSlots)
        case .negative(let inner): .negative(inner.withoutSlots)
        case .and(let left, let right): .and(left.withoutSlots, right.withoutSlots)
        case .or(let left, let right): .or(left.withoutSlots, right.withoutSlots)
        case .comparison(let comparison, let left, let right):
            .comparison(comparison, left.withoutSlots, right.withoutSlots)
        case .contained(let left, let right): .contained(left.withoutSlots, in: right.withoutSlots)
        case .size(let inner): .size(inner.withoutSlots)
        case .text(let test, let left, let right): .text(test, left.withoutSlots, right.withoutSlots)
        }
    }
}
