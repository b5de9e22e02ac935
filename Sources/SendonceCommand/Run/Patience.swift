// How long to wait after a store error, and when to give up.
import Logging
import SendonceStore

struct Patience {
    let logger: Logger
    /// What waits, in words for the log.
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

    /// Seconds: doubles from 50 ms to 5 s. Errors that waiting cannot cure are thrown on.
    mutating func delay(after error: StoreError) throws(StoreError) -> Double {
        switch error {
        case .busy, .unavailable, .standby: break
        case .damaged, .schemaTooOld, .schemaFromTheFuture, .conflict, .fenced, .failed: throw error
        }
        failures += 1
        let seconds = min(0.05 * Double(1 << min(failures - 1, 7)), 5)
        logger.warning("\(what) waits: \(error.description)", metadata: ["seconds": "\(seconds)"])
        return seconds
    }
}
