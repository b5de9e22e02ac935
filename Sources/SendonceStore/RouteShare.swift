// How much of a route one dispatcher asks for, and what the route allows all of them together.
package import SendonceCore

/// So many attempts may start in any span of this length.
package struct RouteRate: Hashable, Sendable {
    package var count: Int
    package var per: Span

    package init(count: Int, per: Span) {
        self.count = count
        self.per = per
    }

    /// Starts that lie further ahead of a dispatcher's clock than this and `per` are some clock's mistake and
    /// count for nothing: otherwise one host in the year 2036 would stop a route until then. Dispatchers of
    /// one log share a clock (`StoreClock`), and none is older than the time it may have waited for a lock.
    package static let clockTolerance = Span.seconds(10)

    /// The starts that count for an attempt that begins now: after the first time, up to the second.
    package func window(at now: Timestamp) -> (after: Timestamp, through: Timestamp) {
        (now - per, now + per + RouteRate.clockTolerance)
    }
}

/// How much of one route may be claimed.
///
/// The limits hold for all dispatchers of one log together, as far as each of them names them.
package struct RouteShare: Hashable, Sendable {
    package var route: Text
    /// Most that this dispatcher can use now.
    package var commands: Int
    /// Attempts under way at one time, whoever began them; nil: no limit.
    package var concurrency: Int?
    /// nil: no limit.
    package var rate: RouteRate?

    package init(route: Text, commands: Int, concurrency: Int? = nil, rate: RouteRate? = nil) {
        self.route = route
        self.commands = commands
        self.concurrency = concurrency
        self.rate = rate
    }

    /// Whether other dispatchers' claims matter to this one.
    package var isLimited: Bool { concurrency != nil || rate != nil }
}
