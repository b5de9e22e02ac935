// The instruction to send one message.

/// Immutable; what becomes of it is written elsewhere.
package struct Command: Hashable, Sendable {
    package var id: CommandID
    /// Position of the event that won the key, and from which the message is made.
    package var position: Int64
    package var rule: Text
    /// Which of the event's recipients, from 0.
    package var item: Int64
    package var key: Key
    package var slot: Text
    package var generation: Int64
    /// Digest of the rule set that decided; its templates render the message.
    package var ruleSet: Digest
    package var recipient: EmailAddress
    package var route: Text
    package var occurredAt: Timestamp
    package var notBefore: Timestamp
    package var expiresAt: Timestamp?
    package var onUnknown: OnUnknown?
    /// Digest of the rule's `supersedes` parts, if it has some.
    package var supersedeDigest: Digest?

    package init(
        id: CommandID, position: Int64, rule: Text, item: Int64, key: Key, slot: Text, generation: Int64,
        ruleSet: Digest, recipient: EmailAddress, route: Text, occurredAt: Timestamp, notBefore: Timestamp,
        expiresAt: Timestamp?, onUnknown: OnUnknown?, supersedeDigest: Digest?
    ) {
        self.id = id
        self.position = position
        self.rule = rule
        self.item = item
        self.key = key
        self.slot = slot
        self.generation = generation
        self.ruleSet = ruleSet
        self.recipient = recipient
        self.route = route
        self.occurredAt = occurredAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.onUnknown = onUnknown
        self.supersedeDigest = supersedeDigest
    }
}
