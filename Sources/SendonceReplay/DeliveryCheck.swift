// What every log promises about the delivery of its commands, checked on the rows that are recorded.
import SendonceCore
import SendonceStore

struct DeliveryCheck {
    private let log: any RecordReader
    private let page = DeliveryPage()

    init(_ log: any RecordReader) {
        self.log = log
    }

    /// Checks the commands with the numbers from 1 on. Each page is one state of the database, so that a
    /// command that is being delivered stands in one place.
    func check(through number: Int64, _ findings: inout Findings) throws(StoreError) {
        var first: Int64 = 1
        while first <= number {
            let last = min(first + VerificationLimits.pageCommands - 1, number)
            try log.deliveries(first...last, into: page)
            check(first...last, &findings)
            first = last + 1
        }
    }

    private func check(_ numbers: ClosedRange<Int64>, _ findings: inout Findings) {
        var (queued, attempts) = (NumberList(page.queued, columns: 1), NumberList(page.attempts, columns: 4))
        var outcomes = NumberList(page.outcomes, columns: 3)
        var finishes = NumberList(page.finishes, columns: 3)
        for number in numbers {
            let isQueued = queued.take(number) != nil
            let finish = finishes.take(number)
            if isQueued == (finish != nil) {
                let words = isQueued ? "both queued and" : "neither queued nor"
                findings.add(
                    Breach(
                        .queuedOrFinished,
                        "command \(number) is \(words) finished"))
            }
            var tried: [[Int64]] = []
            while let attempt = attempts.take(number) { tried.append(attempt) }
            var ended: [[Int64]] = []
            while let outcome = outcomes.take(number) { ended.append(outcome) }
            check(number, tried, ended, finish, &findings)
        }
    }

    private func check(
        _ number: Int64, _ attempts: [[Int64]], _ outcomes: [[Int64]], _ finish: [Int64]?,
        _ findings: inout Findings
    ) {
        for (place, attempt) in attempts.enumerated() {
            if attempt[1] != Int64(place) + 1 {
                findings.add(
                    Breach(
                        .attemptsWithoutHoles,
                        "attempt \(attempt[1]) of command \(number) stands in place \(place + 1)"))
            }
            if place > 0, attempt[2] <= attempts[place - 1][2] {
                findings.add(
                    Breach(
                        .tokensGrow,
                        "attempt \(attempt[1]) of command \(number) has the token \(attempt[2]), the one "
                            + "before it \(attempts[place - 1][2])"))
            }
        }
        for outcome in outcomes where !attempts.contains(where: { $0[1] == outcome[1] }) {
            findings.add(
                Breach(
                    .outcomeHasAttempt,
                    "outcome of attempt \(outcome[1]) of command \(number), which is not recorded"))
        }
        guard let finish else { return }
        let (at, isAccepted) = (finish[1], finish[2] != 0)
        // The outcome that finished the command bears its time. Where a gate finished it, times have to do: a
        // clock that was set back in between looks the same. A late answer that proves acceptance bears a
        // time of its own; when it came, all attempts had come to an end.
        let last = outcomes.last { $0[2] == at }?[1]
        let ended = Set(outcomes.map { $0[1] })
        func isLater(_ attempt: [Int64]) -> Bool {
            if let last { return attempt[1] > last }
            return isAccepted ? !ended.contains(attempt[1]) : attempt[3] > at
        }
        for attempt in attempts where isLater(attempt) {
            findings.add(
                Breach(
                    .noAttemptAfterFinish,
                    "attempt \(attempt[1]) of command \(number) began after the command was finished"))
        }
    }
}

/// Rows of numbers, ascending by the first, taken one after the other.
private struct NumberList {
    private let rows: RowBuffer
    private let columns: Int
    private var next = 0

    init(_ rows: RowBuffer, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    /// The next row if it begins with this number.
    mutating func take(_ number: Int64) -> [Int64]? {
        guard next < rows.ends.count else { return nil }
        var cursor = rows.cursor(next)
        let row = (0..<columns).map { _ in cursor.integer() }
        guard row[0] == number else { return nil }
        next += 1
        return row
    }
}
