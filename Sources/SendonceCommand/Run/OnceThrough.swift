// `run --once`: everything that is due now, then the end. For cron, for tests and for the impatient.
import SendonceCore
import SendonceDelivery
import SendonceProjection
import SendonceSQLite
import SendonceStore

struct OnceThrough {
    let store: SQLiteStore
    let factory: DispatcherFactory

    /// Ends when the intake is empty, nothing is in flight and nothing more can be claimed now. What is due later, held
    /// or behind a limit stays.
    func run() throws {
        let projector = LiveProjector(store: store)
        var (events, emitted) = (0, 0)
        projecting: while true {
            switch try projector.step(now: SystemClock.now()) {
            case .idle: break projecting
            case .noRuleSet:
                throw CommandError(
                    "events wait, but no rule set is active: run `sendonce rules activate FILE`", status: .no)
            case .moved(let batch):
                events += batch.events
                emitted += batch.emitted
            }
        }
        let alarm = Alarm()
        let dispatcher = try factory.make { alarm.ring() }
        var outcomes: [Outcome: Int] = [:]
        while true {
            let report = try dispatcher.turn(now: SystemClock.now(), monotonic: SystemClock.monotonic())
            outcomes.merge(report.outcomes) { $0 + $1 }
            guard report.isIdle else { continue }
            guard dispatcher.inFlight > 0 else { break }
            alarm.wait(seconds: 0.05)
        }
        _ = try dispatcher.close(now: SystemClock.now())
        let attempts = Outcome.allCases.compactMap { outcome in
            outcomes[outcome].map { "\($0) \(outcome.rawValue.replacing("_", with: " "))" }
        }
        Printer.line(
            "\(Printer.count(events, "event")) decided, \(Printer.count(emitted, "command")) emitted; attempts: "
                + (attempts.isEmpty ? "none" : attempts.joined(separator: ", ")))
    }
}
