// The two quotas of an account: recipients a day, requests a second. Both count in fixed spans of the fake's
// clock.

/// Recipients written to in the newest UTC day that was seen.
struct Credits {
    private var day: Int64 = .min
    private var count = 0

    private static let dayMilliseconds: Int64 = 86_400_000

    func used(at now: Int64) -> Int { now / Self.dayMilliseconds > day ? 0 : count }

    mutating func use(_ recipients: Int, at now: Int64) {
        let today = now / Self.dayMilliseconds
        if today > day {
            day = today
            count = 0
        }
        if today == day { count += recipients }
    }
}

/// Requests judged in the newest second that was seen.
struct Rate {
    private var second: Int64 = .min
    private var count = 0

    /// Counts one request; false if the second has no room for it.
    mutating func take(limit: Int, at now: Int64) -> Bool {
        if now / 1_000 > second {
            second = now / 1_000
            count = 0
        }
        guard count < limit else { return false }
        count += 1
        return true
    }

    func remaining(limit: Int) -> Int { max(0, limit - count) }

    /// Brevo's rate headers, reset in seconds (developers.brevo.com/docs/limit-headers). `Retry-After` is not
    /// documented there and not sent.
    static func headers(limit: Int, remaining: Int, reset: Int) -> [(name: String, value: String)] {
        [
            ("x-sib-ratelimit-limit", "\(limit)"), ("x-sib-ratelimit-remaining", "\(remaining)"),
            ("x-sib-ratelimit-reset", "\(reset)"),
        ]
    }
}
