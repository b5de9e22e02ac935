// Blocking work beside the thread that measures.
import Foundation
import Synchronization

/// Work on a thread of its own, begun at once.
final class Background<Value: Sendable>: Sendable {
    private let outcome = Mutex<Result<Value, any Error>?>(nil)
    private let ended = DispatchGroup()

    init(_ body: @escaping @Sendable () throws -> Value) {
        ended.enter()
        Thread {
            let result = Result { try body() }
            self.outcome.withLock { $0 = result }
            self.ended.leave()
        }.start()
    }

    /// Waits for its end.
    func value() throws -> Value {
        ended.wait()
        guard let outcome = outcome.withLock({ $0 }) else { throw BenchmarkError("a thread gave nothing") }
        return try outcome.get()
    }
}
