// The port of replay: a log with the rule sets that decided it, read and never written. A store has it, and
// so has a file that a log was exported to.
package import SendonceCore

/// The right to read a log. Whoever holds only this can neither write nor send.
package protocol LogReader: RuleSetFileReader {
    /// The last position with its link.
    func head() throws(StoreError) -> LogHead

    /// Every activation, oldest first, each with its scopes.
    func activations() throws(StoreError) -> [Activation]

    /// Events behind a position, ascending: at most `limit` of them and, but for the first, at most `bytes`
    /// of payload.
    func events(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent]

    /// nil while the log is empty.
    func name() throws(StoreError) -> LogName?
}

/// A log is named by its first link: no two logs begin with the same event at the same microsecond, and what
/// is transferred, restored or exported keeps it.
package typealias LogName = Digest

extension LogReader {
    /// Where the log begins with its first event.
    package func name() throws(StoreError) -> LogName? {
        try events(after: 0, limit: 1, bytes: 0).first?.link
    }
}
