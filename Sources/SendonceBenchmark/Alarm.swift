// How one thread wakes another.
import Foundation

/// A bell with memory: a ring while nobody waits ends the next wait at once.
final class Alarm: Sendable {
    private let condition = NSCondition()
    private nonisolated(unsafe) var isRung = false  // only touched while `condition` is locked

    func ring() {
        condition.lock()
        isRung = true
        condition.signal()
        condition.unlock()
    }

    /// Returns when the alarm rings, or after that many seconds.
    func wait(seconds: Double) {
        condition.lock()
        defer { condition.unlock() }
        let end = Date(timeIntervalSinceNow: seconds)
        while !isRung {
            guard condition.wait(until: end) else { break }
        }
        isRung = false
    }
}
