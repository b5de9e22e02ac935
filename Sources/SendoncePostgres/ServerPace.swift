// How much of a server a replay takes. The server's processes know nothing of the priority of this one, so it
// holds itself back while others write there.

/// What is known of others, and what follows from it.
package struct ServerPace: Sendable {
    /// Rows that others wrote on the whole server between two looks, from which on it is taken to be in use.
    package static let fewRows: Int64 = 20
    /// From one look to the next.
    package static let interval = Duration.milliseconds(250)
    /// How long a server counts as in use after a look that said so. Its sessions report what they wrote once
    /// a second at most (https://www.postgresql.org/docs/15/monitoring-stats.html).
    package static let memory = Duration.seconds(3)
    /// A rest, beside the transaction before it: what is left is a quarter of one of the server's processors.
    package static let restFactor = 3
    /// Behind a transaction of a second, which is what one may take.
    package static let longestRest = Duration.seconds(3)

    private var lookedAt: ContinuousClock.Instant?
    private var lastWritten: Int64?
    private var inUseUntil: ContinuousClock.Instant?

    package init() {}

    /// Whether it is time for a look; whoever is told so makes it.
    package mutating func takesLook(at now: ContinuousClock.Instant) -> Bool {
        if let lookedAt, now - lookedAt < ServerPace.interval { return false }
        lookedAt = now
        return true
    }

    /// Takes in how many rows were ever written on the server. The first look says nothing yet.
    package mutating func look(_ written: Int64, at now: ContinuousClock.Instant) {
        defer { lastWritten = written }
        guard let lastWritten else {
            // Until the next look tells.
            inUseUntil = now + ServerPace.interval
            return
        }
        // Fewer than before: the figures were reset, or the server was started anew.
        let isInUse = written < lastWritten || written - lastWritten >= ServerPace.fewRows
        if isInUse { inUseUntil = now + ServerPace.memory }
    }

    /// A server that does not tell counts as in use.
    package mutating func lookInVain(at now: ContinuousClock.Instant) { inUseUntil = now + ServerPace.memory }

    /// Whether somebody else uses the server, as far as that is known.
    package func isInUse(at now: ContinuousClock.Instant) -> Bool { inUseUntil.map { now < $0 } ?? false }

    /// How long to leave the server alone after a transaction.
    package func rest(after transaction: Duration, at now: ContinuousClock.Instant) -> Duration {
        isInUse(at: now) ? min(transaction * ServerPace.restFactor, ServerPace.longestRest) : .zero
    }
}
