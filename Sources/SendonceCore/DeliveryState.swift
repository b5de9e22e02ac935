// The pure state machine of delivery: what is recorded about a command and what its last attempt came to go
// in, what to do next comes out. It performs nothing.

/// What is recorded about a command's earlier attempts, and the rules it is under.
package struct DeliveryHistory: Hashable, Sendable {
    package var command: CommandID
    /// Number of the attempt that just ended, from 1.
    package var attempt: Int
    /// Attempts that counted, without the one that just ended.
    package var counted: Int
    /// Start of the first attempt that may have reached the provider and has no definite no; nil if there was
    /// none.
    package var firstUnsureAt: Timestamp?
    package var expiresAt: Timestamp?
    package var onUnknown: OnUnknown?

    package init(
        command: CommandID, attempt: Int, counted: Int, firstUnsureAt: Timestamp?, expiresAt: Timestamp?,
        onUnknown: OnUnknown?
    ) {
        self.command = command
        self.attempt = attempt
        self.counted = counted
        self.firstUnsureAt = firstUnsureAt
        self.expiresAt = expiresAt
        self.onUnknown = onUnknown
    }
}

/// What to do with a command after an attempt.
package enum DeliveryStep: Hashable, Sendable {
    case finish(FinishedState)
    /// Another attempt under the same key, not before this time.
    case retry(at: Timestamp, state: QueueState)
    case hold(HoldReason)
}

extension DeliveryHistory {
    /// Less than this before the end of the key window, another attempt would not arrive in time.
    private static let shortestChance = Span.seconds(5)

    /// The step after an attempt that began at `startedAt` and ended with `verdict` at `now`.
    ///
    /// Guarantee: after an attempt whose outcome is unknown, another one is planned only inside the
    /// provider's key window, or where the rule says `retry`. A definite no after an unknown outcome does not
    /// make the unknown one known: such a command ends held, never dead.
    package func step(
        after verdict: Verdict, startedAt: Timestamp, now: Timestamp, capability: Capability,
        schedule: RetrySchedule
    ) -> DeliveryStep {
        switch verdict.outcome {
        case .accepted, .duplicate: return .finish(.accepted)
        case .rejected: return firstUnsureAt == nil ? .finish(.rejected) : .hold(.unknownOutcome)
        case .rejectedForNow:
            let counted = counted + (verdict.counts ? 1 : 0)
            guard counted < schedule.attemptLimit else {
                return firstUnsureAt == nil ? .finish(.dead) : .hold(.unknownOutcome)
            }
            let due = due(after: verdict, now: now, schedule: schedule)
            guard let firstUnsureAt else { return .retry(at: due, state: .pending) }
            return again(at: due, now: now, firstUnsureAt: firstUnsureAt, capability)
        case .unknown:
            guard counted + 1 < schedule.attemptLimit else { return .hold(.unknownOutcome) }
            let due = due(after: verdict, now: now, schedule: schedule)
            return again(at: due, now: now, firstUnsureAt: firstUnsureAt ?? startedAt, capability)
        }
    }

    /// Another attempt although an earlier one may have been accepted: only where that is safe or asked for.
    private func again(
        at due: Timestamp, now: Timestamp, firstUnsureAt: Timestamp, _ capability: Capability
    ) -> DeliveryStep {
        switch onUnknown {
        case .hold, .lookUp: return .hold(.unknownOutcome)
        case .retry: return .retry(at: due, state: .unknown)
        case nil:
            guard let safeUntil = capability.safeUntil(firstUnsureAt: firstUnsureAt), now < safeUntil else {
                return .hold(.unknownOutcome)
            }
            guard due >= safeUntil else { return .retry(at: due, state: .unknown) }
            // The planned wait would miss the window: the last chance to learn the outcome is half-way to its end.
            let middle = Span(microseconds: (safeUntil - now).microseconds / 2)
            return middle >= DeliveryHistory.shortestChance
                ? .retry(at: now + middle, state: .unknown) : .hold(.unknownOutcome)
        }
    }

    private func due(after verdict: Verdict, now: Timestamp, schedule: RetrySchedule) -> Timestamp {
        // What does not count, such as a paused account, does not lengthen the waits either.
        let planned = now + schedule.delay(afterAttempt: counted + 1, of: command)
        guard let retryAfter = verdict.retryAfter else { return planned }
        return max(planned, now + retryAfter)
    }
}
