// The projector's thread.
import Logging
import SendonceCore
import SendonceProjection
import SendonceSQLite
import SendonceStore

extension Engine {
    func project() throws {
        let projector = LiveProjector(store: store)
        var patience = Patience(logger: logger, what: "projecting")
        var hasWarned = false
        var quietRounds = 0
        while !isStopping {
            do throws(StoreError) {
                let version = try store.dataVersion()
                let report = try projector.step(now: SystemClock.now())
                patience.reset()
                switch report {
                case .moved(let batch):
                    count {
                        $0.events += batch.events
                        $0.emitted += batch.emitted
                    }
                    dispatcherAlarm.ring()
                    quietRounds = 0
                    continue
                case .noRuleSet:
                    if !hasWarned { logger.warning("\(Engine.noRules)") }
                    hasWarned = true
                case .standby(let remaining):
                    // Looks again before the end: the other one may have given the lease back.
                    projectorAlarm.wait(seconds: min(1, Double(remaining.microseconds) / 1_000_000))
                case .idle: break
                }
                if mode == .once { return }
                try store.checkPlace()
                // A shop that is asleep is asked less often than one at work.
                waitForCommit(after: version, everySeconds: quietRounds < 4 ? 0.002 : 0.005)
                quietRounds += 1
            } catch {
                projectorAlarm.wait(seconds: try patience.delay(after: error))
            }
        }
    }

    private static var noRules: String {
        "events wait, but no rule set is active: run `sendonce rules activate FILE`"
    }

    /// Polls the file's change counter, about a microsecond each time, until somebody commits. The bound
    /// keeps a missed change from mattering.
    private func waitForCommit(after version: Int64, everySeconds pause: Double) {
        for _ in 0..<250 {
            if isStopping { return }
            projectorAlarm.wait(seconds: pause)
            guard let current = try? store.dataVersion(), current == version else { return }
        }
    }
}
