// The rule set of an activation, ready to read events with: the same for the live projector and for replay.
package import SendonceCore
import SendonceJSON
package import SendonceRules
package import SendonceStore

/// A parsed rule set with the scopes of its activation and a reader for the payload paths that it names.
package final class RulesInForce {
    package let activation: Activation
    package let rules: RuleSet
    private let reader: PayloadReader
    /// What was read last. A slot that an event's type does not read may hold what another type left: no rule
    /// that acts on the event looks at it.
    @exclusivity(unchecked) private var found: Fields

    /// Loads what the activation names. A stored rule set that cannot be parsed was changed behind our back,
    /// or needs a newer program: `damaged`.
    package convenience init(_ activation: Activation, from reader: any RuleSetFileReader) throws(StoreError)
    {
        let parsed = try StoredRules.load(activation.ruleSet, from: reader)
        self.init(activation, rules: parsed.ruleSet.withScopes(activation.scopes))
    }

    package init(_ activation: Activation, rules: RuleSet) {
        self.activation = activation
        self.rules = rules
        reader = PayloadReader(paths: rules.payloadPaths)
        found = Fields(count: rules.payloadPaths.count)
    }

    /// Reads the event's payload as far as the rules ask, and drafts its decisions.
    package func draft(_ event: Event, at position: Int64) -> [Projector.Draft] {
        event.payload.withUnsafeBytes { draft(event, payload: $0, at: position) }
    }

    /// The same for a payload that lies elsewhere; the event's own is not looked at.
    package func draft(
        _ event: Event, payload: UnsafeRawBufferPointer, at position: Int64
    ) -> [Projector.Draft] {
        let reading = rules.reading(of: event.type)
        return Projector.draft(
            event, at: position, fields: fields(reading, payload), under: rules, reading)
    }

    /// Reads an event of the log as one of the rules sees it now.
    package func past(_ logged: LoggedEvent, for rule: Rule) -> PastEvent {
        let fields = logged.event.payload.withUnsafeBytes {
            self.fields(rules.reading(of: logged.event.type), $0)
        }
        return PastEvent(
            logged.event, at: logged.position, fields: fields, for: rule, ruleSet: rules.digest)
    }

    private func fields(
        _ reading: RuleSet.Reading?, _ payload: UnsafeRawBufferPointer
    ) -> Result<Fields, PayloadDefect> {
        guard let reading else { return .success(found) }
        do throws(PayloadDefect) {
            try reader.read(payload, slots: reading.slots, into: &found)
            return .success(found)
        } catch {
            return .failure(error)
        }
    }
}

extension StoredRules {
    /// The rule set that the store keeps under a digest. One that cannot be parsed was changed behind our
    /// back, or needs a newer program: `damaged`.
    package static func load(_ digest: Digest, from reader: any RuleSetFileReader) throws(StoreError)
        -> ParsedRules
    {
        guard let files = try reader.ruleSetFiles(digest) else {
            throw .damaged("rule set \(digest) is named but not stored")
        }
        do {
            return try StoredRules.parse(files, digest: digest)
        } catch {
            throw .damaged(error.description)
        }
    }
}
