// Everything the fake keeps or reads has a bound, and this is the list. A fake that forgets silently would
// make a test that counts lie, so what is full refuses new messages instead of dropping old ones; only the
// log is a ring.

extension FakeBrevo {
    /// The bounds of one fake provider, each with its reason.
    package enum Limits {
        /// Bytes of one request body. A payload of an event may be 1 MiB and grows when it is rendered and
        /// escaped.
        package static let bodyBytes = 4 << 20
        /// Open connections; one more is closed at once. Together with `bodyBytes` this bounds what is being
        /// read.
        package static let connections = 1_024
        /// Acceptances kept with their key. The next message is answered 503 and not accepted until a reset.
        package static let acceptances = 500_000
        /// Bytes of text kept in acceptances, all together. Full is answered as `acceptances` is.
        package static let retainedBytes = 256 << 20
        /// Bytes of a message's text kept for people to read in the inbox; the rest is cut.
        package static let excerptBytes = 2_048
        /// Entries of the log; the oldest goes first.
        package static let logEntries = 10_000
        /// Entries of a chaos script that are still to come.
        package static let scriptEntries = 10_000
        /// Requests that one script entry may stand for.
        package static let scriptCount = 1_000_000
        /// Longest wait a fault may ask for, in milliseconds: ten minutes outlast every client's timeout.
        package static let faultMilliseconds = 600_000
        /// How long a connection that gets no further answer is read to its end, in milliseconds, so that the
        /// kernel does not destroy the last answer with a reset because of bytes that nobody read.
        package static let lingerMilliseconds = 1_000
        /// Bytes of one line of the record file: a message's kept text cannot be longer than the body it came
        /// in, and escaping makes a byte six at most.
        package static let recordLineBytes = 6 * bodyBytes
    }
}
