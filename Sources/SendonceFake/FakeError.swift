// What can keep the fake from starting or from taking a chaos plan. Closed, so that each shell can name the
// cure.

extension FakeBrevo {
    /// Why the fake cannot do what it was told.
    package enum FakeError: Error, Equatable, Sendable {
        /// `start` was called a second time; one fake starts once, a restart is a new one with the same
        /// record file.
        case alreadyStarted
        /// The address cannot be listened on; the reason is the system's.
        case addressUnavailable(host: String, port: Int, reason: String)
        /// The record file cannot be opened, read or shortened; `code` is the errno.
        case recordUnavailable(path: String, code: Int32)
        /// Another fake has the record file open.
        case recordInUse(path: String)
        /// A complete line of the record file is not an acceptance; lines count from 1.
        case recordInvalid(path: String, line: Int)
        /// The chaos plan or script is not possible; the text says which part.
        case chaosInvalid(String)
    }
}
