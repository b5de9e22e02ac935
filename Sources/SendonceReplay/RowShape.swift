// What the columns of a compared row are, for those who must name one.
import SendonceCore
import SendonceStore

/// The columns of a table as its rows lie in a `RowBuffer`.
struct RowShape {
    enum Kind {
        case integer, optionalInteger, text, bytes
    }

    let subject: Difference.Subject
    let columns: [(name: String, kind: Kind)]
    /// Indices of the columns that say which row it is: two rows that agree in them are one and the same.
    let identity: [Int]
    /// Indices of position, rule and item; nil where the table has no such column.
    let position: Int
    let rule: Int?
    let item: Int?

    static let decision = RowShape(
        subject: .decision,
        columns: [
            ("position", .integer), ("rule", .text), ("item", .integer), ("reason", .text), ("key", .text),
            ("recipient", .text), ("winner", .optionalInteger), ("until", .optionalInteger),
            ("detail", .text), ("command", .text), ("event", .optionalInteger),
        ], identity: [0, 1, 2], position: 0, rule: 1, item: 2)

    static let command = RowShape(
        subject: .command,
        columns: [
            ("number", .integer), ("id", .text), ("position", .integer), ("rule", .text), ("item", .integer),
            ("key", .text), ("key_digest", .bytes), ("slot", .text), ("generation", .integer),
            ("rule_set", .bytes), ("recipient", .text), ("route", .text), ("occurred_at", .integer),
            ("not_before", .integer), ("expires_at", .optionalInteger), ("on_unknown", .text),
            ("supersede_digest", .bytes),
        ], identity: [2, 3, 4], position: 2, rule: 3, item: 4)

    static let ledger = RowShape(
        subject: .ledger,
        columns: [
            ("key", .text), ("key_digest", .bytes), ("slot", .text), ("generation", .integer),
            ("scope", .text), ("position", .integer), ("occurred_at", .integer), ("command", .text),
            ("number", .integer),
        ], identity: [0, 1, 2, 3], position: 5, rule: nil, item: nil)

    /// The values of a row, for people.
    func values(_ row: UnsafeRawBufferPointer) -> [String?] {
        var cursor = RowCursor(row)
        return columns.map { column in
            switch column.kind {
            case .integer: String(cursor.integer())
            case .optionalInteger: cursor.integerIfAny().map { String($0) }
            case .text: cursor.textIfAny()?.string
            case .bytes: cursor.part().map { hexadecimalText($0) }
            }
        }
    }

    /// One text for everything that says which row it is.
    func identity(_ values: [String?]) -> [String] { identity.map { values[$0] ?? "" } }

    /// The whole row, for people: what is NULL is left out.
    func words(_ values: [String?]) -> String {
        zip(columns, values).compactMap { column, value in
            value.map { "\(column.name)=\($0)" }
        }.joined(separator: " ")
    }

    /// A row that is recorded and does not follow, or follows and is not recorded, or is recorded otherwise;
    /// nil where the two are the same.
    func difference(recorded: [String?]?, recomputed: [String?]?) -> Difference? {
        guard let named = recorded ?? recomputed else { return nil }
        func place(_ column: Int?) -> String? { column.flatMap { named[$0] } }
        var difference = Difference(
            at: place(position).flatMap { Int64($0) } ?? 0, subject, rule: Text(place(rule) ?? ""),
            item: place(item).flatMap { Int64($0) } ?? 0, recorded: recorded.map(words),
            recomputed: recomputed.map(words))
        if let recorded, let recomputed {
            let changed = columns.indices.filter { recorded[$0] != recomputed[$0] }
            guard !changed.isEmpty else { return nil }
            func text(_ values: [String?]) -> String {
                changed.map { "\(columns[$0].name)=\(values[$0] ?? "NULL")" }.joined(separator: " ")
            }
            difference.columns = changed.map { columns[$0].name }
            difference.recorded = text(recorded)
            difference.recomputed = text(recomputed)
        }
        return difference
    }
}

extension RowShape {
    /// Compares two lists of rows whose bytes are not the same, and names what differs.
    func compare(recorded: [[String?]], recomputed: [[String?]], _ report: (Difference) -> Void) {
        var expected: [[String]: [String?]] = [:]
        for row in recomputed { expected[identity(row)] = row }
        for row in recorded {
            let other = expected.removeValue(forKey: identity(row))
            difference(recorded: row, recomputed: other).map(report)
        }
        // In the order in which they follow, so that the same is reported on every run.
        for row in recomputed where expected.removeValue(forKey: identity(row)) != nil {
            difference(recorded: nil, recomputed: row).map(report)
        }
    }
}
