// Times as text: RFC 3339 and the forms that databases and ORMs write into a text column.

extension Timestamp {
    /// Reads `2026-11-21T22:04:05.123456Z`, also with a blank for `T`, without a fraction, without seconds,
    /// with an offset such as `+01:00`, `+0100` or `+01`. Without an offset the time is UTC, as Django and
    /// Rails store it. Digits below a microsecond are cut off. nil for anything else, including days that no
    /// month has.
    package init?(_ text: String) {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard let year = reader.number(4), reader.skip(0x2D), let month = reader.number(2), reader.skip(0x2D),
            let day = reader.number(2), reader.skip(0x54) || reader.skip(0x74) || reader.skip(0x20),
            let hour = reader.number(2), reader.skip(0x3A), let minute = reader.number(2)
        else { return nil }
        var second: Int64 = 0
        var fraction: Int64 = 0
        if reader.skip(0x3A) {
            guard let value = reader.number(2) else { return nil }
            second = value
            if reader.skip(0x2E) {
                guard let digits = reader.fraction() else { return nil }
                fraction = digits
            }
        }
        guard let offset = reader.offset(), reader.isAtEnd, hour < 24, minute < 60, second < 60,
            let days = Timestamp.daysFromCivil(year: year, month: month, day: day)
        else { return nil }
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// RFC 3339 in UTC with microseconds: from `earliest` to `latest` 27 characters, which sort as the times
    /// do. Years beyond have a sign and six digits (ISO 8601), so that no other time is shown in their place.
    package var text: String {
        let (date, time, fraction) = parts
        return "\(date)T\(time).\(Timestamp.padded(fraction, 6))Z"
    }

    /// For people: to the second, in UTC.
    package var shortText: String {
        let (date, time, _) = parts
        return "\(date) \(time) UTC"
    }

    private var parts: (date: String, time: String, fraction: Int64) {
        let (seconds, fraction) = Timestamp.floorDivide(microseconds, 1_000_000)
        let (days, second) = Timestamp.floorDivide(seconds, 86_400)
        let (year, month, day) = Timestamp.civilFromDays(days)
        let pad = Timestamp.padded
        let time = "\(pad(second / 3_600, 2)):\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))"
        let yearText = (0...9_999).contains(year) ? pad(year, 4) : (year < 0 ? "-" : "+") + pad(abs(year), 6)
        return ("\(yearText)-\(pad(month, 2))-\(pad(day, 2))", time, fraction)
    }

    /// Quotient rounded towards minus infinity, and the remainder, never negative.
    package static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar; the shifted-March method.
    private static func daysFromCivil(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard (1...12).contains(month), day >= 1, day <= daysIn(month: month, year: year) else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400).quotient
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civilFromDays(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097).quotient
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    private static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Walks over ASCII digits; the smallest reader that the time formats need.
private struct DigitReader {
    let bytes: [UInt8]
    var place = 0

    var isAtEnd: Bool { place == bytes.count }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    /// Exactly `width` digits.
    mutating func number(_ width: Int) -> Int64? {
        guard place + width <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[place..<place + width] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        place += width
        return value
    }

    /// One or more digits after the point, as microseconds.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var digits = 0
        while place < bytes.count, (0x30...0x39).contains(bytes[place]) {
            if digits < 6 { value = value * 10 + Int64(bytes[place] - 0x30) }
            digits += 1
            place += 1
        }
        guard digits > 0 else { return nil }
        for _ in digits..<max(6, digits) { value *= 10 }
        return value
    }

    /// Seconds east of UTC; 0 where nothing is written.
    mutating func offset() -> Int64? {
        if isAtEnd || skip(0x5A) || skip(0x7A) { return 0 }
        let isNegative = skip(0x2D)
        guard isNegative || skip(0x2B), let hours = number(2) else { return nil }
        var minutes: Int64 = 0
        if !isAtEnd {
            _ = skip(0x3A)
            guard let value = number(2) else { return nil }
            minutes = value
        }
        guard hours < 24, minutes < 60 else { return nil }
        return (hours * 3_600 + minutes * 60) * (isNegative ? -1 : 1)
    }
}
