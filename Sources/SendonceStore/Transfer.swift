// The ports of moving a log to another database: read rows here, write the same rows there, and say on both
// sides where the log is in force.
package import SendonceCore

/// Neighbouring rows of one table, as the source has them.
package struct TransferPage: Sendable {
    package let table: TransferTable
    /// Key of the last row before these; nil at the table's beginning.
    package let after: TransferRow?
    package let rows: [TransferRow]
    /// Key to which the page reaches; nil if it reaches to the table's end. No other row may stand between.
    package let through: TransferRow?

    package init(table: TransferTable, after: TransferRow?, rows: [TransferRow], through: TransferRow?) {
        self.table = table
        self.after = after
        self.rows = rows
        self.through = through
    }

    /// A page that reaches to its last row, or to the table's end.
    package init(table: TransferTable, after: TransferRow?, rows: [TransferRow], isLast: Bool) {
        self.init(
            table: table, after: after, rows: rows, through: isLast ? nil : rows.last.map(table.key))
    }

    package var isLast: Bool { through == nil }
}

/// What writing a page means, given what the copy holds of it already.
package struct TransferMerge: Sendable {
    package private(set) var missing: [TransferRow] = []
    /// Keys of queue rows that must go first.
    package private(set) var obsolete: [TransferRow] = []

    /// Errors: `.conflict` if the copy holds a recorded row that the source does not have like that.
    package init(_ page: TransferPage, existing: [TransferRow]) throws(StoreError) {
        let table = page.table
        var unseen: [TransferRow: TransferRow] = [:]
        for row in existing { unseen[table.key(row)] = row }
        for row in page.rows {
            guard let known = unseen.removeValue(forKey: table.key(row)) else {
                missing.append(row)
                continue
            }
            guard table.canonical(known) != table.canonical(row) else { continue }
            guard table.isQueue else { throw Self.foreign(table, row) }
            obsolete.append(table.key(row))
            missing.append(row)
        }
        for row in existing where unseen[table.key(row)] != nil {
            guard table.isQueue else { throw Self.foreign(table, row) }
            obsolete.append(table.key(row))
        }
    }

    private static func foreign(_ table: TransferTable, _ row: TransferRow) -> StoreError {
        let key = table.key(row).map { value in
            switch value {
            case .null: "null"
            case .integer(let number): "\(number)"
            case .text(let bytes): String(decoding: bytes, as: UTF8.self)
            case .bytes(let bytes): hexadecimalText(bytes)
            }
        }
        return .conflict(
            "\(table.name): the copy's row (\(key.joined(separator: ", "))) is not the one of the log that "
                + "it is a copy of; start again with a new database")
    }
}

/// The right to read all rows of a log, in the order of their keys.
package protocol TransferReader: AuthorityReader {
    /// Where this is, in words that hold no password.
    func place() throws(StoreError) -> Text

    /// Whether texts may hold a NUL and bytes that are not UTF-8.
    var keepsEveryText: Bool { get }

    /// Rows behind a key: at most so many and, but for the first, at most so many bytes of the bulk column.
    func rows(of table: TransferTable, after key: TransferRow?, limit: Int, bytes: Int)
        throws(StoreError) -> [TransferRow]

    func count(of table: TransferTable) throws(StoreError) -> Int64

    /// Events in the intake, whoever wrote them.
    func intakeCount() throws(StoreError) -> Int64
}

/// The right to give a log away.
package protocol TransferSource: TransferReader {
    /// Attempts whose lease has not run out: somebody may be sending right now. nil if there are none.
    func openAttempts(now: Timestamp) throws(StoreError) -> OpenAttempts?

    /// Records that the log moved, if no attempt is open. From then on nobody projects or claims here, and
    /// what was begun before has ended. Outcomes are still recorded.
    ///
    /// Errors: `.conflict` if an attempt is open, or if the log is not in force here.
    func seal(_ record: AuthorityRecord) throws(StoreError)

    /// Puts the log in force here again. Whoever calls this has made sure that it is not in force elsewhere.
    func takeBack(_ record: AuthorityRecord) throws(StoreError)

    /// The oldest events of the intake behind a number, by their numbers.
    func waiting(after number: Int64, limit: Int, bytes: Int) throws(StoreError) -> [IntakeEvent]

    /// Those of these events that are in the intake, by their numbers.
    func waiting(numbered: [Int64]) throws(StoreError) -> [IntakeEvent]

    /// The highest number that the intake ever gave.
    func lastIntakeNumber() throws(StoreError) -> Int64

    /// Deletes intake rows that arrived elsewhere; refused unless this log moved under this transfer.
    func remove(arrived numbers: [Int64], transfer: Text) throws(StoreError)
}

/// The right to receive a log.
package protocol TransferTarget: TransferReader {
    /// Records that this database is a copy, if it holds nothing of a log yet. Events of the intake may be
    /// there: applications may write to their new place before the log has come.
    func begin(_ record: AuthorityRecord) throws(StoreError)

    /// Writes what is missing of a page in one transaction; refused unless this is the unconfirmed copy of
    /// this transfer. Harmless when repeated, also by two at once.
    func write(_ page: TransferPage, transfer: Text) throws(StoreError)

    /// Adds events to the intake, under new numbers and in their order, but for those that came before.
    /// Returns how many were new.
    func arrive(_ events: [IntakeEvent], transfer: Text) throws(StoreError) -> Int

    /// Events that came with the transfer and wait here, by their numbers at the source.
    func arrived(with transfer: Text, after number: Int64, limit: Int, bytes: Int)
        throws(StoreError) -> [IntakeEvent]

    /// Lets numbers that the database gives go on behind those that came, and behind `intakeNumber`.
    func continueNumbers(after intakeNumber: Int64) throws(StoreError)

    /// Adds to `outbox_authority`: that the copy was compared, is confirmed, or is given up. The table
    /// itself refuses what does not follow.
    func record(_ record: AuthorityRecord) throws(StoreError)
}

package struct OpenAttempts: Hashable, Sendable {
    package var count: Int64
    package var until: Timestamp

    package init(count: Int64, until: Timestamp) {
        self.count = count
        self.until = until
    }

    package var words: String {
        "\(count) \(count == 1 ? "attempt is" : "attempts are") under way, until \(until.shortText) at the "
            + "latest: stop `sendonce run`, which lets them end, and start again"
    }
}

package enum TransferLimits {
    /// Rows of a page, which is one transaction: some tens of milliseconds under the write lock.
    package static let rows = 2_000
    /// Bytes of payloads in a page.
    package static let bytes = 8 << 20
}
