// The promises about keys and windows in the plainest words that compute: no ledger view, no ranges, no
// slots. The projector is compared with it.
@testable import SendonceCore

struct PlainModel {
    struct Winner {
        var key: Text
        var time: Int64
        var position: Int64
    }

    private var winners: [Winner] = []

    /// The word of the decision about an event, and the position of the winner that defeats it.
    mutating func decide(_ key: Text, at time: Int64, position: Int64, window: Window) -> (String, Int64?) {
        let rivals = winners.filter { $0.key == key }
        switch window {
        case .forever:
            if let first = rivals.first { return ("duplicate", first.position) }
        case .within(let length):
            let near = rivals.filter { abs($0.time - time) < length.microseconds }
            if let nearest = nearest(near, to: time) { return ("within_window", nearest.position) }
        case .every(let length):
            func day(_ time: Int64) -> Int64 {
                var day = time / length.microseconds
                if day * length.microseconds > time { day -= 1 }
                return day
            }
            let same = rivals.filter { day($0.time) == day(time) }
            if let nearest = nearest(same, to: time) { return ("within_window", nearest.position) }
        }
        winners.append(Winner(key: key, time: time, position: position))
        return ("emitted", nil)
    }

    private func nearest(_ rivals: [Winner], to time: Int64) -> Winner? {
        var best: Winner?
        for rival in rivals {
            guard let found = best else {
                best = rival
                continue
            }
            if abs(rival.time - time) < abs(found.time - time) { best = rival }
        }
        return best
    }
}

/// A random log: a few keys, times that jump back and forth around window edges, rules whose window changes.
struct RandomLog {
    typealias Entry = (position: Int64, event: SampleEvent, rules: RuleSet)

    private(set) var entries: [Entry] = []
    private(set) var windows: [Window] = []

    static let lengths: [Span] = [.hours(1), .hours(7), .days(1), .days(30), Span(microseconds: 1)]

    static var allWindows: [Window] {
        [.forever] + lengths.map { .within($0) } + lengths.map { .every($0) }
    }

    init(seed: UInt64, events: Int, windows choices: [Window], change: Int64 = 20) {
        var random = Randomness(seed: seed)
        var window = random.choose(choices)
        var time = random.number(in: -3_000_000...3_000_000)
        for position in 1...Int64(events) {
            if random.number(in: 1...change) == 1 { window = random.choose(choices) }
            let length = random.choose(RandomLog.lengths).microseconds
            // Often exactly a length away, or one microsecond beside it.
            switch random.number(in: 0...4) {
            case 0: time += length
            case 1: time -= length + random.number(in: -1...1)
            case 2: time += random.number(in: -length...length)
            case 3: time -= time % length
            default: break
            }
            let key = JSONValue.integer(String(random.number(in: 1...3)))
            let event = SampleEvent(
                "user.joined", at: time, ["user_id": key, "email": .string("ann@x.test")])
            entries.append((position, event, SampleRules.one(window: window)))
            windows.append(window)
        }
    }

    /// All decisions, projected in batches of random sizes.
    func decisions(batches seed: UInt64, atMost size: Int64) -> [Decision] {
        var random = Randomness(seed: seed)
        var ledger = SampleLedger()
        var decisions: [Decision] = []
        var rest = entries[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Int(random.number(in: 1...size))))
            rest = rest.dropFirst(batch.count)
            decisions += ledger.project(batch)
        }
        return decisions
    }
}
