// What an application needs to hand an event to Sendonce: one INSERT inside its own transaction. The table
// judges what is allowed, so this library does no more than a line of SQL would, and a program in any other
// language can do the same.
public import GRDB

/// Appends events to the intake, in the transaction that the application has open.
///
/// ```swift
/// try database.write { db in
///     try order.insert(db)
///     try Outbox.append(OutboxEvent(type: "order.placed", payload: #"{"order_id": 42}"#), in: db)
/// }
/// ```
///
/// The event exists if and only if the transaction commits. Writing the same event many times is harmless:
/// the rules' keys decide that one message leaves.
public enum Outbox {
    /// Appends with GRDB.
    ///
    /// - Throws: GRDB's `DatabaseError`; a refused event names the table's constraint, such as
    ///   `payload_must_be_a_json_object`.
    public static func append(_ event: OutboxEvent, in db: Database) throws {
        let (sql, values) = event.insertion
        let statement = try db.cachedStatement(sql: sql)
        try statement.execute(arguments: StatementArguments(values.map { $0.text }))
    }

    /// Appends through any closure that runs SQL with positional parameters, for an application that does not
    /// use GRDB.
    ///
    /// - Parameter run: gets the statement, with a `?` for each value, and the values in order.
    public static func append<Failure: Error>(
        _ event: OutboxEvent, using run: (_ sql: String, _ values: [OutboxValue]) throws(Failure) -> Void
    ) throws(Failure) {
        let (sql, values) = event.insertion
        try run(sql, values)
    }
}

/// A value for a `?` of the INSERT.
public struct OutboxValue: Hashable, Sendable {
    /// To be bound as text, never as a BLOB: the columns are STRICT.
    public let text: String
}
