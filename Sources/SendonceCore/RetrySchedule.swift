// When to try again. Reproducible: the jitter comes from the command's id, not from a die.

/// Exponential back-off with jitter. With the defaults: about 2 s, 4 s, 8 s … up to an hour; between twelve
/// attempts that count lie 34 to 68 minutes of waiting, the last ones far apart.
package struct RetrySchedule: Hashable, Sendable {
    package var base: Span
    package var longest: Span
    package var attemptLimit: Int

    package init(base: Span = .seconds(2), longest: Span = .hours(1), attemptLimit: Int = Limits.attemptLimit)
    {
        self.base = base
        self.longest = longest
        self.attemptLimit = attemptLimit
    }

    /// The wait after the given attempt, counted from 1: between half of and the whole exponential step.
    ///
    /// `counted` is how many attempts counted by then. Only those lengthen the step: a key that was wrong for
    /// an hour or a restart says nothing about the message, and the route has pauses of its own for them.
    package func delay(afterAttempt attempt: Int, counted: Int, of command: CommandID) -> Span {
        let exponent = Int64(min(max(counted, 1) - 1, 40))
        let (product, overflow) = base.microseconds.multipliedReportingOverflow(by: 1 << exponent)
        let step = overflow ? longest.microseconds : min(product, longest.microseconds)
        // A fixed mixing of the id's random bits with the attempt, so that retries of many commands spread
        // out.
        var mixed = command.low ^ (UInt64(max(attempt, 1)) &* 0x9E37_79B9_7F4A_7C15)
        mixed = (mixed ^ mixed >> 31) &* 0xBF58_476D_1CE4_E5B9
        let half = step / 2
        return Span(microseconds: half + Int64(mixed % UInt64(max(half, 1))))
    }
}
