// The live system in one process: a thread that projects, a thread that dispatches, and how they stop.
import Foundation
import Logging
import SendonceCore
import SendonceDelivery
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Synchronization

/// Runs a projector and a dispatcher on one store until it is told to stop or a store error leaves no hope.
///
/// Blocking calls stay on these two threads, never on the cooperative pool.
final class Engine: Sendable {
    private let store: SQLiteStore
    private let makeDispatcher: @Sendable (_ wake: @escaping @Sendable () -> Void) throws -> Dispatcher
    private let logger: Logger
    /// How long `run` lets open attempts finish after it was told to stop.
    private let shutdownSeconds: Double
    private let projectorAlarm = Alarm()
    private let dispatcherAlarm = Alarm()
    private let state = Mutex(State())

    private struct State {
        var isStopping = false
        var threads = 0
        var failure: (any Error)?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(
        store: SQLiteStore, shutdownSeconds: Double, logger: Logger,
        makeDispatcher: @escaping @Sendable (_ wake: @escaping @Sendable () -> Void) throws -> Dispatcher
    ) {
        self.store = store
        self.shutdownSeconds = shutdownSeconds
        self.logger = logger
        self.makeDispatcher = makeDispatcher
    }

    func start() {
        state.withLock { $0.threads = 2 }
        spawn("projector") { try self.project() }
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

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func spawn(_ name: String, _ body: @escaping @Sendable () throws -> Void) {
        let thread = Thread {
            do {
                try body()
            } catch {
                self.logger.critical("\(name) stopped", metadata: ["error": "\(CommandError(error).words)"])
                self.state.withLock { $0.failure = $0.failure ?? error }
                self.stop()
            }
            let waiters = self.state.withLock { state in
                state.threads -= 1
                defer { if state.threads == 0 { state.waiters = [] } }
                return state.threads == 0 ? state.waiters : []
            }
            waiters.forEach { $0.resume() }
        }
        thread.name = name
        thread.start()
    }

    // MARK: Projecting

    private func project() throws {
        let projector = LiveProjector(store: store)
        var patience = Patience(logger: logger, what: "projecting")
        var hasWarned = false
        while !isStopping {
            do throws(StoreError) {
                let version = try store.dataVersion()
                switch try projector.step(now: SystemClock.now()) {
                case .moved: dispatcherAlarm.ring()
                case .noRuleSet:
                    if !hasWarned {
                        logger.warning(
                            "events wait, but no rule set is active: run `sendonce rules activate FILE`")
                    }
                    hasWarned = true
                    waitForCommit(after: version)
                case .idle: waitForCommit(after: version)
                }
                patience.reset()
            } catch {
                projectorAlarm.wait(seconds: try patience.delay(after: error))
            }
        }
    }

    /// Polls the file's change counter, about a microsecond each time, until somebody commits.
    private func waitForCommit(after version: Int64) {
        // A commit of our own connection does not change the counter that the reader sees as another's, but one by
        // any other connection does; the bound keeps a missed change from mattering.
        for _ in 0..<250 {
            if isStopping { return }
            projectorAlarm.wait(seconds: 0.002)
            guard let current = try? store.dataVersion(), current == version else { return }
        }
    }

    // MARK: Dispatching

    private func dispatch() throws {
        let alarm = dispatcherAlarm
        let dispatcher = try makeDispatcher { alarm.ring() }
        var patience = Patience(logger: logger, what: "dispatching")
        while !isStopping {
            do throws(StoreError) {
                let report = try dispatcher.turn(now: SystemClock.now(), monotonic: SystemClock.monotonic())
                patience.reset()
                if report.isIdle { alarm.wait(seconds: try idleSeconds(dispatcher)) }
            } catch {
                alarm.wait(seconds: try patience.delay(after: error))
            }
        }
        try shutDown(dispatcher)
    }

    /// Until the next command is due, but never long: other processes project too.
    private func idleSeconds(_ dispatcher: Dispatcher) throws(StoreError) -> Double {
        guard let due = try dispatcher.nextDue() else { return 0.1 }
        let seconds = Double((due - SystemClock.now()).microseconds) / 1_000_000
        return min(max(seconds, 0.005), 0.1)
    }

    private func shutDown(_ dispatcher: Dispatcher) throws {
        let end = SystemClock.monotonic() + UInt64(shutdownSeconds * 1_000_000_000)
        var patience = Patience(logger: logger, what: "shutting down")
        while dispatcher.inFlight > 0, SystemClock.monotonic() < end {
            do throws(StoreError) {
                _ = try dispatcher.turn(
                    now: SystemClock.now(), monotonic: SystemClock.monotonic(), isClaiming: false)
                if dispatcher.inFlight > 0 { dispatcherAlarm.wait(seconds: 0.05) }
            } catch {
                dispatcherAlarm.wait(seconds: try patience.delay(after: error))
            }
        }
        // A store that is away now cannot take the last outcomes: the leases run out, and they become unknown.
        let report = try dispatcher.close(now: SystemClock.now())
        if report.settled > 0 {
            logger.info("recorded what was open at the end", metadata: ["attempts": "\(report.settled)"])
        }
    }
}

/// How long to wait after a store error, and when to give up.
private struct Patience {
    let logger: Logger
    let what: String
    private var failures = 0

    init(logger: Logger, what: String) {
        self.logger = logger
        self.what = what
    }

    mutating func reset() {
        if failures > 0 { logger.notice("the database is back", metadata: ["after": "\(failures) failures"]) }
        failures = 0
    }

    /// Doubles from 50 ms to 5 s. Errors that waiting cannot cure are thrown on.
    mutating func delay(after error: StoreError) throws(StoreError) -> Double {
        switch error {
        case .busy, .unavailable: break
        case .damaged, .schemaTooOld, .schemaFromTheFuture, .conflict, .failed: throw error
        }
        failures += 1
        let seconds = min(0.05 * Double(1 << min(failures - 1, 7)), 5)
        logger.warning("\(what) waits: \(error.description)", metadata: ["seconds": "\(seconds)"])
        return seconds
    }
}
