// Points in time and lengths of time as integers. The core has no clock: every time comes in as an argument.

/// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// 0000-01-01T00:00:00Z: no RFC 3339 text is earlier.
    package static let earliest = Timestamp(microseconds: -62_167_219_200_000_000)
    /// 9999-12-31T23:59:59.999999Z: no RFC 3339 text is later.
    package static let latest = Timestamp(microseconds: 253_402_300_799_999_999)

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// Saturates at the ends of time instead of trapping: times come from outside.
    package static func + (time: Timestamp, span: Span) -> Timestamp {
        let (sum, overflow) = time.microseconds.addingReportingOverflow(span.microseconds)
        return Timestamp(microseconds: overflow ? (span.microseconds < 0 ? .min : .max) : sum)
    }

    package static func - (time: Timestamp, span: Span) -> Timestamp {
        time + Span(microseconds: span.microseconds == .min ? .max : -span.microseconds)
    }

    package static func - (later: Timestamp, earlier: Timestamp) -> Span {
        let (difference, overflow) = later.microseconds.subtractingReportingOverflow(earlier.microseconds)
        return Span(microseconds: overflow ? (later < earlier ? .min : .max) : difference)
    }
}

/// A length of time in microseconds.
package struct Span: Hashable, Comparable, Sendable {
    package var microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static func milliseconds(_ count: Int64) -> Span { Span(count, of: 1_000) }
    package static func seconds(_ count: Int64) -> Span { Span(count, of: 1_000_000) }
    package static func minutes(_ count: Int64) -> Span { Span(count, of: 60_000_000) }
    package static func hours(_ count: Int64) -> Span { Span(count, of: 3_600_000_000) }
    package static func days(_ count: Int64) -> Span { Span(count, of: 86_400_000_000) }

    /// Saturates, as times do: a `Retry-After` from outside may be any number.
    private init(_ count: Int64, of unit: Int64) {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        microseconds = overflow ? (count < 0 ? .min : .max) : product
    }

    package static func < (left: Span, right: Span) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The largest unit that divides the span, as rules write it: `30d`, `12h`, `15m`, `90s`, `250ms`.
    package var description: String {
        let units: [(Int64, String)] = [
            (86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms"),
        ]
        for (size, name) in units where microseconds % size == 0 && microseconds != 0 {
            return "\(microseconds / size)\(name)"
        }
        return microseconds == 0 ? "0s" : "\(microseconds)us"
    }
}
