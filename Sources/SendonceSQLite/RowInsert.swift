// An INSERT for many rows of one table. What SQLite does once for each run of a statement costs as much as
// writing a row, so rows go in by sixteens.
import SendonceStore

/// Statements of one session; lives as long as its caller's transaction.
struct RowInsert {
    private let one: Statement
    private let many: Statement

    private static let rowsAtOnce = 16

    /// `tuple` is one row's `(?, ?, …)`, parameters in the order in which `bind` adds them.
    init(_ session: Session, into columns: String, values tuple: String) throws(StoreError) {
        let tuples = Array(repeating: tuple, count: Self.rowsAtOnce).joined(separator: ", ")
        one = try session.statement("INSERT INTO \(columns) VALUES \(tuple)")
        many = try session.statement("INSERT INTO \(columns) VALUES \(tuples)")
    }

    /// Inserts the rows in their order.
    func insert<Row>(_ rows: [Row], _ bind: (Statement, Row) -> Void) throws(StoreError) {
        let whole = rows.count - rows.count % Self.rowsAtOnce
        for start in stride(from: 0, to: whole, by: Self.rowsAtOnce) {
            for row in rows[start..<start + Self.rowsAtOnce] { bind(many, row) }
            try many.run()
        }
        for row in rows[whole...] {
            bind(one, row)
            try one.run()
        }
    }
}
