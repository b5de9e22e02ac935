// The fact that an application wrote, and its place in the log.

/// An immutable fact in the past tense, as it stood in the intake.
package struct Event: Hashable, Sendable {
    /// Given by the producer, or nil. Only a given id can be found repeated.
    package var id: Text?
    package var type: Text
    /// Empty where the producer gave none.
    package var source: Text
    package var subject: Text?
    /// Byte for byte as written.
    package var payload: [UInt8]
    /// The event's own statement of its time; windows use this and never a clock. What lies before
    /// `Timestamp.earliest` or after `Timestamp.latest` is held there: no text can write it, and a span can
    /// then be added without leaving time, so that a window always finds the winner that has its slot.
    package var occurredAt: Timestamp
    package var traceparent: Text?

    package init(
        id: Text? = nil, type: Text, source: Text = "", subject: Text? = nil, payload: [UInt8],
        occurredAt: Timestamp, traceparent: Text? = nil
    ) {
        self.id = id
        self.type = type
        self.source = source
        self.subject = subject
        self.payload = payload
        self.occurredAt = min(max(occurredAt, .earliest), .latest)
        self.traceparent = traceparent
    }

    /// Types of events that change decisions, which only Sendonce writes: activation, backfill, re-issue. The
    /// intake refuses them, so an application cannot forge one.
    package static let controlPrefix = "sendonce."
    package static let activationType: Text = "sendonce.rules.activated"
    package static let backfillType: Text = "sendonce.backfill"
    /// The source of every event that Sendonce writes.
    package static let controlSource: Text = "sendonce"

    package var isControl: Bool { type.utf8.starts(with: Event.controlPrefix.utf8) }
}

/// An event with its place in the log.
package struct LoggedEvent: Hashable, Sendable {
    /// 1, 2, 3… without holes, assigned by the projector.
    package var position: Int64
    package var event: Event
    /// The chain's link at this position.
    package var link: Digest
    /// When the projector took it, by the store's clock. Nothing is decided by it.
    package var recordedAt: Timestamp

    package init(position: Int64, event: Event, link: Digest, recordedAt: Timestamp) {
        self.position = position
        self.event = event
        self.link = link
        self.recordedAt = recordedAt
    }
}

/// The last place of the log and the link that stands there.
package struct LogHead: Hashable, Sendable {
    /// 0 while the log is empty.
    package var position: Int64
    package var link: Digest

    package init(position: Int64, link: Digest) {
        self.position = position
        self.link = link
    }

    package static let empty = LogHead(position: 0, link: .zero)

    /// The head after one more event. The link is SHA-256 over the previous link, the position, the time as
    /// microseconds, then id, type, source, subject, traceparent and payload, each preceded by its length as
    /// eight bytes (-1 for absent). Anyone can recompute it from the log's rows.
    package func adding(_ event: Event) -> LogHead {
        var builder = DigestBuilder()
        builder.add(link)
        builder.add(position + 1)
        builder.add(event.occurredAt.microseconds)
        builder.addPart(event.id?.string)
        builder.addPart(event.type.string)
        builder.addPart(event.source.string)
        builder.addPart(event.subject?.string)
        builder.addPart(event.traceparent?.string)
        builder.addPart(event.payload)
        return LogHead(position: position + 1, link: builder.digest())
    }
}
