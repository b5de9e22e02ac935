// Rows of a table one by one, read page by page, and written the same way.
import SendonceCore
import SendonceStore

/// The rows of a table in the order of their keys.
struct RowPages {
    let table: TransferTable
    private let reader: any TransferReader
    private var page: ArraySlice<TransferRow> = []
    private var last: TransferRow?
    private var isOver = false

    init(_ table: TransferTable, of reader: any TransferReader) {
        self.table = table
        self.reader = reader
    }

    /// The next row, which stays the next one.
    mutating func peek() throws(StoreError) -> TransferRow? {
        if page.isEmpty, !isOver {
            page = try reader.rows(
                of: table, after: last, limit: TransferLimits.rows, bytes: TransferLimits.bytes)[...]
            isOver = page.isEmpty
            if let end = page.last { last = table.key(end) }
        }
        return page.first
    }

    mutating func next() throws(StoreError) -> TransferRow? {
        guard let row = try peek() else { return nil }
        page.removeFirst()
        return row
    }
}

/// Rows on their way into a table of the new place, in the order of their keys.
struct RowWriter {
    let table: TransferTable
    private let target: any TransferTarget
    private let transfer: Text
    private var rows: [TransferRow] = []
    private var after: TransferRow?

    init(_ table: TransferTable, of target: any TransferTarget, transfer: Text) {
        self.table = table
        self.target = target
        self.transfer = transfer
    }

    mutating func add(_ row: TransferRow) throws(StoreError) {
        rows.append(row)
        if rows.count >= TransferLimits.rows { try write(through: table.key(row)) }
    }

    /// Writes what was added, as all that stands up to this key.
    mutating func reach(_ key: TransferRow) throws(StoreError) {
        try write(through: key)
    }

    /// Writes what was added, as all that is left.
    mutating func end() throws(StoreError) {
        try write(through: nil)
    }

    private mutating func write(through key: TransferRow?) throws(StoreError) {
        try target.write(
            TransferPage(table: table, after: after, rows: rows, through: key), transfer: transfer)
        after = key
        rows = []
    }
}

extension TransferValue {
    var number: Int64? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    var word: String? {
        guard case .text(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    fileprivate func precedes(_ other: TransferValue) -> Bool {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): left < right
        case (.text(let left), .text(let right)), (.bytes(let left), .bytes(let right)):
            left.lexicographicallyPrecedes(right)
        case (.null, .null): false
        case (.null, _): true
        default: false
        }
    }

    fileprivate var words: String {
        switch self {
        case .null: "-"
        case .integer(let number): "\(number)"
        case .text(let bytes): String(decoding: bytes, as: UTF8.self)
        case .bytes(let bytes): hexadecimalText(bytes.prefix(6))
        }
    }
}

extension TransferRow {
    /// In the order in which every store reads keys: bytes, not letters.
    func precedes(_ other: TransferRow) -> Bool {
        for (left, right) in zip(self, other) where left != right { return left.precedes(right) }
        return count < other.count
    }

    /// For people.
    var words: String { map(\.words).joined(separator: " ") }
}
