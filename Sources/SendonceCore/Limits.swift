// Every bound of the core and the stores in one place, each with its reason.

package enum Limits {
    /// Longest payload of an event, in bytes. An event is a fact, not a document; at this size a batch still
    /// fits.
    package static let payloadBytes = 1 << 20
    /// Deepest nesting of a payload, counted with the outermost object as 1. Parsers recurse; people do not.
    package static let payloadDepth = 64
    /// Longest event type, in bytes.
    package static let eventTypeBytes = 200
    /// Longest `id`, `source`, `subject` of an event, in bytes.
    package static let envelopeTextBytes = 1_000
    /// Longest single part of a key, in bytes. It is stored for ever.
    package static let keyPartBytes = 1_000
    /// Parts of one key.
    package static let keyParts = 8
    /// Longest e-mail address (RFC 5321 4.5.3.1.3: path of 256 with its brackets).
    package static let addressBytes = 254
    /// Longest local part (RFC 5321 4.5.3.1.1).
    package static let localPartBytes = 64
    /// Recipients that one event may select for one rule: each is a command of its own.
    package static let recipientsPerEvent = 100
    /// Events in one projector transaction: bounds the time that the write lock is held.
    package static let batchEvents = 5_000
    /// Decisions after which a projector transaction takes no further event: one event can select many
    /// recipients.
    package static let batchDecisions = 10_000
    /// Payload bytes in one projector transaction: bounds memory whatever single events weigh.
    package static let batchBytes = 8 << 20
    /// Past events that one event of a backfill decides: a tenth of what a projector transaction may take.
    package static let backfillEvents = 500
    /// Decisions after which it takes no further past event: one event can select many recipients.
    package static let backfillDecisions = 2_000
    /// Newer events with the same `supersedes` that a backfill remembers, the newest ones: whether a past one
    /// is superseded is asked of these. A person who asked for a password sixteen times has the last mail.
    package static let backfillRivals = 16
    /// Longest name of a backfill's request, and longest name of who does it, in bytes.
    package static let actNameBytes = 200
    /// Longest reason that a person gives for an act, in bytes.
    package static let actReasonBytes = 2_000
    /// Attempts that count, before a command is dead. With the usual schedule they take about an hour.
    package static let attemptLimit = 12
    /// Excerpt of a provider's answer that is kept, in bytes.
    package static let answerExcerptBytes = 2_000
}
