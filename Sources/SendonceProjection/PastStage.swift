// A stretch of past events, read outside every transaction and cut into the parts that one event of the log
// decides each.
import SendonceCore
import SendonceReading
import SendonceStore

/// Reads what a backfill's decisions rest on. The log never changes, so that only what was added to it since
/// must be read within a transaction.
struct PastStage {
    let rules: RulesInForce
    let rule: Rule
    let range: BackfillRange
    let store: any PastReader
    private(set) var reading: BackfillReading
    /// First and last position of each part, in order; at least one.
    private(set) var parts: [(first: Int64, last: Int64)] = []
    /// Up to here every event that bears on the waiting ones was read.
    private var borne: Int64

    /// Past events that are held in memory at a time, with what they would send.
    static let events = 20 * Limits.backfillEvents
    /// Positions that one read passes over, events that it brings, and bytes of payload.
    private static let (span, pageEvents, pageBytes): (Int64, Int, Int) = (20_000, 1_000, 8 << 20)

    /// Reads the events from `first` on that the range contains, until there are enough of them.
    init(
        _ rules: RulesInForce, _ rule: Rule, _ range: BackfillRange, from first: Int64,
        of store: any PastReader
    ) throws(StoreError) {
        self.rules = rules
        self.rule = rule
        self.range = range
        self.store = store
        reading = BackfillReading(rule, range)
        borne = BackfillReading.bearingStart(rule, first: first) - 1
        try readWaiting(from: first)
        try bear(through: try store.head().position)
    }

    private mutating func readWaiting(from first: Int64) throws(StoreError) {
        var start = first
        var (events, decisions, bytes, staged) = (0, 0, 0, 0)
        var lastWaiting: Int64?
        var end = range.through
        try Self.pages(of: [rule.event], after: first - 1, through: range.through, from: store) {
            page throws(StoreError) in
            let chosen = page.filter { range.contains($0.position, $0.event.occurredAt) }
            for (logged, past) in try past(chosen) {
                if events > 0,
                    events == Limits.backfillEvents || bytes + logged.event.payload.count > Limits.batchBytes
                        || decisions + past.drafts.count > Limits.backfillDecisions
                {
                    guard staged < PastStage.events else {
                        end = lastWaiting ?? start
                        return false
                    }
                    parts.append((start, logged.position - 1))
                    start = logged.position
                    (events, decisions, bytes) = (0, 0, 0)
                }
                reading.decide(later: past)
                events += 1
                staged += 1
                decisions += past.drafts.count
                bytes += logged.event.payload.count
                lastWaiting = logged.position
            }
            return true
        }
        parts.append((start, end))
    }

    /// Reads on to a position of the log, for what cancels or supersedes.
    mutating func bear(through last: Int64) throws(StoreError) {
        guard last > borne else { return }
        let types = BackfillReading.bearingTypes(rule)
        try Self.pages(of: types, after: borne, through: last, from: store) { page throws(StoreError) in
            let chosen = page.filter { reading.concerns(rules.past($0, for: rule)) }
            for (_, past) in try past(chosen) { reading.bear(past) }
            return true
        }
        borne = last
    }

    /// The events as the rule sees them: those that a producer had written before, not at all.
    private func past(_ events: [LoggedEvent]) throws(StoreError) -> [(LoggedEvent, PastEvent)] {
        let names = events.compactMap { logged in
            logged.event.id.map { EventName(source: logged.event.source, id: $0) }
        }
        let firsts = try store.positions(of: names)
        return events.map { logged in
            let past = rules.past(logged, for: rule)
            guard let id = logged.event.id,
                let first = firsts[EventName(source: logged.event.source, id: id)], first < logged.position
            else { return (logged, past) }
            return (logged, past.repeating(first, for: rule))
        }
    }

    /// Page by page until `body` says that it has enough.
    private static func pages(
        of types: [Text], after position: Int64, through last: Int64, from store: any PastReader,
        _ body: ([LoggedEvent]) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var position = position
        while position < last, !types.isEmpty {
            let end = min(position + span, last)
            let page = try store.events(
                after: position, through: end, types: types, limit: pageEvents, bytes: pageBytes)
            position = page.last?.position ?? end
            if !page.isEmpty, try !body(page) { return }
        }
    }
}
