// A queue row with its command and its event. What is due is locked first and read then: a look at a range of
// each table costs half of what a join of rows one by one does.
import SendonceCore
import SendonceStore

struct QueuedCommand {
    var dueAt: Timestamp
    var due: DueCommand

    /// Locks what is due for the transaction, and passes over what somebody else has locked.
    static let lockDueSQL = """
        SELECT \(DueCommand.queueColumns), q.due_at FROM outbox_queue q
        WHERE q.route = $1 AND q.state IN ('pending', 'unknown') AND q.due_at <= $2 AND q.due_at >= $3
        ORDER BY q.due_at LIMIT $4 FOR UPDATE SKIP LOCKED
        """

    /// Reads what belongs to locked rows; in the order of due times, then of numbers.
    static func read(_ queue: Rows, _ session: Session) throws(StoreError) -> [QueuedCommand] {
        guard queue.count > 0 else { return [] }
        let commands = try RecordedRows(
            session, commandSQL, keys: queue.integers(0), keyColumn: DueCommand.furtherCommandColumn)
        let events = try RecordedRows(
            session, eventSQL, keys: commands.rows.integers(1), keyColumn: DueCommand.furtherEventColumn)
        var found: [QueuedCommand] = []
        found.reserveCapacity(queue.count)
        for index in 0..<queue.count {
            let row = queue[index]
            let command = try commands.row(row.integer(0))
            let due = try DueCommand(
                queue: row, command: command, event: try events.row(command.integer(1)))
            found.append(QueuedCommand(dueAt: row.time(DueCommand.furtherQueueColumn), due: due))
        }
        found.sort { ($0.dueAt, $0.due.number) < ($1.dueAt, $1.due.number) }
        return found
    }

    private static let commandSQL = """
        SELECT \(DueCommand.commandColumns), c.number FROM outbox_command c
        WHERE c.number BETWEEN $1 AND $2 AND ($3::bigint[] IS NULL OR c.number = ANY ($3))
        """

    private static let eventSQL = """
        SELECT \(DueCommand.eventColumns), l.position FROM outbox_log l
        WHERE l.position BETWEEN $1 AND $2 AND ($3::bigint[] IS NULL OR l.position = ANY ($3))
        """

    static let lapsedSQL = """
        SELECT \(DueCommand.columns), a.started_at, q.lease_end
        FROM (
            SELECT * FROM outbox_queue WHERE state = 'sending' AND lease_end <= $1 AND lease_end >= $3
            ORDER BY lease_end LIMIT $2
        ) q
        JOIN outbox_command c ON c.number = q.command
        JOIN outbox_log l ON l.position = c.position
        JOIN outbox_attempt a ON a.command = q.command AND a.attempt = q.attempts
        ORDER BY q.lease_end, q.command
        """
}

/// Rows of a table that only grows, found by their keys.
private struct RecordedRows {
    let rows: Rows
    private let keyColumn: Int32
    /// Only where the rows are not neighbours in their order: then the first one's key says where each is.
    private var places: [Int64: Int] = [:]
    private var firstKey: Int64 = 0

    /// `sql` takes neighbours and may give rows beside those that are asked for.
    init(_ session: Session, _ sql: String, keys: [Int64], keyColumn: Int32) throws(StoreError) {
        self.keyColumn = keyColumn
        rows = try session.answer(sql) { $0.add(Neighbours(keys, allowGaps: true)) }
        let found = rows.integers(keyColumn)
        firstKey = found.first ?? 0
        let isInOrder = found.indices.allSatisfy { found[$0] == firstKey &+ Int64($0) }
        guard !isInOrder else { return }
        places.reserveCapacity(found.count)
        for (index, key) in found.enumerated() { places[key] = index }
    }

    func row(_ key: Int64) throws(StoreError) -> Row {
        let counted = key.subtractingReportingOverflow(firstKey)
        let place =
            places.isEmpty && !counted.overflow && rows.indices.contains(Int(counted.partialValue))
            ? Int(counted.partialValue) : places[key]
        guard let place else {
            throw .damaged("a queued command's \(rows.name(keyColumn)) \(key) is not there")
        }
        return rows[place]
    }
}
