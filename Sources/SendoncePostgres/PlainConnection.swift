// A connection on which any SQL may be run, for people's tools and for tests; the store does not use it.
package import SendonceStore

/// Statements as text, answers as text.
package final class PlainConnection: Sendable {
    private let session: Session

    /// Connects when it is first used.
    package init(_ connection: String) {
        session = Session(PostgresSettings(connection: connection))
    }

    /// Runs SQL, of one or more statements; gives the rows of the last one.
    @discardableResult
    package func run(_ sql: String) throws(StoreError) -> [[String?]] {
        try session.plain { (session: Session) throws(StoreError) in try session.textRows(sql) }
    }

    /// The first value of the first row.
    package func value(_ sql: String) throws(StoreError) -> String? {
        try run(sql).first?.first ?? nil
    }

    package func close() { session.close() }
}
