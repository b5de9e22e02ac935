// The hash chain of the log, and that a third party can recompute it.
import SendonceCore
import Testing

@Suite("Log head")
struct LogHeadTests {
    static let events = [
        Event(
            id: "e-1", type: "order.placed", source: "shop", subject: "order/42",
            payload: Array(#"{"order_id":42}"#.utf8),
            occurredAt: Timestamp(microseconds: 1_790_000_000_123_456),
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        Event(
            type: "password_reset.requested", payload: Array("{}".utf8),
            occurredAt: Timestamp(microseconds: -1)),
        Event(
            id: "", type: "größer", source: "x", subject: "", payload: Array("{\"a\":\"é\\u0301\"}".utf8),
            occurredAt: Timestamp(microseconds: 0)),
    ]
    static let links = [
        "845d23099c33e5e3b477280399dfc76fcf67ff69af80205772e8f81299bccb45",
        "01f196f1d1878edfe6e785f39a57c9f4ee765835092a99f177491b2300237f7a",
        "829c26ce432e1e0d2975ce3de2e7ace5d3e35fff55187bf8e6936b8d8076e3f9",
    ]

    @Test("Three known events give three known links")
    func golden() {
        #expect(chain(Self.events).map(\.link.description) == Self.links)
        #expect(chain(Self.events).map(\.position) == [1, 2, 3])
    }

    @Test(
        "A script that knows only the documented recipe recomputes the links", arguments: Seeds.all.prefix(4))
    func recomputed(seed: UInt64) throws {
        var random = Randomness(seed: seed)
        func text() -> Text {
            let scalars = ["", "a", "é", "e\u{301}", "\"", "\\", "\u{1F600}", "order/42", "\r\n", "\u{7F}"]
            return Text(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in random.choose(scalars) }.joined())
        }
        let events =
            Self.events
            + (0..<50).map { _ in
                Event(
                    id: Bool.random(using: &random) ? text() : nil, type: text(), source: text(),
                    subject: Bool.random(using: &random) ? text() : nil,
                    payload: Array(JSONValue.object([JSONMember(text(), .string(text()))]).jsonText.utf8),
                    occurredAt: Timestamp(
                        microseconds: random.number(
                            in: Timestamp.earliest.microseconds...Timestamp.latest.microseconds)),
                    traceparent: Bool.random(using: &random) ? text() : nil)
            }
        let script = Python.path("fixtures/core/log_chain.py")
        let recomputed = try Python.lines([script], input: events.map(row))
        #expect(recomputed == chain(events).map(\.link.description), "seed \(seed)")
    }

    @Test("A change of any one field changes the link")
    func everyFieldCounts() {
        let event = Self.events[0]
        var changed = Array(repeating: event, count: 8)
        changed[0].id = "e-2"
        changed[1].type = "order.paid"
        changed[2].source = "shop2"
        changed[3].subject = nil
        changed[4].payload.append(0x20)
        changed[5].occurredAt = event.occurredAt + Span(microseconds: 1)
        changed[6].traceparent = nil
        changed[7].id = nil
        let link = LogHead.empty.adding(event).link
        for other in changed { #expect(LogHead.empty.adding(other).link != link, "\(other)") }
        #expect(LogHead(position: 1, link: .zero).adding(event).link != link)
        #expect(LogHead(position: 0, link: link).adding(event).link != link)
    }

    @Test("An absent field and an empty one give different links")
    func absentIsNotEmpty() {
        var empty = Self.events[1]
        empty.id = ""
        #expect(LogHead.empty.adding(empty).link != LogHead.empty.adding(Self.events[1]).link)
    }

    @Test("A time outside the years of RFC 3339 is held at the nearest end")
    func timesAreHeld() {
        let late = Event(type: "t", payload: [], occurredAt: Timestamp(microseconds: .max))
        let early = Event(type: "t", payload: [], occurredAt: Timestamp(microseconds: .min))
        #expect(late.occurredAt == .latest)
        #expect(early.occurredAt == .earliest)
    }

    @Test(
        "Only Sendonce's own event types are control",
        arguments: [
            ("sendonce.rules.activated", true), ("sendonce.", true), ("sendonce", false),
            ("Sendonce.x", false),
            ("my.sendonce.x", false),
        ])
    func control(_ type: String, _ isControl: Bool) {
        let event = Event(type: Text(type), payload: [], occurredAt: Timestamp(microseconds: 0))
        #expect(event.isControl == isControl)
    }

    private func chain(_ events: [Event]) -> [LogHead] {
        var head = LogHead.empty
        return events.map { event in
            head = head.adding(event)
            return head
        }
    }

    private func row(_ event: Event) -> String {
        func optional(_ text: Text?) -> JSONValue { text.map { .string($0) } ?? .null }
        return JSONValue.object([
            JSONMember("id", optional(event.id)), JSONMember("type", .string(event.type)),
            JSONMember("source", .string(event.source)), JSONMember("subject", optional(event.subject)),
            JSONMember("traceparent", optional(event.traceparent)),
            JSONMember("payload", .string(Text(String(decoding: event.payload, as: UTF8.self)))),
            JSONMember("occurred_at", .integer(String(event.occurredAt.microseconds))),
        ]).jsonText
    }
}
