// The dispatcher's thread.
import Logging
import SendonceClock
import SendonceCore
import SendonceDelivery
import SendonceStore

extension Engine {
    func dispatch() throws {
        let alarm = dispatcherAlarm
        let dispatcher = try makeDispatcher { alarm.ring() }
        // Whatever ends the loop, what is known is recorded; the first error is the one that counts.
        let failure = Result { try deliver(with: dispatcher) }
        let record = Result { try shutDown(dispatcher) }
        try failure.get()
        try record.get()
    }

    private func deliver(with dispatcher: Dispatcher) throws {
        var patience = Patience(logger: logger, what: "dispatching")
        var paused = PauseLog(logger: logger)
        while !isStopping {
            do throws(StoreError) {
                // Asked before the turn: what was emitted in between would otherwise be missed once through.
                let isLast = mode == .once && hasProjected
                let report = try dispatcher.turn(now: store.now(), monotonic: Monotonic.now())
                patience.reset()
                note(report)
                paused.note(dispatcher.pausedRoutes)
                guard report.isIdle else { continue }
                if isLast, dispatcher.unsettled == 0 { return }
                let seconds =
                    if let rest = report.rest { Engine.seconds(rest) } else { try idleSeconds(dispatcher) }
                dispatcherAlarm.wait(seconds: seconds)
            } catch {
                dispatcherAlarm.wait(seconds: try patience.delay(after: error))
            }
        }
    }

    /// Until the next turn may have something to do, but never long: other processes emit commands too.
    private func idleSeconds(_ dispatcher: Dispatcher) throws(StoreError) -> Double {
        let longest = isAlone ? 0.1 : Engine.longestPoll
        let now = try store.now()
        guard let next = try dispatcher.nextTurn(after: now) else { return longest }
        return min(max(Engine.seconds(next - now), 0.001), longest)
    }

    /// Lets open attempts finish until the deadline, cuts off the rest, and records all of it. A store that
    /// stays away cannot take the last outcomes: then the leases run out and they become unknown.
    private func shutDown(_ dispatcher: Dispatcher) throws {
        var patience = Patience(logger: logger, what: "shutting down")
        let end = Engine.deadline(in: limits.shutdownSeconds)
        while dispatcher.inFlight > 0, Monotonic.now() < end {
            do throws(StoreError) {
                note(
                    try dispatcher.turn(
                        now: store.now(), monotonic: Monotonic.now(), isClaiming: false))
                if dispatcher.inFlight > 0 { dispatcherAlarm.wait(seconds: 0.05) }
            } catch {
                dispatcherAlarm.wait(seconds: try patience.delay(after: error))
            }
        }
        let lastRecord = Engine.deadline(in: limits.recordSeconds)
        while true {
            do throws(StoreError) {
                note(try dispatcher.close(now: store.now()))
                return
            } catch {
                guard Monotonic.now() < lastRecord else { throw error }
                dispatcherAlarm.wait(seconds: try patience.delay(after: error))
            }
        }
    }

    private func note(_ report: DispatchReport) {
        guard !report.outcomes.isEmpty else { return }
        count { $0.outcomes.merge(report.outcomes) { $0 + $1 } }
    }

    private static func seconds(_ span: Span) -> Double { Double(span.microseconds) / 1_000_000 }

    private static func deadline(in seconds: Double) -> UInt64 {
        Monotonic.now() + UInt64(seconds * 1_000_000_000)
    }
}

/// Says when a route stops taking commands, why, and when it goes on: once each, not at every turn.
private struct PauseLog {
    let logger: Logger
    private var words: [Text: String] = [:]

    init(logger: Logger) {
        self.logger = logger
    }

    mutating func note(_ paused: [(route: Text, words: String)]) {
        for (route, reason) in paused where words[route] != reason {
            logger.warning("route \(route) is \(Printer.visible(reason))")
            words[route] = reason
        }
        for route in words.keys.sorted() where !paused.contains(where: { $0.route == route }) {
            logger.notice("route \(route) is open again")
            words[route] = nil
        }
    }
}
