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
    /// The index of the command's number.
    var number = 0

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
        ], identity: [0, 1, 2, 3], position: 5, rule: nil, item: nil, number: 8)

    /// The values of a row, for people. Two rows with the same values have the same bytes.
    func values(_ row: UnsafeRawBufferPointer) -> [Text?] {
        var cursor = RowCursor(row)
        return columns.map { column in
            switch column.kind {
            case .integer: Text(String(cursor.integer()))
            case .optionalInteger: cursor.integerIfAny().map { Text(String($0)) }
            case .text: cursor.part().map(RowShape.text)
            case .bytes: cursor.part().map { Text(hexadecimalText($0)) }
            }
        }
    }

    /// Bytes that are no UTF-8 stay what they are, instead of becoming the same sign.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> Text {
        Text(String(validating: bytes, as: UTF8.self) ?? "\u{FFFD} no UTF-8: \(hexadecimalText(bytes))")
    }

    /// Everything that says which row it is.
    func identity(_ values: [Text?]) -> [Text] { identity.map { values[$0] ?? "" } }

    func integer(_ values: [Text?], _ column: Int) -> Int64 {
        values[column].flatMap { Int64($0.string) } ?? 0
    }

    /// The whole row, for people: what is NULL is left out.
    func words(_ values: [Text?]) -> String {
        zip(columns, values).compactMap { column, value in
            value.map { "\(column.name)=\($0)" }
        }.joined(separator: " ")
    }

    /// A row that is recorded and does not follow, or follows and is not recorded, or is recorded otherwise;
    /// nil where the two are the same.
    func difference(recorded: [Text?]?, recomputed: [Text?]?) -> Difference? {
        guard let named = recorded ?? recomputed else { return nil }
        var difference = Difference(
            at: integer(named, position), subject, rule: rule.flatMap { named[$0] } ?? "",
            item: item.map { integer(named, $0) } ?? 0, recorded: recorded.map(words),
            recomputed: recomputed.map(words))
        if let recorded, let recomputed {
            let changed = columns.indices.filter { recorded[$0] != recomputed[$0] }
            guard !changed.isEmpty else { return nil }
            func text(_ values: [Text?]) -> String {
                changed.map { "\(columns[$0].name)=\(values[$0]?.string ?? "NULL")" }.joined(separator: " ")
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
    func compare(recorded: [[Text?]], recomputed: [[Text?]], _ report: (Difference) -> Void) {
        var expected: [[Text]: [Text?]] = [:]
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
