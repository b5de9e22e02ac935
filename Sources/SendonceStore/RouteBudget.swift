// What a route's limits leave for one claim. Nothing keeps a count: it is read from the queue and the
// attempts, which every claim writes anyway, so that a crash cannot leave a wrong one.
package import SendonceCore

/// What is recorded of a route, counted while nobody else can claim of it. Neither number is counted beyond
/// its limit.
package struct RouteUse: Hashable, Sendable {
    /// Commands that are being sent, those of dead dispatchers included until they are settled.
    package var sending: Int
    /// Attempts whose start lies in the rate's window, the newest ones.
    package var started: Int
    /// The earliest start among them.
    package var oldestStart: Timestamp?

    package init(sending: Int = 0, started: Int = 0, oldestStart: Timestamp? = nil) {
        self.sending = sending
        self.started = started
        self.oldestStart = oldestStart
    }
}

/// Why no more of a route can be claimed.
package enum RouteWait: Hashable, Sendable {
    /// So many attempts have started that the next may start at this time.
    case rate(until: Timestamp)
    /// So many attempts are under way, here or elsewhere, that one has to end first.
    case concurrency
}

/// One claim's budget of one route; spent attempt by attempt.
package struct RouteBudget: Sendable {
    private let share: RouteShare
    private let use: RouteUse
    private let now: Timestamp
    private var spent = 0

    package init(_ share: RouteShare, used use: RouteUse, at now: Timestamp) {
        self.share = share
        self.use = use
        self.now = now
    }

    /// Attempts that may still begin.
    package var remaining: Int {
        max(0, min(share.commands - spent, concurrencyLeft ?? .max, rateLeft ?? .max))
    }

    private var concurrencyLeft: Int? { share.concurrency.map { $0 - use.sending - spent } }
    private var rateLeft: Int? { share.rate.map { $0.count - use.started - spent } }

    /// One attempt begins now. Only while some remain.
    package mutating func spend() {
        spent += 1
    }

    /// Which limit lets no further attempt begin; nil while more could be admitted. Of two the rate, because
    /// it says when it will be over.
    package var wait: RouteWait? {
        if let rate = share.rate, let rateLeft, rateLeft <= 0 {
            let oldest = use.oldestStart ?? now
            return .rate(until: (spent > 0 ? min(oldest, now) : oldest) + rate.per)
        }
        if let concurrencyLeft, concurrencyLeft <= 0 { return .concurrency }
        return nil
    }
}
