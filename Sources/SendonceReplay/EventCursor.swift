// An event as it lies in a page, read where it lies.
import SendonceCore
import SendonceStore

/// Points into a page: for as long as the page is not filled again.
struct EventCursor {
    private let row: UnsafeRawBufferPointer
    let position: Int64
    private let occurredAt: Int64
    private let id: UnsafeRawBufferPointer?
    private let type: UnsafeRawBufferPointer
    private let source: UnsafeRawBufferPointer
    private let subject: UnsafeRawBufferPointer?
    private let traceparent: UnsafeRawBufferPointer?
    let payload: UnsafeRawBufferPointer
    /// Bytes that the chain's link is made from, after the link before.
    private let chained: Int
    private let linkBytes: UnsafeRawBufferPointer?
    private let recordedAt: Int64

    init(_ row: UnsafeRawBufferPointer) {
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        self.row = row
        var cursor = RowCursor(row)
        position = cursor.integer()
        occurredAt = cursor.integer()
        id = cursor.part()
        type = cursor.part() ?? nothing
        source = cursor.part() ?? nothing
        subject = cursor.part()
        traceparent = cursor.part()
        payload = cursor.part() ?? nothing
        chained = cursor.offset
        linkBytes = cursor.part()
        recordedAt = cursor.integer()
    }

    var isControl: Bool { type.starts(with: Event.controlPrefix.utf8) }

    /// The event as the projector saw it.
    var logged: LoggedEvent {
        var event = envelope
        event.payload = Array(payload)
        return LoggedEvent(
            position: position, event: event, link: link ?? .zero,
            recordedAt: Timestamp(microseconds: recordedAt))
    }

    /// The event without its payload.
    var envelope: Event {
        Event(
            id: EventCursor.text(id), type: EventCursor.text(type), source: EventCursor.text(source),
            subject: EventCursor.text(subject), payload: [], occurredAt: Timestamp(microseconds: occurredAt),
            traceparent: EventCursor.text(traceparent))
    }

    private static func text(_ bytes: UnsafeRawBufferPointer?) -> Text? { bytes.map { text($0) } }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> Text {
        bytes.isEmpty ? "" : Text(String(decoding: bytes, as: UTF8.self))
    }

    /// The recorded link.
    var link: Digest? { linkBytes.flatMap { Digest(raw: $0) } }

    /// The link that follows from the one before it: `LogHead.adding`, whose input these bytes are.
    func link(after previous: Digest) -> Digest {
        var builder = DigestBuilder()
        builder.add(previous)
        builder.add(UnsafeRawBufferPointer(rebasing: row[..<chained]))
        return builder.digest()
    }
}
