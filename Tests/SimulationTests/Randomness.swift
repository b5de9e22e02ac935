// One die for a whole run, so that a seed brings everything back.
import Foundation
import ProcessSupport

/// The die that the other tests roll.
typealias Randomness = SeededGenerator

extension SeededGenerator {
    mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &self)
    }

    /// True about this often in a hundred.
    mutating func chance(_ percent: Int64) -> Bool {
        number(1...100) <= percent
    }

    /// One of the values, each as often as its weight says out of a sum (nil: of the weights); `last` where
    /// none is met.
    mutating func weighted<Value>(
        _ choices: [(weight: Int64, value: Value)], of sum: Int64? = nil, else last: Value
    ) -> Value {
        var left = number(0...max((sum ?? choices.reduce(0) { $0 + $1.weight }) - 1, 0))
        for choice in choices {
            if left < choice.weight { return choice.value }
            left -= choice.weight
        }
        return last
    }
}

/// The seeds of this run. A failing test names its seed as its argument; `SENDONCE_SEED=7 swift test` runs
/// that one alone, and `SENDONCE_SEED=1000-1999` goes hunting.
enum Seeds {
    static let all: [UInt64] = chosen ?? Array(1...50)

    private static var chosen: [UInt64]? {
        let bounds = ProcessInfo.processInfo.environment["SENDONCE_SEED"]?.split(separator: "-").compactMap {
            UInt64($0)
        }
        guard let bounds, let first = bounds.first, let last = bounds.last, first <= last else { return nil }
        return Array(first...last)
    }

    /// Seeds among which every planted fault must show itself, and every kind of event in a history must
    /// occur.
    static let forSearches: [UInt64] = Array(1...50)
}
