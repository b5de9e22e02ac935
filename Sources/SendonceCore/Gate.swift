// The checks between a command that is due and its next attempt.

/// What the queue knows about a command when its turn comes.
package struct GateFacts: Hashable, Sendable {
    package var expiresAt: Timestamp?
    /// Position of the event that cancelled it.
    package var cancelledBy: Int64?
    /// Position of the event whose command supersedes it.
    package var supersededBy: Int64?
    /// Start of the first attempt that may have reached the provider.
    package var firstUnsureAt: Timestamp?
    package var onUnknown: OnUnknown?

    package init(
        expiresAt: Timestamp?, cancelledBy: Int64?, supersededBy: Int64?, firstUnsureAt: Timestamp?,
        onUnknown: OnUnknown?
    ) {
        self.expiresAt = expiresAt
        self.cancelledBy = cancelledBy
        self.supersededBy = supersededBy
        self.firstUnsureAt = firstUnsureAt
        self.onUnknown = onUnknown
    }
}

package enum GateAnswer: Hashable, Sendable {
    /// An attempt may begin, and its first byte may leave until then (nil: no bound from the gates).
    case open(until: Timestamp?)
    /// The command ends here. `cause` is the position of the event that ended it, if one did.
    case finish(FinishedState, cause: Int64?)
    /// The command waits for a person.
    case hold(HoldReason)
}

extension GateFacts {
    /// Whether an attempt may begin at `now`.
    ///
    /// A command whose earlier outcome is unknown is never finished by a gate, because it may have been sent:
    /// it is held, so that a person sees it.
    package func check(at now: Timestamp, capability: Capability) -> GateAnswer {
        if let answer = ended(at: now) {
            return firstUnsureAt == nil ? answer : .hold(.unknownOutcome)
        }
        guard let firstUnsureAt, onUnknown != .retry else { return .open(until: expiresAt) }
        guard let safeUntil = capability.safeUntil(firstUnsureAt: firstUnsureAt), now < safeUntil else {
            return .hold(.unknownOutcome)
        }
        // A clock that was set back cannot tell how much of a window is left; where nothing is forgotten, it
        // need not.
        guard now >= firstUnsureAt || capability == .idempotent else { return .hold(.unknownOutcome) }
        return .open(until: expiresAt.map { min($0, safeUntil) } ?? safeUntil)
    }

    private func ended(at now: Timestamp) -> GateAnswer? {
        if let cancelledBy { return .finish(.cancelled, cause: cancelledBy) }
        if let supersededBy { return .finish(.superseded, cause: supersededBy) }
        if let expiresAt, now >= expiresAt { return .finish(.expired, cause: nil) }
        return nil
    }
}
