// How long a key competes, edge by edge.
import SendonceCore
import Testing

@Suite("Window")
struct WindowTests {
    static let day: Int64 = 86_400_000_000

    static func time(_ text: String) throws -> Timestamp {
        try #require(Timestamp(text))
    }

    /// Whether an earlier winner at the one time defeats an event at the other.
    static func competes(_ window: Window, _ winner: Timestamp, _ time: Timestamp) -> Bool {
        switch window.range(at: time) {
        case .first, .latest: true
        case .between(let from, let end): from <= winner && winner < end
        }
    }

    @Test("Under forever every winner of the key competes, and there is one slot")
    func forever() {
        #expect(Window.forever.range(at: .earliest) == .first)
        #expect(Window.forever.slot(at: .earliest) == Window.forever.slot(at: .latest))
        #expect(Window.forever.until(winner: .earliest, at: .latest) == nil)
    }

    @Test(
        "Within a length: closer than that suppresses on either side, exactly that far does not",
        arguments: [
            (0, true), (1, true), (day - 1, true), (day, false), (day + 1, false),
            (-1, true), (-day + 1, true), (-day, false), (-day - 1, false),
        ] as [(Int64, Bool)])
    func within(_ distance: Int64, _ competes: Bool) {
        for base in [0, 1_795_298_645_123_456, -5 * Self.day + 7] as [Int64] {
            let winner = Timestamp(microseconds: base)
            let time = Timestamp(microseconds: base + distance)
            #expect(Self.competes(.within(.days(1)), winner, time) == competes)
        }
    }

    @Test(
        "Every day: slots begin at midnight UTC, also before 1970",
        arguments: [
            ("2026-11-21T23:59:59.999999Z", "2026-11-22T00:00:00Z", false),
            ("2026-11-21T23:59:59.999Z", "2026-11-22T00:00:00.000Z", false),
            ("2026-11-21T00:00:00Z", "2026-11-21T23:59:59.999999Z", true),
            ("2026-11-21T23:59:59.999999Z", "2026-11-21T00:00:00Z", true),
            ("1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z", false),
            ("1969-12-31T00:00:00Z", "1969-12-31T23:59:59.999999Z", true),
            ("2026-03-29T00:30:00Z", "2026-03-29T23:30:00Z", true),
            ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", true),
            ("2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00", false),
            ("2011-12-30T00:00:00Z", "2011-12-30T23:59:59Z", true),
        ])
    func every(_ winner: String, _ event: String, _ competes: Bool) throws {
        let (winner, event) = (try Self.time(winner), try Self.time(event))
        let window = Window.every(.days(1))
        #expect(Self.competes(window, winner, event) == competes)
        #expect((window.slot(at: winner) == window.slot(at: event)) == competes)
    }

    @Test("Slot names are as the ledger holds them")
    func slotNames() {
        #expect(Window.forever.slot(at: .earliest) == "forever")
        #expect(Window.within(.days(1)).slot(at: Timestamp(microseconds: -5)) == "within:-5")
        #expect(Window.every(.days(1)).slot(at: Timestamp(microseconds: -1)) == "every:86400000000:-1")
        #expect(Window.every(.days(1)).slot(at: Timestamp(microseconds: Self.day)) == "every:86400000000:1")
    }

    @Test("Until: within counts from the winner, every counts to the end of the slot")
    func until() throws {
        let winner = try Self.time("2026-11-21T10:00:00Z")
        let event = try Self.time("2026-11-21T12:00:00Z")
        #expect(
            Window.within(.days(1)).until(winner: winner, at: event)?.text == "2026-11-22T10:00:00.000000Z")
        #expect(
            Window.every(.days(1)).until(winner: winner, at: event)?.text == "2026-11-22T00:00:00.000000Z")
    }

    @Test(
        "A length of nothing or less neither traps nor lets two events of one instant both win",
        arguments: [0, -1, .min] as [Int64])
    func emptyLengths(_ length: Int64) {
        for window in [Window.within(Span(microseconds: length)), .every(Span(microseconds: length))] {
            for time in [Timestamp.earliest, Timestamp(microseconds: 0), .latest] {
                #expect(Self.competes(window, time, time))
                #expect(window.slot(at: time) != window.slot(at: time + Span(microseconds: 1)))
            }
        }
    }

    @Test(
        "Whoever holds the slot of an event is asked for, whatever the window's length", arguments: Seeds.all)
    func slotHolderIsInRange(seed: UInt64) {
        var random = Randomness(seed: seed)
        for _ in 0..<500 {
            let bits = random.number(in: 0...62)
            let length = Span(microseconds: random.number(in: 0...(Int64.max >> bits)))
            let spread = max(1, min(length.microseconds, 1 << 40))
            let base = random.choose([
                Timestamp.earliest.microseconds, -1, 0, 1, Timestamp.latest.microseconds,
                random.number(in: Timestamp.earliest.microseconds...Timestamp.latest.microseconds),
            ])
            func held(_ number: Int64) -> Timestamp {
                min(max(Timestamp(microseconds: number), .earliest), .latest)
            }
            let one = held(base + random.number(in: -spread...spread))
            let other = held(base + random.number(in: -spread...spread))
            for window in [Window.forever, .within(length), .every(length)] {
                let note: Comment = "seed \(seed): \(window), \(one.text), \(other.text)"
                #expect(Self.competes(window, one, one), note)
                if window.slot(at: one) == window.slot(at: other) {
                    #expect(Self.competes(window, one, other), note)
                }
                #expect(Self.competes(window, one, other) == Self.competes(window, other, one), note)
            }
        }
    }
}
