// The projector's thread.
import Logging
import SendonceClock
import SendonceCore
import SendonceProjection
import SendonceStore

extension Engine {
    func project() throws {
        let failure = Result { try decide() }
        do throws(StoreError) {
            try store.resign()
        } catch {
            logger.notice("another process takes over only when the lease ends: \(error.description)")
        }
        try failure.get()
    }

    private func decide() throws {
        let projector = LiveProjector(store: store)
        var patience = Patience(logger: logger, what: "projecting")
        var hasWarned = false
        var quietRounds = 0
        while !isStopping {
            do throws(StoreError) {
                let version = try store.dataVersion()
                let report = try projector.step(now: store.now())
                patience.reset()
                switch report {
                case .moved(let batch):
                    count {
                        $0.events += batch.events
                        $0.emitted += batch.emitted
                    }
                    dispatcherAlarm.ring()
                    quietRounds = 0
                    gather(after: batch, version: version)
                    continue
                case .noRuleSet:
                    if !hasWarned { logger.warning("\(Engine.noRules)") }
                    hasWarned = true
                case .standby(let remaining):
                    // Looks again before the end: the other one may have given the lease back, or moved all.
                    projectorAlarm.wait(seconds: min(1, Double(remaining.microseconds) / 1_000_000))
                    continue
                case .idle: break
                }
                if mode == .once { return }
                try store.checkPlace()
                wait(after: version, quietRounds: quietRounds)
                quietRounds += 1
            } catch {
                projectorAlarm.wait(seconds: try patience.delay(after: error))
            }
        }
    }

    /// Lets more events come in before the next batch, if the last one was small: on a server a transaction
    /// costs as much as dozens of events, and a busy shop would pay for one every few events.
    private func gather(after batch: BatchCounts, version: Int64?) {
        guard version == nil, mode == .untilStopped, batch.events < Engine.worthwhileBatch else { return }
        projectorAlarm.wait(seconds: Engine.gatheringSeconds)
    }

    /// Events that make up for a transaction of their own.
    private static var worthwhileBatch: Int { 250 }
    private static var gatheringSeconds: Double { 0.005 }

    private static var noRules: String {
        "events wait, but no rule set is active: run `sendonce rules activate FILE`"
    }

    /// Until somebody may have committed. A shop that is asleep is asked less often than one at work.
    ///
    /// Where the store has a change counter, that is polled, about a microsecond each time; the bound keeps
    /// a missed change from mattering. Otherwise the next look at the intake is the poll.
    private func wait(after version: Int64?, quietRounds: Int) {
        guard let version else {
            projectorAlarm.wait(seconds: quietRounds < 200 ? 0.005 : Engine.longestPoll)
            return
        }
        for _ in 0..<250 {
            if isStopping { return }
            projectorAlarm.wait(seconds: quietRounds < 4 ? 0.002 : 0.005)
            guard let current = try? store.dataVersion(), current == version else { return }
        }
    }

    /// Seconds between two looks at a server that many hosts use: a look costs it about a tenth of a
    /// millisecond.
    static var longestPoll: Double { 0.025 }

    /// Whether the commands of this store come from this host only, whose projector rings.
    var isAlone: Bool { (try? store.dataVersion()) != nil }
}
