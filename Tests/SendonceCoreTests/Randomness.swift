// Random values that a printed seed brings back.
import Foundation

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, the same on every machine.
struct Randomness: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func number(in range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &self)
    }

    mutating func choose<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }
}

/// The seeds of this run. A failing test names its seed as its argument; `SENDONCE_TEST_SEED=7 swift test`
/// runs that one alone.
enum Seeds {
    static let all: [UInt64] =
        ProcessInfo.processInfo.environment["SENDONCE_TEST_SEED"].flatMap(UInt64.init)
        .map { [$0] } ?? Array(1...24)
}
