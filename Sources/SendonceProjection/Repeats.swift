// Finding events that a producer wrote twice under one name.
import SendonceCore
import SendonceStore

/// Which names of a batch were seen before, in the log or earlier in the batch itself.
struct Repeats {
    private var positions: [EventName: Int64]

    init(known: [EventName: Int64]) {
        positions = known
    }

    /// The names that producers gave; events without an id cannot be repeated.
    static func names(in events: [IntakeEvent]) -> [EventName] {
        events.compactMap { name(of: $0.event) }
    }

    static func names(in events: [LoggedEvent]) -> [EventName] {
        events.compactMap { name(of: $0.event) }
    }

    /// Where the event's name stood first; nil if this is the first time, which is then remembered.
    mutating func firstPosition(of event: Event, at position: Int64) -> Int64? {
        guard let name = Repeats.name(of: event) else { return nil }
        if let first = positions[name] { return first }
        positions[name] = position
        return nil
    }

    private static func name(of event: Event) -> EventName? {
        event.id.map { EventName(source: event.source, id: $0) }
    }
}
