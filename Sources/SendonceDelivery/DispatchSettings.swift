// How a dispatcher works, and what one of its turns did.
package import SendonceCore

/// Times and sizes of a dispatcher, each with its reason.
package struct DispatchSettings: Sendable {
    /// Who claims, for the audit: host and process.
    package var dispatcher: Text
    /// How long a claim holds. Longer than any transfer may take plus the margin, so that a live dispatcher
    /// never loses a command; short enough that a dead one's commands are looked at soon.
    package var lease: Span
    /// What is kept between the latest end of a transfer and the lease's end, for recording the outcome.
    package var leaseMargin: Span
    /// How often lapsed leases are looked for.
    package var lapseCheckInterval: Span
    /// Most settlements in one transaction of recovery; so many outcomes are recorded without waiting for
    /// more.
    package var settleBatch: Int
    /// How long an outcome may wait for others while more attempts are under way, so that they are recorded
    /// in one transaction, and as many commands claimed in the next. A transaction on a server costs as much
    /// as a dozen outcomes do. Whoever is killed meanwhile leaves those attempts unknown, as he leaves those
    /// that are under way. Zero: each turn records what it finds.
    package var gatheringTime: Span

    /// For a store on a server. Much shorter than a provider's answer takes.
    package static let gatheringTimeOnServer = Span.milliseconds(5)

    package init(
        dispatcher: Text = "dispatcher", lease: Span = .seconds(90), leaseMargin: Span? = nil,
        lapseCheckInterval: Span = .milliseconds(500), settleBatch: Int = 500,
        gatheringTime: Span = .milliseconds(0)
    ) {
        self.dispatcher = dispatcher
        self.lease = lease
        self.leaseMargin = leaseMargin ?? DispatchSettings.margin(of: lease)
        self.lapseCheckInterval = lapseCheckInterval
        self.settleBatch = settleBatch
        self.gatheringTime = gatheringTime
    }

    /// A tenth of the lease, ten seconds at most: recording an outcome takes milliseconds, but a store can be
    /// busy.
    package static func margin(of lease: Span) -> Span {
        min(Span(microseconds: lease.microseconds / 10), .seconds(10))
    }

    /// What a lease leaves for an attempt: for making the connection, which comes before the first byte, and
    /// from that byte on for the whole transfer. Where the two timeouts together are not shorter, a
    /// connection that takes long leaves no time to send, and with a long enough transfer every connection.
    package static func longestAttempt(within lease: Span) -> Span {
        Span(microseconds: lease.microseconds - margin(of: lease).microseconds)
    }
}

/// What one turn did; for progress lines and tests, not for the audit.
package struct DispatchReport: Sendable {
    package var settled = 0
    package var stale = 0
    package var claimed = 0
    package var finished = 0
    package var held = 0
    package var outcomes: [Outcome: Int] = [:]
    /// Monotonic nanoseconds at which settled attempts were issued.
    package var issuedAt: [UInt64] = []
    /// Outcomes wait for others: the next turn is due after this time, or as soon as answers arrive.
    package var rest: Span?

    package init() {}

    /// Whether the turn found nothing to do.
    package var isIdle: Bool { settled == 0 && claimed == 0 && finished == 0 && held == 0 }

    mutating func add(_ verdict: Verdict, _ step: DeliveryStep, issuedAt: UInt64?) {
        outcomes[verdict.outcome, default: 0] += 1
        if case .hold = step { held += 1 }
        if let issuedAt { self.issuedAt.append(issuedAt) }
    }
}
