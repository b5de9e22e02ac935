// `examples`: what a rule's writer expects of one event. Running them needs the payload reader and lives
// elsewhere.
package import SendonceCore

/// One example of a rule: an event, and what the rule decides about it while the ledger is empty.
package struct RuleExample: Hashable, Sendable {
    package struct Expectation: Hashable, Sendable {
        /// One of `Reason.words`.
        package var decision: String
        /// The parts of the key in canonical form.
        package var key: [Text]?
        package var to: Text?
    }

    package var rule: Text
    /// Where the example stands in the rule file.
    package var place: Place
    package var type: Text
    package var id: Text?
    package var source: Text
    package var subject: Text?
    /// JSON text made from the YAML: compact, members in the order of the file.
    package var payload: [UInt8]
    /// nil where the example leaves the time open.
    package var occurredAt: Timestamp?
    package var expectation: Expectation

    /// The event; `time` stands in where the example leaves it open.
    package func event(at time: Timestamp) -> Event {
        Event(
            id: id, type: type, source: source, subject: subject, payload: payload,
            occurredAt: occurredAt ?? time)
    }
}
