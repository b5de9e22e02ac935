// How fast a route may send: what all dispatchers together may, which the store counts, and a token bucket
// that smooths what each of them does within that. In whole numbers, with the time as an argument.
package import SendonceCore
package import SendonceStore

/// `count` messages in any span of `per`, whoever sends them; and from one dispatcher up to `burst` at once
/// after a rest, spread evenly from then on. With a burst of `count` the bucket holds nothing back that the
/// count does not.
package struct RateSettings: Hashable, Sendable {
    /// nil: as fast as the other limits let it.
    package var count: Int?
    package var per: Span
    package var burst: Int

    package init(count: Int? = nil, per: Span = .seconds(1), burst: Int? = nil) {
        // The bounds keep the bucket's arithmetic inside 64 bits.
        self.count = count.map { min(max($0, 1), 1_000_000) }
        self.per = min(max(per, .milliseconds(1)), .days(1))
        self.burst = min(max(burst ?? self.count ?? 1, 1), 1_000_000)
    }

    /// The part that holds for all dispatchers together.
    package var shared: RouteRate? { count.map { RouteRate(count: $0, per: per) } }
}

/// One dispatcher's bucket.
///
/// Guarantee: with times that do not go back, between any two moments at most `burst` and what the rate
/// allows for the time between them are taken. Give it monotonic times; a clock that goes back gives nothing
/// at that moment, and may give the time that it lost a second time.
package struct RateLimit: Hashable, Sendable {
    package let settings: RateSettings
    /// One message costs `per` microseconds' worth; each microsecond brings `count`.
    private var level: Int64
    private var filledAt: Timestamp

    /// Begins full.
    package init(_ settings: RateSettings, at now: Timestamp) {
        self.settings = settings
        level = Int64(settings.burst) * settings.per.microseconds
        filledAt = now
    }

    /// Takes as many as there are, `wanted` at most.
    package mutating func take(upTo wanted: Int, at now: Timestamp) -> Int {
        guard wanted > 0 else { return 0 }
        guard settings.count != nil else { return wanted }
        fill(at: now)
        let taken = min(Int64(wanted), level / settings.per.microseconds)
        level -= taken * settings.per.microseconds
        return Int(taken)
    }

    /// Gives back what was taken and not used.
    package mutating func putBack(_ unused: Int) {
        let capacity = Int64(settings.burst) * settings.per.microseconds
        level = min(capacity, level + Int64(min(max(unused, 0), settings.burst)) * settings.per.microseconds)
    }

    /// The first moment, not before `now`, at which one message may go.
    package func next(at now: Timestamp) -> Timestamp {
        guard let count = settings.count else { return now }
        var filled = self
        filled.fill(at: now)
        let missing = settings.per.microseconds - filled.level
        guard missing > 0 else { return now }
        return now + Span(microseconds: (missing + Int64(count) - 1) / Int64(count))
    }

    private mutating func fill(at now: Timestamp) {
        guard let count = settings.count else { return }
        let elapsed = (now - filledAt).microseconds
        filledAt = now
        guard elapsed > 0 else { return }
        let capacity = Int64(settings.burst) * settings.per.microseconds
        let (brought, overflow) = elapsed.multipliedReportingOverflow(by: Int64(count))
        level = overflow || brought >= capacity - level ? capacity : level + brought
    }
}
