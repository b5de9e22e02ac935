// What the projector concluded for one event and one rule.

/// The closed list of reasons. The same words stand in SQL, on the command line, in JSON and in metrics.
package enum Reason: Error, Hashable, Sendable {
    /// The event won its key; the command is the decision's own.
    case emitted
    /// The key was won before, for ever.
    case duplicate(winner: Int64)
    /// A winner of the key lies in the same window.
    case withinWindow(winner: Int64, until: Timestamp)
    /// The producer wrote this (`source`, `id`) before; no rule sees the second event.
    case repeatedEvent(of: Int64)
    /// `when` is false, or could not be evaluated: the detail says what was missing.
    case conditionFalse(detail: String?)
    /// No rule in force names the event's type.
    case noRule
    case keyMissing(part: String)
    case keyInvalid(part: String)
    case recipientMissing
    case recipientInvalid(detail: String)
    case paramMissing(name: String)
    case payloadInvalid(detail: String)
    /// The event ends this command, if it is still unsent when its turn comes.
    case cancels(command: CommandID)
    /// `cancel_on` fits, but no command of the key exists.
    case cancelsNothing
    /// An activation, a backfill, a re-issue: what it did.
    case control(detail: String)

    package var word: String { Reason.words[ordinal] }

    /// Place in `words`.
    package var ordinal: Int {
        switch self {
        case .emitted: 0
        case .duplicate: 1
        case .withinWindow: 2
        case .repeatedEvent: 3
        case .conditionFalse: 4
        case .noRule: 5
        case .keyMissing: 6
        case .keyInvalid: 7
        case .recipientMissing: 8
        case .recipientInvalid: 9
        case .paramMissing: 10
        case .payloadInvalid: 11
        case .cancels: 12
        case .cancelsNothing: 13
        case .control: 14
        }
    }

    /// All words, in the order of DESIGN.
    package static let words = [
        "emitted", "duplicate", "within_window", "repeated_event", "condition_false", "no_rule",
        "key_missing", "key_invalid", "recipient_missing", "recipient_invalid", "param_missing",
        "payload_invalid", "cancels", "cancels_nothing", "control",
    ]
}

/// One row of `outbox_decision`.
package struct Decision: Hashable, Sendable {
    /// Where it was made: the event's own position, or that of the act that let a past event be decided.
    package var position: Int64
    /// Position of the past event that a backfill decided; nil where the event at `position` itself is meant.
    package var event: Int64?
    /// Empty where no single rule is meant: `no_rule`, `repeated_event`, `payload_invalid`, `control`.
    package var rule: Text
    /// 0, and counted on where one position has several decisions for one rule: an event that selects several
    /// recipients, a backfill that decides many events.
    package var item: Int64
    package var reason: Reason
    package var key: Key?
    package var recipient: Text?
    /// The command of an emitted decision.
    package var command: Command?

    package init(
        position: Int64, event: Int64? = nil, rule: Text = "", item: Int64 = 0, reason: Reason,
        key: Key? = nil, recipient: Text? = nil, command: Command? = nil
    ) {
        self.position = position
        self.event = event
        self.rule = rule
        self.item = item
        self.reason = reason
        self.key = key
        self.recipient = recipient
        self.command = command
    }

    /// Position of the event that was decided.
    package var about: Int64 { event ?? position }
}
