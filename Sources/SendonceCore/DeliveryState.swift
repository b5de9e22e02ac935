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
            let planned = schedule.delay(afterAttempt: attempt, counted: counted, of: command)
            guard let firstUnsureAt else {
                return .retry(at: now + max(planned, verdict.askedWait), state: .pending)
            }
            return again(
                after: planned, verdict.askedWait, now: now, firstUnsureAt: firstUnsureAt, capability)
        case .unknown:
            let counted = counted + 1
            guard counted < schedule.attemptLimit else { return .hold(.unknownOutcome) }
            let planned = schedule.delay(afterAttempt: attempt, counted: counted, of: command)
            return again(
                after: planned, verdict.askedWait, now: now, firstUnsureAt: firstUnsureAt ?? startedAt,
                capability)
        }
    }

    /// Another attempt although an earlier one may have been accepted: only where that is safe or asked for.
    /// Where the planned wait would miss the provider's window, half of what is left of the window takes its
    /// place; what the provider asked for is never cut short.
    private func again(
        after planned: Span, _ asked: Span, now: Timestamp, firstUnsureAt: Timestamp, _ capability: Capability
    ) -> DeliveryStep {
        switch onUnknown {
        case .hold, .lookUp: return .hold(.unknownOutcome)
        case .retry: return .retry(at: now + max(planned, asked), state: .unknown)
        case nil:
            guard let safeUntil = capability.safeUntil(firstUnsureAt: firstUnsureAt), now < safeUntil else {
                return .hold(.unknownOutcome)
            }
            let half = Span(microseconds: (safeUntil - now).microseconds / 2)
            let wait = max(now + planned < safeUntil ? planned : half, asked)
            guard wait >= min(planned, DeliveryHistory.shortestChance), now + wait < safeUntil else {
                return .hold(.unknownOutcome)
            }
            return .retry(at: now + wait, state: .unknown)
        }
    }
}

extension Verdict {
    /// What the provider asked to wait; nothing if it did not say.
    fileprivate var askedWait: Span { retryAfter ?? Span(microseconds: 0) }
}
