// The values of one column for many rows, in PostgreSQL's binary form of an array: one message writes a
// batch, and nothing has to be quoted. Where all values are the same, one of them says it all.
import SendonceCore
import SendonceStore

/// Filled row by row, then given to a statement's `unnest`.
struct Column {
    let type: ValueType
    private var bytes: [UInt8] = []
    private var count: Int32 = 0
    private var hasNull = false
    /// Where the first value ends, its length included.
    private var firstEnd = 0
    /// Whether all values so far are the same.
    private(set) var isUniform = true

    init(_ type: ValueType) {
        self.type = type
    }

    mutating func add(_ number: Int64) {
        append(count: 8) { $0.appendBigEndian(number) }
    }

    mutating func add(_ text: String) {
        append(count: text.utf8.count) { $0.append(contentsOf: text.utf8) }
    }

    mutating func add(text: [UInt8]) {
        append(count: text.count) { $0.append(contentsOf: text) }
    }

    mutating func add(_ digest: Digest) {
        append(count: 32) { $0.append(digest) }
    }

    mutating func add(_ id: CommandID) {
        append(count: 16) { $0.append(id) }
    }

    mutating func addNull() {
        append(count: nil) { _ in }
        hasNull = true
    }

    private mutating func append(count valueCount: Int?, _ value: (inout [UInt8]) -> Void) {
        let start = bytes.count
        bytes.appendBigEndian(Int32(valueCount ?? -1))
        value(&bytes)
        count += 1
        if count == 1 {
            firstEnd = bytes.count
        } else if isUniform {
            isUniform = bytes[start...].elementsEqual(bytes[..<firstEnd])
        }
    }

    mutating func add(_ number: Int) { add(Int64(number)) }
    mutating func add(_ time: Timestamp) { add(time.microseconds) }
    mutating func add(_ text: Text) { add(text.string) }
    mutating func add(_ number: Int64?) { if let number { add(number) } else { addNull() } }
    mutating func add(_ number: Int?) { add(number.map(Int64.init)) }
    mutating func add(_ time: Timestamp?) { add(time?.microseconds) }
    mutating func add(_ text: Text?) { add(text?.string) }
    mutating func add(_ text: String?) { if let text { add(text) } else { addNull() } }
    mutating func add(_ digest: Digest?) { if let digest { add(digest) } else { addNull() } }
    mutating func add(_ id: CommandID?) { if let id { add(id) } else { addNull() } }

    /// Words from outside, which may hold a NUL where PostgreSQL's text may not: U+FFFD stands for it. An
    /// outcome must be recorded whatever a provider answered.
    mutating func add(repaired text: Text?) {
        guard let text, text.utf8.contains(0) else { return add(text) }
        add(
            String(
                String.UnicodeScalarView(text.string.unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 })))
    }

    /// Dimensions, whether there are NULLs, the elements' type, length and first index; then the elements.
    func write(to target: inout [UInt8]) {
        target.reserveCapacity(target.count + bytes.count + 20)
        target.appendBigEndian(Int32(count == 0 ? 0 : 1))
        target.appendBigEndian(Int32(hasNull ? 1 : 0))
        target.appendBigEndian(type.rawValue)
        guard count > 0 else { return }
        target.appendBigEndian(count)
        target.appendBigEndian(Int32(1))
        target.append(contentsOf: bytes)
    }

    /// The value that all rows have; nil is NULL. Only of a column that is uniform and not empty.
    var common: ArraySlice<UInt8>? {
        let header = MemoryLayout<Int32>.size
        return hasNull || firstEnd < header ? nil : bytes[header..<firstEnd]
    }
}

extension Session {
    /// Writes rows, column by column; the first column has a value for each of them. A value that all rows
    /// share is sent, and unfolded by the server, once.
    func insert(into table: String, _ columns: KeyValuePairs<String, Column>) throws(StoreError) {
        var values: [String] = []
        for (index, (_, column)) in columns.enumerated() {
            let (place, type) = ("$\(index + 1)", column.type.name)
            values.append(
                index > 0 && column.isUniform ? "\(place)::\(type)" : "unnest(\(place)::\(type)[])")
        }
        try run(
            """
            INSERT INTO \(table) (\(columns.map(\.key).joined(separator: ", ")))
            SELECT \(values.joined(separator: ", "))
            """
        ) {
            for (index, (_, column)) in columns.enumerated() {
                if index > 0, column.isUniform { $0.add(common: column) } else { $0.add(column) }
            }
        }
    }
}
