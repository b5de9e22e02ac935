// Waiting for what other processes do: by looking, never by sleeping for luck.
import Foundation

/// Looks until a condition holds, every 20 ms, for at most that many seconds. The condition decides.
package func eventually(
    _ what: @autoclosure () -> String, within seconds: Double = 60, _ condition: () throws -> Bool
) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    let pause = NSCondition()
    while try !condition() {
        guard Date() < deadline else {
            throw NotYet(description: "still not so after \(seconds) s: \(what())")
        }
        pause.lock()
        _ = pause.wait(until: Date(timeIntervalSinceNow: 0.02))
        pause.unlock()
    }
}

/// What did not come in time.
package struct NotYet: Error, CustomStringConvertible {
    package let description: String
}
