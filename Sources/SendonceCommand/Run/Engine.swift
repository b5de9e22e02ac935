// The live system in one process: a thread that projects, a thread that dispatches, and how they stop.
import Foundation
import Logging
import SendonceClock
import SendonceCore
import SendonceDelivery
import SendonceProjection
import SendonceStore
import Synchronization

/// Runs a projector and a dispatcher on one store: until it is told to stop, until a store error leaves no
/// hope, or, once through, until nothing more is due now.
///
/// Blocking calls stay on these two threads, never on the cooperative pool. However the dispatcher's thread
/// ends, it first records what it knows.
final class Engine: Sendable {
    let mode: Mode
    let store: AnyStore
    let logger: Logger
    let limits: EngineLimits
    let makeDispatcher: @Sendable (_ wake: @escaping @Sendable () -> Void) throws -> Dispatcher
    let projectorAlarm = Alarm()
    let dispatcherAlarm = Alarm()
    private let state = Mutex(State())

    enum Mode: Sendable {
        case untilStopped
        /// Ends when the intake is empty, nothing is in flight and nothing more can be claimed now.
        case once
    }

    private struct State {
        var isStopping = false
        var hasProjected = false
        var threads = 0
        var failure: (any Error)?
        var tally = EngineTally()
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(
        _ mode: Mode, store: AnyStore, limits: EngineLimits, logger: Logger,
        makeDispatcher: @escaping @Sendable (_ wake: @escaping @Sendable () -> Void) throws -> Dispatcher
    ) {
        self.mode = mode
        self.store = store
        self.limits = limits
        self.logger = logger
        self.makeDispatcher = makeDispatcher
    }

    func start() {
        state.withLock { $0.threads = 2 }
        spawn("projector") {
            defer { self.state.withLock { $0.hasProjected = true } }
            try self.project()
        }
        spawn("dispatcher") { try self.dispatch() }
    }

    /// Stops claiming at once; open attempts may finish until the deadline.
    func stop() {
        state.withLock { $0.isStopping = true }
        projectorAlarm.ring()
        dispatcherAlarm.ring()
    }

    /// Returns when both threads have ended; throws what ended them, if it was an error.
    func ended() async throws {
        await withCheckedContinuation { waiter in
            let isOver = state.withLock { state in
                if state.threads > 0 { state.waiters.append(waiter) }
                return state.threads == 0
            }
            if isOver { waiter.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    var tally: EngineTally { state.withLock { $0.tally } }
    var isStopping: Bool { state.withLock { $0.isStopping } }
    /// Whether the projector has nothing left to do: only once through.
    var hasProjected: Bool { state.withLock { $0.hasProjected } }

    func count(_ change: (inout EngineTally) -> Void) {
        state.withLock { change(&$0.tally) }
    }

    private func spawn(_ name: String, _ body: @escaping @Sendable () throws -> Void) {
        Thread {
            // From within: what has not begun has no name to give.
            Thread.current.name = name
            do {
                try body()
            } catch {
                self.state.withLock { $0.failure = $0.failure ?? error }
                self.stop()
            }
            self.dispatcherAlarm.ring()
            let waiters = self.state.withLock { state in
                state.threads -= 1
                defer { if state.threads == 0 { state.waiters = [] } }
                return state.threads == 0 ? state.waiters : []
            }
            waiters.forEach { $0.resume() }
        }.start()
    }
}

/// How patient an engine is.
struct EngineLimits: Sendable {
    /// How long open attempts may take after the engine was told to stop, in seconds.
    var shutdownSeconds: Double
    /// How long the last outcomes may wait for a busy store after that, in seconds.
    var recordSeconds = 5.0
}

/// What an engine has done so far.
struct EngineTally: Sendable {
    var events = 0
    var emitted = 0
    var outcomes: [Outcome: Int] = [:]

    /// One line for people.
    var words: String {
        let attempts = Outcome.allCases.compactMap { outcome in
            outcomes[outcome].map { "\($0) \(outcome.rawValue.replacing("_", with: " "))" }
        }
        let decided = Printer.count(events, "event") + " decided, " + Printer.count(emitted, "command")
        return "\(decided) emitted; attempts: "
            + (attempts.isEmpty ? "none" : attempts.joined(separator: ", "))
    }
}
