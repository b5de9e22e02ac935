// How long a key competes. Windows compare the events' own times and never read a clock.

package enum Window: Hashable, Sendable {
    /// One winner per key, ever.
    case forever
    /// An event loses if a winner of its key lies closer than this on either side; exactly this far is far enough.
    case within(Span)
    /// One winner per key and slot; slots of this length tile all time from 1970-01-01T00:00:00Z, in UTC.
    case every(Span)

    /// The earlier winners that can defeat an event at `time`.
    package func range(at time: Timestamp) -> LedgerRange {
        switch self {
        case .forever: .first
        case .within(let span):
            // Half-open: a winner exactly `span` earlier does not compete, one exactly `span` later neither.
            .between(from: time - span + Span(microseconds: 1), before: time + span)
        case .every(let span):
            .between(from: slotStart(of: time, span), before: slotStart(of: time, span) + span)
        }
    }

    /// The name of the place that a winner takes; unique per key and generation in the ledger.
    package func slot(at time: Timestamp) -> Text {
        switch self {
        case .forever: "forever"
        case .within: Text("within:\(time.microseconds)")
        case .every(let span):
            Text(
                "every:\(span.microseconds):\(Timestamp.floorDivide(time.microseconds, span.microseconds).quotient)")
        }
    }

    /// Until when a loser would go on losing against `winner`, where that is known.
    package func until(winner: Timestamp, at time: Timestamp) -> Timestamp? {
        switch self {
        case .forever: nil
        case .within(let span): winner + span
        case .every(let span): slotStart(of: time, span) + span
        }
    }

    private func slotStart(of time: Timestamp, _ span: Span) -> Timestamp {
        let slot = Timestamp.floorDivide(time.microseconds, span.microseconds).quotient
        let (start, overflow) = slot.multipliedReportingOverflow(by: span.microseconds)
        return Timestamp(microseconds: overflow ? .min : start)
    }
}
