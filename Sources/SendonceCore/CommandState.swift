// Where a command is on its way.

/// States of a command that is not finished; the words of `outbox_queue.state`.
package enum QueueState: String, Hashable, Sendable, CaseIterable {
    /// Waits for its due time: for the first attempt, or for another one after a definite no.
    case pending
    /// Claimed: a lease runs and an attempt is open.
    case sending
    /// The last attempt's outcome is unknown; another under the same key is due.
    case unknown
    /// Waits for a person.
    case held
}

/// States that end a command; the words of `outbox_finish.state`. They never change, except by a recorded
/// act.
package enum FinishedState: String, Hashable, Sendable, CaseIterable {
    case accepted, rejected
    /// Attempts used up, each of them with a definite no.
    case dead
    case expired, cancelled, superseded, suppressed
}

/// Why a command waits for a person; the words of `outbox_queue.hold_reason`.
package enum HoldReason: String, Hashable, Sendable, CaseIterable {
    case `operator`
    case unknownOutcome = "unknown_outcome"
    case templateError = "template_error"
    case restored, fence
}
