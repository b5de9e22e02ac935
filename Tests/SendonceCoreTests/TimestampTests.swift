// Times as text, against a table and against Python's calendar.
import SendonceCore
import Testing

@Suite("Timestamp")
struct TimestampTests {
    static let read: [(String, Int64)] = [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-21T22:04:05.123456Z", 1_795_298_645_123_456),
        ("2026-11-21t22:04:05.123456z", 1_795_298_645_123_456),
        ("2026-11-21 22:04:05.123456", 1_795_298_645_123_456),
        ("2026-11-21 22:04:05.1234569", 1_795_298_645_123_456),
        ("2026-11-21 23:04:05.123456+01", 1_795_298_645_123_456),
        ("2026-11-21 23:04:05.123456+0100", 1_795_298_645_123_456),
        ("2026-11-21T23:34:05.123456+01:30", 1_795_298_645_123_456),
        ("2026-11-21T14:04:05.123456-08:00", 1_795_298_645_123_456),
        ("2026-11-21T22:04:05.1Z", 1_795_298_645_100_000),
        ("2026-11-21T22:04:05Z", 1_795_298_645_000_000),
        ("2026-11-21T22:04Z", 1_795_298_640_000_000),
        ("2026-11-21T22:04", 1_795_298_640_000_000),
        ("2026-11-21T22:04:05-00:00", 1_795_298_645_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("2000-02-29T00:00:00Z", 951_782_400_000_000),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ]

    @Test("A time is read in the forms that databases and ORMs write", arguments: read)
    func reads(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(text)?.microseconds == microseconds)
    }

    @Test(
        "What is not a time is refused",
        arguments: [
            "", "2026", "2026-11-21", "2026-11-21T", "2026-11-21T22", "2026-11-21T22:", "2026-11-21T22:04:",
            "2026-11-21T22:04:05.", "2026-11-21T22:04:05.Z", "2026-11-21T22:04:05,5Z", "2026-11-21_22:04:05Z",
            "2026-11-21  22:04:05Z", " 2026-11-21T22:04:05Z", "2026-11-21T22:04:05Z ",
            "2026-11-21T22:04:05ZZ",
            "2026-11-21T24:00:00Z", "2026-11-21T22:60:00Z", "2026-11-21T22:04:60Z", "2026-11-21T22:04:61Z",
            "2026-00-21T22:04:05Z", "2026-13-21T22:04:05Z", "2026-11-00T22:04:05Z", "2026-11-31T22:04:05Z",
            "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
            "26-11-21T22:04:05Z", "02026-11-21T22:04:05Z", "-026-11-21T22:04:05Z", "+2026-11-21T22:04:05Z",
            "2026-11-21T22:04:05+1", "2026-11-21T22:04:05+01:", "2026-11-21T22:04:05+01:0",
            "2026-11-21T22:04:05+24:00", "2026-11-21T22:04:05+01:60", "2026-11-21T22:04:05 UTC",
            "2026-11-21T22:04:05Z\u{0}", "2026-11-21T22:04:05Z\n", "２０２６-11-21T22:04:05Z",
            "2026-1-21T22:04:05Z", "1795298645", "now",
        ])
    func refuses(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(
        "A time survives the way into text and back, and the text sorts as the time does",
        arguments: Seeds.all)
    func roundTrip(seed: UInt64) {
        var random = Randomness(seed: seed)
        var times: [Timestamp] = [.earliest, .latest]
        for _ in 0..<500 {
            let bound = random.choose(
                [1_000_000, 100_000_000_000_000, Timestamp.latest.microseconds] as [Int64])
            times.append(
                Timestamp(
                    microseconds: random.number(in: max(-bound, Timestamp.earliest.microseconds)...bound)))
        }
        for time in times {
            #expect(time.text.utf8.count == 27, "seed \(seed)")
            #expect(Timestamp(time.text) == time, "seed \(seed)")
        }
        let byTime = times.sorted().map(\.text)
        let byText = times.map { Text($0.text) }.sorted().map(\.string)
        #expect(byTime == byText, "seed \(seed)")
    }

    @Test("Python's calendar writes every time as we do, and reads the offset as we do")
    func agreesWithPython() throws {
        var random = Randomness(seed: 42)
        var input: [String] = []
        var ours: [String] = []
        // Python's calendar begins with the year 1.
        let first = Timestamp.earliest + .days(366)
        for _ in 0..<3_000 {
            let time = Timestamp(
                microseconds: random.number(in: first.microseconds...Timestamp.latest.microseconds))
            let minutes = random.number(in: -1_439...1_439)
            let sign = minutes < 0 ? "-" : "+"
            let (hour, minute) = (abs(minutes) / 60, abs(minutes) % 60)
            let offset = sign + (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)"
            let local = String(time.text.dropLast()) + offset
            input.append("\(time.microseconds) \(local)")
            ours.append("\(time.text) \(Timestamp(local)?.microseconds ?? .min)")
        }
        let script = """
            import sys
            from datetime import datetime, timedelta, timezone
            epoch = datetime(1970, 1, 1)
            for line in sys.stdin:
                number, local = line.split()
                time = epoch + timedelta(microseconds=int(number))
                naive = datetime.fromisoformat(local[:26])
                sign = -1 if local[26] == "-" else 1
                offset = timedelta(hours=int(local[27:29]), minutes=int(local[30:32])) * sign
                read = (naive - epoch) // timedelta(microseconds=1) - offset // timedelta(microseconds=1)
                print(time.isoformat(timespec="microseconds") + "Z", read)
            """
        let theirs = try Python.lines(["-c", script], input: input)
        #expect(theirs.count == ours.count)
        let differing = zip(theirs, ours).filter { $0 != $1 }
        #expect(differing.isEmpty, "\(differing.prefix(3))")
    }

    @Test("A year outside four digits is written with a sign and six digits, never as another time")
    func expandedYears() {
        let second = Span.seconds(1)
        #expect((Timestamp.earliest - second).text == "-000001-12-31T23:59:59.000000Z")
        #expect((Timestamp.latest + second).text == "+010000-01-01T00:00:00.999999Z")
        #expect(Timestamp(microseconds: .max).text == "+294247-01-10T04:00:54.775807Z")
        #expect(Timestamp(microseconds: .min).text == "-290308-12-21T19:59:05.224192Z")
    }

    @Test("The short form shows seconds in UTC")
    func shortText() {
        #expect(Timestamp(microseconds: -1).shortText == "1969-12-31 23:59:59 UTC")
        #expect(Timestamp(microseconds: 1_795_298_645_123_456).shortText == "2026-11-21 22:04:05 UTC")
    }

    @Test("Adding and subtracting stops at the ends of time instead of trapping")
    func saturation() {
        let (first, last) = (Timestamp(microseconds: .min), Timestamp(microseconds: .max))
        #expect(last + .seconds(1) == last)
        #expect(first - .seconds(1) == first)
        #expect(last - Span(microseconds: .min) == last)
        #expect((last - first).microseconds == .max)
        #expect((first - last).microseconds == .min)
        #expect(Span.days(.max).microseconds == .max)
        #expect(Span.milliseconds(.min).microseconds == .min)
        #expect(Span.hours(36) == .minutes(2_160))
    }

    @Test(
        "A span is described in the largest unit that divides it",
        arguments: [
            (Span.days(30), "30d"), (.hours(36), "36h"), (.minutes(15), "15m"), (.seconds(90), "90s"),
            (.milliseconds(250), "250ms"), (Span(microseconds: 7), "7us"), (.seconds(0), "0s"),
            (.days(-1), "-1d"),
        ])
    func spans(_ span: Span, _ text: String) {
        #expect(span.description == text)
    }

    @Test(
        "Division rounds towards the past",
        arguments: [(7, 2, 3, 1), (-7, 2, -4, 1), (-8, 2, -4, 0), (0, 5, 0, 0), (-1, 86_400, -1, 86_399)]
            as [(Int64, Int64, Int64, Int64)])
    func floorDivision(_ value: Int64, _ divisor: Int64, _ quotient: Int64, _ remainder: Int64) {
        let result = Timestamp.floorDivide(value, divisor)
        #expect(result.quotient == quotient)
        #expect(result.remainder == remainder)
    }
}
