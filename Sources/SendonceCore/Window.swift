// How long a key competes. Windows compare the events' own times and never read a clock.

/// A length below a microsecond counts as one: `within` nothing would let two events of one instant both win.
package enum Window: Hashable, Sendable {
    /// One winner per key, ever.
    case forever
    /// An event loses if a winner of its key lies closer than this on either side; exactly this far is far
    /// enough.
    case within(Span)
    /// One winner per key and slot; slots of this length tile all time from 1970-01-01T00:00:00Z, in UTC.
    case every(Span)

    /// The earlier winners that can defeat an event at `time`: whoever holds `slot(at: time)` is among them.
    package func range(at time: Timestamp) -> LedgerRange {
        switch self {
        case .forever:
            return .first
        case .within(let length):
            // Half-open: a winner exactly one length earlier does not compete, one exactly so much later
            // neither.
            let length = Window.countable(length)
            return .between(from: time - length + Span(microseconds: 1), before: time + length)
        case .every(let length):
            let length = Window.countable(length)
            let start = Window.slotStart(of: time, length)
            return .between(from: start, before: start + length)
        }
    }

    /// The name of the place that a winner takes; unique per key and generation in the ledger.
    package func slot(at time: Timestamp) -> Text {
        switch self {
        case .forever: "forever"
        case .within: Text("within:\(time.microseconds)")
        case .every(let length):
            Text("every:\(Window.countable(length).microseconds):\(Window.slotNumber(of: time, length))")
        }
    }

    /// Until when a loser would go on losing against `winner`, where that is known.
    package func until(winner: Timestamp, at time: Timestamp) -> Timestamp? {
        switch self {
        case .forever: nil
        case .within(let length): winner + Window.countable(length)
        case .every(let length): Window.slotStart(of: time, length) + Window.countable(length)
        }
    }

    private static func countable(_ length: Span) -> Span {
        max(length, Span(microseconds: 1))
    }

    private static func slotNumber(of time: Timestamp, _ length: Span) -> Int64 {
        Timestamp.floorDivide(time.microseconds, countable(length).microseconds).quotient
    }

    private static func slotStart(of time: Timestamp, _ length: Span) -> Timestamp {
        let (start, overflow) = slotNumber(of: time, length)
            .multipliedReportingOverflow(by: countable(length).microseconds)
        return Timestamp(microseconds: overflow ? .min : start)
    }
}
