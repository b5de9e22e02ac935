// Where a search for waiting rows may begin. While some old transaction anywhere in the cluster holds back
// vacuum, rows that were moved or sent stay in the index, and a search from its beginning wades through all
// of them. So it begins where the last one found something, but only for a while: a row that was committed
// late lies before that place, and nothing may be skipped.

/// How dear it was to search from the very beginning, and when that is due again.
package struct SearchPace: Sendable {
    /// A search that takes less is made from the beginning every time.
    package static let cheap = Duration.milliseconds(2)
    /// Of the time since, a search from the beginning takes at most a tenth.
    package static let share = 9

    private var due = ContinuousClock.now

    package init() {}

    package func isWholeSearchDue(at time: ContinuousClock.Instant) -> Bool { time >= due }

    package mutating func noteWholeSearch(
        from start: ContinuousClock.Instant, to end: ContinuousClock.Instant
    ) {
        let cost = end - start
        due = cost < Self.cheap ? end : end + cost * Self.share
    }
}

/// Where to look for intake rows.
package struct IntakeSearch: Sendable {
    /// Transactions that overlap commit out of the order of their numbers; most of them lie so close.
    package static let margin: Int64 = 4_096

    package var pace = SearchPace()
    /// No row that was visible at the last whole search lies before this.
    package private(set) var hint = Int64.min
    /// The lowest row that a search has just found, for the transaction that takes it.
    package private(set) var found: Int64?

    package init() {}

    package mutating func note(lowest: Int64?) {
        found = lowest
        if let lowest { hint = max(Int64.min + Self.margin, lowest) - Self.margin }
    }

    /// Where the next transaction begins to take; used once.
    package mutating func start() -> Int64 {
        defer { found = nil }
        return found ?? Int64.min
    }
}

/// Where to look for what is due, by route; or, under one name, for leases that ran out.
package struct DueSearch: Sendable {
    /// Times of commands that are emitted a little out of order lie so close, in microseconds.
    package static let margin: Int64 = 2_000_000

    private var paces: [String: SearchPace] = [:]
    /// No row that was visible at the last whole search lies before these.
    package private(set) var hints: [String: Int64] = [:]

    package init() {}

    /// From which time to look; nil: from the beginning.
    package func start(_ route: String, at time: ContinuousClock.Instant) -> Int64? {
        guard let pace = paces[route], !pace.isWholeSearchDue(at: time) else { return nil }
        return hints[route]
    }

    /// `lowest` is the earliest time that was found, or up to which nothing was.
    package mutating func note(
        _ route: String, lowest: Int64, wasWhole: Bool, from start: ContinuousClock.Instant,
        to end: ContinuousClock.Instant
    ) {
        if wasWhole { paces[route, default: SearchPace()].noteWholeSearch(from: start, to: end) }
        hints[route] = max(Int64.min + Self.margin, lowest) - Self.margin
    }
}

/// Where to count commands that are being sent. A count must not miss one, so this place is not guessed: it
/// stands in the route's row, and whoever gives a lease that ends before it brings it back.
package enum SendingSearch {
    /// `known` is where the last count began and `lowest` the first lease end that it found; `given` is the
    /// end of the leases that are about to be given.
    package static func start(known: Int64, lowest: Int64?, given: Int64, cost: Duration) -> Int64 {
        let first = min(lowest ?? given, given)
        return first < known || cost >= SearchPace.cheap ? first : known
    }
}
