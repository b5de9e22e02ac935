// An event as an application states it. Only type and payload are needed; what is left out takes the table's
// default.

/// A fact in the past tense, such as "order placed", with a JSON object that says the rest.
public struct OutboxEvent: Hashable, Sendable {
    /// 1 to 200 bytes of letters, digits and `_ . : / -`.
    public var type: String
    /// The text of a JSON object, at most 1,048,576 bytes. It is kept byte for byte.
    public var payload: String
    /// Your own name for the event. A second event with the same `source` and `id` is recorded and sends
    /// nothing.
    public var id: String?
    /// Which part of your system speaks; makes `id` unique.
    public var source: String?
    /// What the event is about, such as a customer's number; people can search by it.
    public var subject: String?
    /// RFC 3339, such as `2026-11-21T22:04:05.123Z`. Windows of rules use this time.
    public var occurredAt: String?
    /// W3C trace context, handed on as it is.
    public var traceparent: String?

    /// Only the type and the payload need to be given; the table judges both.
    public init(
        type: String, payload: String, id: String? = nil, source: String? = nil, subject: String? = nil,
        occurredAt: String? = nil, traceparent: String? = nil
    ) {
        self.type = type
        self.payload = payload
        self.id = id
        self.source = source
        self.subject = subject
        self.occurredAt = occurredAt
        self.traceparent = traceparent
    }

    /// Takes the payload as bytes, as JSON encoders give it. nil if they are not UTF-8, which JSON has to be.
    public init?(
        type: String, payload: [UInt8], id: String? = nil, source: String? = nil, subject: String? = nil,
        occurredAt: String? = nil, traceparent: String? = nil
    ) {
        guard let text = String(validating: payload, as: UTF8.self) else { return nil }
        self.init(
            type: type, payload: text, id: id, source: source, subject: subject, occurredAt: occurredAt,
            traceparent: traceparent)
    }

    /// The INSERT that names only the columns that are given, and their values.
    var insertion: (sql: String, values: [OutboxValue]) {
        if id == nil, source == nil, subject == nil, occurredAt == nil, traceparent == nil {
            return (Self.twoColumns, [OutboxValue(text: type), OutboxValue(text: payload)])
        }
        var columns = "event_type, payload"
        var places = "?, ?"
        var values = [OutboxValue(text: type), OutboxValue(text: payload)]
        let others = [
            ("id", id), ("source", source), ("subject", subject), ("occurred_at", occurredAt),
            ("traceparent", traceparent),
        ]
        for case (let column, let value?) in others {
            columns += ", " + column
            places += ", ?"
            values.append(OutboxValue(text: value))
        }
        return ("INSERT INTO outbox (\(columns)) VALUES (\(places))", values)
    }

    private static let twoColumns = "INSERT INTO outbox (event_type, payload) VALUES (?, ?)"
}
