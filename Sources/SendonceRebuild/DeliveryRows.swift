// Rows of the delivery at the old place, under the numbers that their commands have at the new one.
import SendonceCore
import SendonceStore

/// The rows of a table whose key begins with a command, or names it last, in the order of their new keys.
struct DeliveryRows {
    private let renumbering: Renumbering
    /// Index of the column that names the command.
    private let place: Int
    private var pages: RowPages
    /// Rows whose command has another number here, in their new order.
    private var moved: ArraySlice<TransferRow> = []
    /// Rows whose command does not exist.
    private(set) var lost: LostRows

    init(
        _ table: TransferTable, of reader: any TransferReader, _ renumbering: Renumbering
    ) throws(StoreError) {
        self.renumbering = renumbering
        place = table.columnNames.firstIndex(of: "command") ?? 0
        pages = RowPages(table, of: reader)
        lost = LostRows(table: table.name)
        guard !renumbering.isPlain else { return }
        var all = RowPages(table, of: reader)
        var moved: [TransferRow] = []
        while var row = try all.next() {
            guard let old = row[place].number, let new = renumbering.number(old), new != old else { continue }
            row[place] = .integer(new)
            moved.append(row)
        }
        self.moved = moved.sorted { table.key($0).precedes(table.key($1)) }[...]
    }

    mutating func peek() throws(StoreError) -> TransferRow? {
        while let row = try pages.peek() {
            let old = row[place].number ?? 0
            if renumbering.number(old) == old {
                guard let other = moved.first, key(other).precedes(key(row)) else { return row }
                return other
            }
            if renumbering.number(old) == nil { lost.add(key(row)) }
            _ = try pages.next()
        }
        return moved.first
    }

    mutating func next() throws(StoreError) -> TransferRow? {
        guard let row = try peek() else { return nil }
        if let other = moved.first, key(other) == key(row) {
            moved.removeFirst()
        } else {
            _ = try pages.next()
        }
        return row
    }

    /// The rows of one command, where the key begins with it. Commands are asked for in their order.
    mutating func rows(of command: Int64) throws(StoreError) -> [TransferRow] {
        var rows: [TransferRow] = []
        while let row = try peek(), let number = row[0].number, number <= command {
            _ = try next()
            if number == command { rows.append(row) }
        }
        return rows
    }

    private func key(_ row: TransferRow) -> TransferRow { pages.table.key(row) }
}
