// Pauses a route whose provider refuses or cannot take anything, instead of burning the attempts of every
// command.
package import SendonceCore

package struct BreakerSettings: Hashable, Sendable {
    /// So many server troubles in a row…
    package var troubles: Int
    /// …within this time open the breaker.
    package var span: Span
    /// The first pause; each further one doubles.
    package var shortest: Span
    package var longest: Span
    /// The pause after a 429 that does not say for how long.
    package var throttlePause: Span

    package init(
        troubles: Int = 5, span: Span = .minutes(1), shortest: Span = .seconds(30),
        longest: Span = .minutes(15),
        throttlePause: Span = .seconds(5)
    ) {
        self.troubles = max(1, troubles)
        self.span = span
        self.shortest = shortest
        self.longest = longest
        self.throttlePause = throttlePause
    }
}

/// A pure state machine: verdicts and times in, permission out.
///
/// Guarantees: account and credit trouble open it at once, server trouble after `troubles` in a row, a 429
/// for as long as the provider asked; while it is open nothing is admitted; after the pause one probe at a
/// time; an answer that shows the provider at work closes it and forgets the pauses.
package struct CircuitBreaker: Hashable, Sendable {
    package struct Opening: Hashable, Sendable {
        package var trouble: RouteTrouble
        package var since: Timestamp
        package var until: Timestamp
        /// The answer that opened it.
        package var code: Text
        package var words: Text

        /// Not so any more after a clock that went back: that makes it worth asking again.
        fileprivate func isInForce(at now: Timestamp) -> Bool { since <= now && now < until }

        /// One sentence for people.
        package var description: String {
            let reason =
                switch trouble {
                case .account: "the provider refuses the account"
                case .credit: "the account has no credit"
                case .throttled: "the provider asked to slow down"
                case .server: "the provider is unwell or cannot be reached"
                }
            let answer = words.isEmpty ? "\(code)" : "\(code): \(words)"
            return "paused until \(until.shortText), because \(reason) (\(answer))"
        }
    }

    package enum State: Hashable, Sendable {
        case closed
        case open(Opening)
        /// The pause is over; `isProbing` while the one probe is out.
        case halfOpen(Opening, isProbing: Bool)
    }

    package let settings: BreakerSettings
    package private(set) var state = State.closed
    /// Times of the last server troubles in a row, oldest first.
    private var troubles: [Timestamp] = []
    /// Pauses since it was last closed.
    private var pauses = 0

    package init(_ settings: BreakerSettings = BreakerSettings()) {
        self.settings = settings
    }

    /// Why nothing goes, or only a probe; nil while all goes.
    package var opening: Opening? {
        switch state {
        case .closed: nil
        case .open(let opening), .halfOpen(let opening, _): opening
        }
    }

    /// When to ask again; nil while open to all, or while a probe is out.
    package var nextAt: Timestamp? {
        guard case .open(let opening) = state else { return nil }
        return opening.until
    }

    /// How many of `wanted` may go now. A probe that is admitted must be reported by `note` or by `release`.
    package mutating func admit(upTo wanted: Int, at now: Timestamp) -> Int {
        guard wanted > 0 else { return 0 }
        if case .open(let opening) = state, !opening.isInForce(at: now) {
            state = .halfOpen(opening, isProbing: false)
        }
        switch state {
        case .closed: return wanted
        case .open: return 0
        case .halfOpen(_, isProbing: true): return 0
        case .halfOpen(let opening, isProbing: false):
            state = .halfOpen(opening, isProbing: true)
            return 1
        }
    }

    /// What was admitted found nothing to send, or never left.
    package mutating func release() {
        if case .halfOpen(let opening, _) = state { state = .halfOpen(opening, isProbing: false) }
    }

    /// Takes a verdict into account.
    package mutating func note(_ verdict: Verdict, at now: Timestamp) {
        switch verdict.trouble {
        case nil:
            switch verdict.outcome {
            case .accepted, .duplicate, .rejected: recovered()
            // Says nothing about the provider: it never left, or nobody knows.
            case .rejectedForNow, .unknown: release()
            }
        case .account, .credit: open(for: verdict, now: now, pause: nil)
        case .throttled:
            open(for: verdict, now: now, pause: verdict.retryAfter ?? settings.throttlePause)
        case .server:
            troubles = (troubles + [now]).suffix(settings.troubles)
            let isSustained =
                troubles.count == settings.troubles
                && (troubles.first.map { now - $0 <= settings.span } ?? false)
            let wasProbe = if case .halfOpen = state { true } else { false }
            if wasProbe || isSustained { open(for: verdict, now: now, pause: nil) }
        }
    }

    private mutating func recovered() {
        // A late answer to a request from before the pause proves nothing about now.
        if case .open = state { return }
        state = .closed
        troubles = []
        pauses = 0
    }

    /// Opens, or lengthens the pause; never shortens it. Late answers of requests that were in flight when it
    /// opened do not double the pause, and a 429 among 401s does not turn it into throttling.
    private mutating func open(for verdict: Verdict, now: Timestamp, pause: Span?) {
        let trouble = verdict.trouble ?? .server
        let asked = now + (verdict.retryAfter ?? Span(microseconds: 0))
        var earliest = asked
        if case .open(var opening) = state, opening.since <= now {
            guard trouble.gravity > opening.trouble.gravity else {
                opening.until = max(opening.until, asked)
                state = .open(opening)
                return
            }
            earliest = max(asked, opening.until)
        }
        if pause == nil { pauses += 1 }
        let until = max(now + (pause ?? length(ofPause: pauses)), earliest)
        troubles = []
        state = .open(
            Opening(trouble: trouble, since: now, until: until, code: verdict.code, words: verdict.words))
    }

    private func length(ofPause number: Int) -> Span {
        let doublings = Int64(min(number - 1, 30))
        let (length, overflow) = settings.shortest.microseconds.multipliedReportingOverflow(
            by: 1 << doublings)
        return overflow ? settings.longest : min(Span(microseconds: length), settings.longest)
    }
}

extension RouteTrouble {
    /// What lasts longer weighs more.
    fileprivate var gravity: Int {
        switch self {
        case .throttled: 0
        case .server: 1
        case .credit, .account: 2
        }
    }
}
