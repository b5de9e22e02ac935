// Where a search for waiting rows begins. While some old transaction anywhere in the cluster holds back
// vacuum, rows that were moved or sent stay in the indexes, and a search from the beginning wades through all
// of them. So it begins a little before the place where the last one found something; what was committed
// late, further back, is found by surveys, which nobody waits for.

/// How far back a search goes.
package enum Reach: Int, CaseIterable, Sendable {
    /// Transactions that overlap commit out of order; most of what they bring late lies so close.
    case near
    /// What a transaction that took some seconds brings.
    case middle
    /// The very beginning: everything.
    case whole
}

/// Where the searches for one kind of rows begin, in the unit of what orders them: numbers or microseconds.
///
/// Searches go as far back as is cheap, always; without dead rows that is the very beginning. Surveys go
/// further. Nothing is given up: a row that comes to lie before the place is found by the next survey that
/// goes so far.
package struct SearchStart: Sendable {
    /// What a search may cost the server. A reach of which two searches in a row cost more is left to
    /// surveys: one may have met a busy machine.
    package static let cheap = Duration.microseconds(500)

    /// How far back a search goes.
    package private(set) var reach = Reach.whole
    /// Where the last search found something.
    package private(set) var place: Int64?
    private var wasDear = false
    private let near: Int64
    private let middle: Int64

    package init(near: Int64, middle: Int64) {
        self.near = near
        self.middle = middle
    }

    /// Where a search begins; nil where only a survey can find anything: from the beginning it would be too
    /// dear, and there is no place yet.
    package var start: Int64? { start(reach) }

    private func start(_ reach: Reach) -> Int64? {
        switch reach {
        case .near: place.map { max($0, .min + near) - near }
        case .middle: place.map { max($0, .min + middle) - middle }
        case .whole: .min
        }
    }

    /// What a survey has to look through; nil where searches go as far back themselves.
    package func range(_ surveyed: Reach) -> Range<Int64>? {
        guard surveyed.rawValue > reach.rawValue else { return nil }
        let (from, through) = (start(surveyed) ?? .min, start ?? .max)
        return from < through ? from..<through : nil
    }

    /// Takes in what a search found first; without a `cost`, only that.
    ///
    /// `begun` is where it began: if a survey has brought the place back before that meanwhile, the search
    /// says nothing about it. `end` says up to where a search that found nothing has looked, if there is such
    /// a place.
    package mutating func note(first: Int64?, begun: Int64, end: Int64? = nil, cost: Duration? = nil) {
        if let place, place < begun { return }
        place = first ?? place
        guard let cost else { return }
        let isDear = cost >= Self.cheap
        // Others have taken what lay between.
        if first == nil, isDear, let end { place = max(place ?? end, end) }
        if isDear, wasDear { reach = Reach(rawValue: reach.rawValue - 1) ?? .near }
        wasDear = isDear
    }

    /// Takes in what a survey cost. What is cheap, searches can do themselves.
    package mutating func note(_ surveyed: Reach, cost: Duration) {
        guard cost < Self.cheap, surveyed.rawValue > reach.rawValue else { return }
        (reach, wasDear) = (surveyed, false)
    }

    /// Brings the place back to what a survey found.
    package mutating func bringBack(to first: Int64) {
        place = min(place ?? first, first)
    }
}

/// When surveys are made: each reach in a thirtieth of the time, the dearer the rarer.
package struct SurveyPace: Sendable {
    package static let share = 29
    /// Even a cheap one is not made more often, so that nobody is busy with nothing else.
    package static let shortestRest = Duration.milliseconds(20)

    private var due: [Reach: ContinuousClock.Instant] = [:]

    package init() {}

    package func isDue(_ reach: Reach, at time: ContinuousClock.Instant) -> Bool {
        due[reach].map { $0 <= time } ?? true
    }

    /// A survey that has to `goOn`, because it found more than it could take in, does so soon.
    package mutating func note(
        _ reach: Reach, from start: ContinuousClock.Instant, to end: ContinuousClock.Instant, goOn: Bool
    ) {
        due[reach] = end + (goOn ? Self.shortestRest : max(Self.shortestRest, (end - start) * Self.share))
    }
}

/// Where to count commands that are being sent. A count must not miss one, so this place is not guessed: it
/// stands in the route's row, and whoever gives a lease that ends before it brings it back.
package enum SendingSearch {
    /// How far the place is brought forward at least, in microseconds: each time leaves a version of the
    /// route's row behind that stays as long as what the count would wade through.
    package static let shortestStep: Int64 = 1_000_000

    /// `known` is where the last count began and `lowest` the first lease end that it found; `given` is the
    /// end of the leases that are about to be given.
    package static func start(known: Int64, lowest: Int64?, given: Int64, cost: Duration) -> Int64 {
        let first = min(lowest ?? given, given)
        let isWorthIt = cost >= SearchStart.cheap && first - known >= shortestStep
        return first < known || isWorthIt ? first : known
    }
}
