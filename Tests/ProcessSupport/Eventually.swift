// Waiting for what other processes do: by looking, never by sleeping for luck.
import Foundation

/// Looks until a condition holds, every 20 ms. The condition decides; the end of patience is only there so
/// that what hangs fails with words, and far enough away that no slow machine reaches it.
package func eventually(_ what: @autoclosure () -> String, _ condition: () throws -> Bool) throws {
    let seconds = 300.0
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
