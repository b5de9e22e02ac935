// All rules that are in force together.

/// A rule set: the content of one rule file with its templates, named by its digest.
package struct RuleSet: Sendable {
    package let digest: Digest
    /// In the order of their names' bytes, which is the order of an event's decisions.
    package let rules: [Rule]
    /// Every payload path that some rule reads, without repetition; a `FieldReference.slot` is an index into
    /// it.
    package let payloadPaths: [Path]
    private let readings: [Text: Reading]

    /// What concerns one event type.
    package struct Reading: Sendable {
        /// Indices into `rules` of those that act on the type, in order.
        package var acting: [Int] = []
        /// Indices into `rules` of those that the type cancels, in order.
        package var cancelling: [Int] = []
        /// The slots that these rules read, ascending.
        package var slots: [Int] = []
    }

    package init(digest: Digest, rules: [Rule], payloadPaths: [Path]) {
        self.digest = digest
        self.rules = rules.sorted { $0.name < $1.name }
        self.payloadPaths = payloadPaths
        var readings: [Text: Reading] = [:]
        for (index, rule) in self.rules.enumerated() {
            readings[rule.event, default: Reading()].acting.append(index)
            readings[rule.event, default: Reading()].slots += rule.slotsRead
            if let cancellation = rule.cancellation {
                readings[cancellation.event, default: Reading()].cancelling.append(index)
                readings[cancellation.event, default: Reading()].slots += rule.slotsReadToCancel
            }
        }
        self.readings = readings.mapValues { reading in
            var reading = reading
            reading.slots = Array(Set(reading.slots.filter { $0 >= 0 })).sorted()
            return reading
        }
    }

    /// nil where no rule knows the type.
    package func reading(of type: Text) -> Reading? {
        readings[type]
    }

    package func rule(named name: Text) -> Rule? {
        rules.first { $0.name == name }
    }
}

extension Rule {
    /// Slots that a decision about the rule's own event reads.
    fileprivate var slotsRead: [Int] {
        var slots = [recipient.slot] + key.compactMap(\.slot) + (supersedes ?? []).compactMap(\.slot)
        slots += condition?.slots ?? []
        slots += message.contextFields.map(\.slot)
        for param in message.template.params {
            switch param.source {
            case .field(let reference), .fieldOr(let reference, _): slots.append(reference.slot)
            case .recipient, .value: break
            }
        }
        return slots
    }

    fileprivate var slotsReadToCancel: [Int] {
        guard let cancellation else { return [] }
        // The recipient is read only where the key names it; a defect elsewhere in the payload must not
        // matter.
        let recipients = cancellation.key.contains(.recipient) ? [recipient.slot] : []
        return cancellation.key.compactMap(\.slot) + recipients
    }
}

extension KeyPart {
    fileprivate var slot: Int? {
        switch self {
        case .field(let reference): reference.slot
        case .recipient: nil
        }
    }
}

extension Condition {
    /// Slots of every field that the condition names, also below `has`.
    package var slots: [Int] {
        switch self {
        case .literal: []
        case .field(let reference): [reference.slot]
        case .has(let reference, let parent): [reference.slot] + (parent.map { [$0.slot] } ?? [])
        case .list(let items): items.flatMap(\.slots)
        case .not(let inner), .negative(let inner), .size(let inner): inner.slots
        case .and(let left, let right), .or(let left, let right), .comparison(_, let left, let right),
            .contained(let left, in: let right), .text(_, let left, let right):
            left.slots + right.slots
        }
    }
}
