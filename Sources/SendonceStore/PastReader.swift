// The port of a backfill's plan: past events and what the ledger knows of their keys, read and never written.
package import SendonceCore

/// The right to read what past events were, and who won their keys. Reads are short; the log goes page by
/// page.
package protocol PastReader: RuleSetReader {
    /// The last position with its link.
    func head() throws(StoreError) -> LogHead

    /// Events of these types behind a position and up to another, ascending: at most `limit` of them and, but
    /// for the first, at most `bytes` of payload. The caller keeps the span of positions short, because all
    /// types of it are passed over in one read.
    func events(after position: Int64, through last: Int64, types: [Text], limit: Int, bytes: Int)
        throws(StoreError) -> [LoggedEvent]

    /// The lowest position of each name that is in the log.
    func positions(of names: [EventName]) throws(StoreError) -> [EventName: Int64]

    /// Winners as of now; nothing keeps another process from adding one.
    func winners(_ questions: [LedgerQuestion]) throws(StoreError) -> [LedgerQuestion: [Winner]]

    /// The newest event of this type and subject.
    func latestEvent(type: Text, subject: Text) throws(StoreError) -> LoggedEvent?
}
