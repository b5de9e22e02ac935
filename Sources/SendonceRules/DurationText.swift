// Lengths of time as rules write them.
import SendonceCore

/// `250ms`, `30s`, `15m`, `24h`, `7d`: a whole number without leading zeros and one unit. A day is 24 hours;
/// windows are counted in UTC, where every day is.
enum DurationText {
    private static let units: [(name: String, size: Span)] = [
        ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .minutes(1)), ("h", .hours(1)), ("d", .days(1)),
    ]

    static func parse(_ text: String) throws(TextMistake) -> Span {
        let digits = text.prefix { ("0"..."9").contains($0) && $0.utf8.count == 1 }
        let unit = text.dropFirst(digits.count)
        guard !digits.isEmpty else {
            throw TextMistake(
                "\"\(text)\" is not a duration; write a number and a unit: 250ms, 30s, 15m, 24h, 7d")
        }
        guard !unit.isEmpty else {
            throw TextMistake(
                "a duration needs a unit: write \"\(text)s\", \"\(text)m\", \"\(text)h\" or \"\(text)d\"")
        }
        guard let size = units.first(where: { $0.name.utf8.elementsEqual(unit.utf8) })?.size else {
            throw TextMistake(
                "\"\(unit)\" is not a unit of time; write ms, s, m, h or d", at: digits.count,
                suggestion: meant(digits, unit))
        }
        guard digits.first != "0" else {
            let isZero = digits.allSatisfy { $0 == "0" }
            throw TextMistake(
                isZero ? "a duration must be longer than nothing" : "a duration has no leading zeros",
                suggestion: isZero ? nil : "\(digits.drop { $0 == "0" })\(unit)")
        }
        guard let count = Int64(digits), count <= Limits.longestSpan.microseconds / size.microseconds else {
            throw TextMistake("a duration is at most \(Limits.longestSpan.description)")
        }
        return Span(microseconds: count * size.microseconds)
    }

    /// The same length in a unit that exists, where what was written has an obvious meaning.
    private static func meant(_ digits: Substring, _ unit: Substring) -> String? {
        let word = unit.lowercased().filter { $0 != " " }
        if word == "w" || word == "week" || word == "weeks" {
            guard let weeks = Int64(digits), weeks < 10_000 else { return nil }
            return "\(weeks * 7)d"
        }
        let words = [
            ("ms", ["ms", "msec", "millis"]), ("s", ["s", "sec", "secs", "second", "seconds"]),
            ("m", ["m", "min", "mins", "minute", "minutes"]), ("h", ["h", "hr", "hrs", "hour", "hours"]),
            ("d", ["d", "day", "days"]),
        ]
        return words.first { $0.1.contains(word) }.map { "\(digits)\($0.0)" }
    }
}
