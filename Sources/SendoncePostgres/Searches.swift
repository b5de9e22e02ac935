// The searches of one store, and the surveys that look further back than they do, on a connection and a
// thread of their own.
import Dispatch
import SendonceCore
import SendonceStore
import Synchronization

/// What is looked for, first of all in an order.
enum Sought: Hashable {
    /// Intake rows, by their numbers.
    case intake
    /// Commands of a route that wait for their turn, by due time.
    case due(Text)
    /// Commands that are being sent, by the end of their leases.
    case leases

    /// At 2,000 events a second so many numbers are given in a sixteenth of a second, and in eight seconds.
    /// Times are microseconds: what hosts' clocks and the length of a transaction can differ by, and the same
    /// eight seconds.
    var start: SearchStart {
        switch self {
        case .intake: SearchStart(near: 128, middle: 16_384)
        case .due, .leases: SearchStart(near: 100_000, middle: 8_000_000)
        }
    }
}

/// Knows where each search begins. Any thread may ask.
///
/// A survey is begun by a search that finds one due; nobody waits for it. While no search is made, there are
/// none.
final class Searches: Sendable {
    /// Most late intake rows that one survey gathers.
    private static let lateLimit = 10_000

    private struct State {
        var starts: [Sought: SearchStart] = [:]
        var pace = SurveyPace()
        var isSurveying = false
        /// Why the last survey failed, for whoever searches next.
        var failure: StoreError?
        /// Intake rows that a survey found. A search that began at the first of them would wade to the next.
        var late: [Int64] = []
    }

    private let state = Mutex(State())
    private let session: Session
    private let thread = DispatchQueue(label: "sendonce survey")

    init(_ session: Session) {
        self.session = session
    }

    // MARK: Searches

    /// Where a search begins; nil if it need not be made.
    ///
    /// Errors: those of the last survey, once.
    func start(_ sought: Sought) throws(StoreError) -> Int64? {
        let (start, failure) = state.withLock { state in
            let start = state.starts[sought, default: sought.start].start
            defer { state.failure = nil }
            return (start, state.failure)
        }
        if let failure { throw failure }
        beginSurvey()
        return start
    }

    func note(
        _ sought: Sought, first: Int64?, begun: Int64, end: Timestamp? = nil, cost: Duration? = nil
    ) {
        state.withLock {
            $0.starts[sought, default: sought.start].note(
                first: first, begun: begun, end: end?.microseconds, cost: cost)
        }
    }

    /// Makes a search, and learns from it. What begins at `end` or later is not looked for.
    func first(
        _ sought: Sought, through end: Timestamp? = nil, _ session: Session
    ) throws(StoreError) -> Int64? {
        guard let start = try start(sought) else { return nil }
        let range = start..<max(start, end.map { $0.microseconds + 1 } ?? .max)
        let asked = ContinuousClock.now
        let first = try session.firsts(of: sought, in: range, limit: 1).first
        note(sought, first: first, begun: start, end: end, cost: session.cost(since: asked))
        return first
    }

    var hasLate: Bool { state.withLock { !$0.late.isEmpty } }

    /// Takes out numbers of intake rows that a survey found. Others may have moved them since.
    func takeLate(_ limit: Int) -> [Int64] {
        state.withLock { state in
            let taken = Array(state.late.prefix(limit))
            state.late.removeFirst(taken.count)
            return taken
        }
    }

    // MARK: Surveys

    private func beginSurvey() {
        let now = ContinuousClock.now
        let reach: Reach? = state.withLock { state in
            guard !state.isSurveying else { return nil }
            let reach = [Reach.whole, .middle].first { reach in
                state.pace.isDue(reach, at: now) && state.starts.values.contains { $0.range(reach) != nil }
            }
            state.isSurveying = reach != nil
            return reach
        }
        if let reach { thread.async { self.survey(reach) } }
    }

    private func survey(_ reach: Reach) {
        let start = ContinuousClock.now
        var failure: StoreError?
        var isFull = false
        do throws(StoreError) {
            for (sought, start) in state.withLock({ $0.starts }) {
                guard let range = start.range(reach) else { continue }
                let limit = sought == .intake ? Self.lateLimit : 1
                let (found, cost) = try session.survey { (session: Session) throws(StoreError) in
                    let asked = ContinuousClock.now
                    let found = try session.firsts(of: sought, in: range, limit: limit)
                    return (found, session.cost(since: asked))
                }
                note(sought, reach, found, cost: cost)
                isFull = isFull || limit > 1 && found.count == limit
            }
        } catch {
            failure = error
        }
        state.withLock { state in
            state.isSurveying = false
            state.failure = failure
            state.pace.note(reach, from: start, to: .now, goOn: isFull)
        }
    }

    private func note(_ sought: Sought, _ reach: Reach, _ found: [Int64], cost: Duration) {
        state.withLock { state in
            state.starts[sought]?.note(reach, cost: cost)
            if sought == .intake, reach == .whole || state.late.isEmpty { state.late = found }
            guard let first = found.first else { return }
            if sought != .intake || state.starts[sought]?.place == nil {
                state.starts[sought]?.bringBack(to: first)
            }
        }
    }
}

extension Session {
    /// What orders the first rows of a range, in order.
    fileprivate func firsts(
        of sought: Sought, in range: Range<Int64>, limit: Int
    ) throws(StoreError) -> [Int64] {
        let sql =
            switch sought {
            case .intake: "SELECT seq FROM outbox WHERE seq >= $1 AND seq < $2 ORDER BY seq LIMIT $3"
            case .due:
                """
                SELECT due_at FROM outbox_queue WHERE due_at >= $1 AND due_at < $2 AND route = $4
                    AND state IN ('pending', 'unknown')
                ORDER BY due_at LIMIT $3
                """
            case .leases:
                """
                SELECT lease_end FROM outbox_queue WHERE lease_end >= $1 AND lease_end < $2
                    AND state = 'sending'
                ORDER BY lease_end LIMIT $3
                """
            }
        return try rows(sql) {
            $0.add(range.lowerBound)
            $0.add(range.upperBound)
            $0.add(limit)
            if case .due(let route) = sought { $0.add(route) }
        } read: {
            $0.integer(0)
        }
    }
}
