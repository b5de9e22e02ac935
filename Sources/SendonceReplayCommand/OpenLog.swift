// Opening the log that an address names, and putting up what keeps this process from doing anything else.
import ArgumentParser
import Foundation
import SendonceBarrier
import SendonceBundle
import SendonceCore
import SendoncePostgres
import SendonceReplay
import SendonceSQLite
import SendonceStore

/// A log that is open, with what keeps this process from writing and sending.
struct OpenLog {
    /// What every command may read; `records` for those that need more.
    let log: any LogReader
    /// In words that hold no password.
    let place: Text
    /// What is in force from here on, and what this machine does not offer, in words.
    let barriers: [String]

    /// Opens the log, then puts up the barriers: nothing is opened after them.
    init(_ options: LogPlace) throws {
        let givesWay = options.pace == .gentle
        // Before there is a second thread.
        if givesWay { Courtesy.giveWay() }
        let environment = ProcessInfo.processInfo.environment
        let address = options.database ?? environment["SENDONCE_DATABASE"] ?? "sendonce.sqlite"
        let database: String
        if PostgresSettings.isAddress(address) {
            let settings = PostgresSettings(connection: address)
            if options.database != nil, try settings.hasPassword() {
                throw ValidationError(
                    "--database holds a password, which everybody on this machine can read: use ~/.pgpass, "
                        + "PGPASSFILE or SENDONCE_DATABASE")
            }
            log = try PostgresReplayLog(settings, readers: OpenLog.readers, givesWay: givesWay)
            place = Text(try settings.place())
            database = "PostgreSQL: READ ONLY, REPEATABLE READ transactions"
        } else if address.hasSuffix(".jsonl") {
            let file = try LogFile(path: address)
            log = file
            place = Text(URL(fileURLWithPath: address).standardizedFileURL.path)
            database =
                file.isRedacted
                ? "file: opened for reading; redacted, so that its links cannot be recomputed"
                : "file: opened for reading; every link was recomputed"
        } else {
            log = try SQLiteReplayLog(path: address, readers: OpenLog.readers)
            place = Text(URL(fileURLWithPath: address).standardizedFileURL.path)
            database = "SQLite: opened read only, an authorizer allows SELECT alone"
        }
        // A first look, so that whatever is opened for reading is open before nothing can be opened any more.
        _ = try log.head()
        barriers = OpenLog.standing + [OpenLog.kernel(KernelBarrier.install()), database]
    }

    private static func kernel(_ state: KernelBarrier.State) -> String {
        switch state {
        case .inForce: "kernel: a seccomp filter refuses sockets, connections, programs and new files"
        case .unavailable(let reason): "kernel: NOT IN FORCE, seccomp is not available here (\(reason))"
        }
    }

    /// What was concluded from the log, beside the log itself: a store has it, and nothing else does.
    func records() throws -> any RecordReader {
        guard let records = log as? any RecordReader else {
            throw ValidationError("\(place): holds a log and nothing that was decided; name the database")
        }
        return records
    }

    private static let readers = min(
        ProcessInfo.processInfo.activeProcessorCount, VerificationLimits.mostReaders)

    /// What holds for this program wherever the log is.
    private static let standing = [
        "projector: a function of rule sets, event and keys",
        "program: no HTTP, no mail, no template engine is linked",
    ]
}
