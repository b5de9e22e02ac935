// What verification found: places where what is recorded is not what follows from the log, and promises that
// the recorded rows do not keep.
package import SendonceCore

/// Something recorded that differs from what was computed again, or that should not or should be there.
package struct Difference: Hashable, Sendable {
    /// What differs: a table, or a thing of its own.
    package enum Subject: String, CaseIterable, Sendable {
        case head, event, link, activation, ruleSet = "rule_set", decision, command, ledger
    }

    package var position: Int64
    package var subject: Subject
    /// Empty where no single rule is meant.
    package var rule: Text
    package var item: Int64
    /// The columns that differ; empty where the whole row is missing or too much.
    package var columns: [String]
    /// nil where nothing is recorded.
    package var recorded: String?
    /// nil where nothing follows from the log.
    package var recomputed: String?

    package init(
        at position: Int64, _ subject: Subject, rule: Text = "", item: Int64 = 0, columns: [String] = [],
        recorded: String?, recomputed: String?
    ) {
        self.position = position
        self.subject = subject
        self.rule = rule
        self.item = item
        self.columns = columns
        self.recorded = recorded
        self.recomputed = recomputed
    }

    /// The order in which differences are shown: by position, and within one as `Subject` lists them.
    static func precedes(_ left: Difference, _ right: Difference) -> Bool {
        (left.position, left.subject.order, left.rule, left.item, left.recorded ?? "", left.recomputed ?? "")
            < (
                right.position, right.subject.order, right.rule, right.item, right.recorded ?? "",
                right.recomputed ?? ""
            )
    }
}

extension Difference.Subject {
    fileprivate var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What every log promises whatever its rules are, checked on the recorded rows alone.
package enum LogPromise: String, CaseIterable, Sendable {
    case positionsWithoutHoles = "positions_without_holes"
    case commandNumbersWithoutHoles = "command_numbers_without_holes"
    case oneWinner = "one_winner_of_each_key"
    case queuedOrFinished = "each_command_queued_or_finished"
    case outcomeHasAttempt = "each_outcome_has_an_attempt"
    case noAttemptAfterFinish = "no_attempt_after_the_finish"
    case attemptsWithoutHoles = "attempt_numbers_without_holes"
    case tokensGrow = "fencing_tokens_only_grow"

    /// In words.
    package var words: String {
        switch self {
        case .positionsWithoutHoles: "positions have no holes"
        case .commandNumbersWithoutHoles: "command numbers have no holes"
        case .oneWinner: "each key has one winner in each slot and generation"
        case .queuedOrFinished: "each command is either queued or finished"
        case .outcomeHasAttempt: "each outcome has an attempt"
        case .noAttemptAfterFinish: "no attempt began after its command was finished"
        case .attemptsWithoutHoles: "attempts are numbered without holes"
        case .tokensGrow: "fencing tokens only grow"
        }
    }
}

/// A place where a promise is not kept.
package struct Breach: Hashable, Sendable {
    package var promise: LogPromise
    /// What is wrong, with the number of the command or the position.
    package var words: String

    package init(_ promise: LogPromise, _ words: String) {
        self.promise = promise
        self.words = words
    }
}

package enum VerificationLimits {
    /// Differences that a certificate shows; all are counted.
    package static let shownDifferences = 20
    /// Breaches of one promise that a certificate shows; all are counted.
    package static let shownBreaches = 5
    /// Positions to one page. A page is one read transaction of about a millisecond.
    package static let pageEvents = 512
    /// Payload bytes to one page: bounds memory whatever single events weigh.
    package static let pageBytes = 1 << 20
    /// Positions to one block of the digests; a multiple of `pageEvents`.
    package static let blockEvents: Int64 = 4_096
    /// Pages that are read before they are decided.
    package static let pagesAhead = 4
    /// Threads that read at once: more would wait for the one that settles.
    package static let mostReaders = 4
    /// Keys that one pass through the log has room for, however little memory is given.
    package static let fewestKeys = 4_096
    /// Commands that are passed over in search of one that stands out of its order.
    package static let commandLookahead = 64
    /// A log has no holes; behind one that is wider nothing is looked for.
    package static let widestHole: Int64 = 1 << 20
    /// Positions whose decisions are counted at once: some milliseconds.
    package static let countedEvents: Int64 = 10_000
    /// Rows of names and of the ledger to one page: some milliseconds.
    package static let pageRows = 5_000
    /// Commands whose deliveries are read at once.
    package static let pageCommands: Int64 = 2_000
}

/// Everything that was found, in numbers, and the first of it in full.
struct Findings {
    private(set) var differences: [Difference] = []
    private(set) var differenceCount: Int64 = 0
    private(set) var breaches: [LogPromise: [Breach]] = [:]
    private(set) var breachCounts: [LogPromise: Int64] = [:]
    /// Why something could not be told.
    private(set) var obstacles: [String] = []

    mutating func add(_ difference: Difference) {
        differenceCount += 1
        // The first by position are kept: they are found in any order.
        if differences.count == VerificationLimits.shownDifferences,
            let last = differences.last, !Difference.precedes(difference, last)
        {
            return
        }
        let place = differences.firstIndex { Difference.precedes(difference, $0) } ?? differences.endIndex
        differences.insert(difference, at: place)
        if differences.count > VerificationLimits.shownDifferences { differences.removeLast() }
    }

    /// `count`: in so many places.
    mutating func add(_ breach: Breach, count: Int64 = 1) {
        breachCounts[breach.promise, default: 0] += count
        if breaches[breach.promise, default: []].count < VerificationLimits.shownBreaches {
            breaches[breach.promise, default: []].append(breach)
        }
    }

    /// Adds what another part of the same verification found.
    mutating func add(contentsOf other: Findings) {
        for difference in other.differences { add(difference) }
        differenceCount += other.differenceCount - Int64(other.differences.count)
        for promise in LogPromise.allCases {
            for breach in other.breaches[promise] ?? [] { add(breach) }
            let shown = Int64(other.breaches[promise]?.count ?? 0)
            breachCounts[promise, default: 0] += (other.breachCounts[promise] ?? 0) - shown
        }
        for obstacle in other.obstacles { add(obstacle: obstacle) }
    }

    mutating func add(obstacle: String) {
        if !obstacles.contains(obstacle) { obstacles.append(obstacle) }
    }
}
