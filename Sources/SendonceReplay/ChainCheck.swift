// The hash chain, made again from the events' bytes and compared with the links that are recorded.
import SendonceCore
import SendonceStore

/// Follows the log from one position on.
struct ChainCheck {
    /// The last position that was reached, and the link that is recorded there; nil behind a hole, where no
    /// link can be made.
    private(set) var position: Int64
    private(set) var recorded: Digest?
    /// The link that follows from all events so far, whatever links are recorded.
    private(set) var computed: Digest
    /// Events that were there.
    private(set) var events: Int64 = 0

    init(after position: Int64, link: Digest) {
        self.position = position
        recorded = link
        computed = link
    }

    /// Whether the page's events follow `position` without a hole, and each link but the first follows from
    /// the recorded one before it: what can be said without knowing what stands before the page.
    static func isChained(_ page: RecordPage, after position: Int64) -> Bool {
        var (position, previous) = (position, Digest?.none)
        for index in page.events.ends.indices {
            let event = EventCursor(page.events.row(index))
            guard event.position == position + 1, let link = event.link else { return false }
            if let previous, event.link(after: previous) != link { return false }
            (position, previous) = (event.position, link)
        }
        return position == page.through
    }

    /// Checks a page's events; what is below position 1 has no place at all. `isChained`: as above, from
    /// behind the position that was reached.
    mutating func check(_ page: RecordPage, isChained: Bool, _ findings: inout Findings) {
        // With the first link the others fit, too, unless the chain is another one by now.
        if isChained, recorded == computed, let first = page.first, first.position == position + 1,
            first.link(after: computed) == first.link, let last = page.last, let link = last.link
        {
            events += Int64(page.events.ends.count)
            (position, recorded, computed) = (last.position, link, link)
            return
        }
        for index in page.events.ends.indices {
            check(EventCursor(page.events.row(index)), &findings)
        }
        if position < page.through { miss(through: page.through, &findings) }
    }

    private mutating func check(_ event: EventCursor, _ findings: inout Findings) {
        events += 1
        guard event.position > position else {
            findings.add(
                Difference(
                    at: event.position, .event, recorded: "an event at position \(event.position)",
                    recomputed: nil))
            return
        }
        if event.position - 1 > position { miss(through: event.position - 1, &findings) }
        position = event.position
        let own = event.link(after: computed)
        if let previous = recorded {
            let expected = previous == computed ? own : event.link(after: previous)
            if expected != event.link {
                findings.add(
                    Difference(
                        at: position, .link, columns: ["link"], recorded: event.link?.description,
                        recomputed: expected.description))
            }
        }
        computed = own
        recorded = event.link
    }

    /// Goes on behind a hole that ends at this position.
    mutating func miss(through last: Int64, _ findings: inout Findings) {
        let first = position + 1
        let words = first == last ? "position \(first)" : "positions \(first) to \(last)"
        findings.add(
            Difference(at: first, .event, recorded: nil, recomputed: "an event at \(words)"))
        findings.add(Breach(.positionsWithoutHoles, "no event at \(words)"), count: last - position)
        position = last
        recorded = nil
    }
}

extension RecordPage {
    fileprivate var first: EventCursor? { events.ends.isEmpty ? nil : EventCursor(events.row(0)) }
    fileprivate var last: EventCursor? {
        events.ends.isEmpty ? nil : EventCursor(events.row(events.ends.count - 1))
    }
}
