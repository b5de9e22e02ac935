// One statement with its parameters, sent in one message in PostgreSQL's binary form. Nothing is prepared on
// the server by name: a proxy may give the next transaction another connection.
import CLibPQ
import SendonceCore
import SendonceStore

/// Parameters are added in order, so a call reads as the SQL does ($1, $2, …).
final class Statement {
    private let sql: String
    private var types: [Oid] = []
    private var bytes: [UInt8] = []
    /// Where each value begins and how long it is; nil is NULL.
    private var places: [Range<Int>?] = []

    init(_ sql: String) {
        self.sql = sql
    }

    // MARK: Running

    /// Sends it and waits for all of its rows.
    func rows(on connection: OpaquePointer) throws(StoreError) -> Rows {
        let result = bytes.withUnsafeBytes { buffer -> OpaquePointer? in
            let base = buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 8)
            // An empty value still needs an address: NULL is what has none.
            let values = places.map { place in
                place.flatMap { place in
                    base.map { ($0 + place.lowerBound).assumingMemoryBound(to: CChar.self) }
                }
            }
            let lengths = places.map { Int32($0?.count ?? 0) }
            let formats = places.map { _ in Int32(1) }
            return PQexecParams(
                connection, sql, Int32(places.count), types, values, lengths, formats, 1)
        }
        guard let result else { throw .unavailable("the connection to the server was lost") }
        let rows = Rows(result)
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK: return rows
        default: throw StoreError(result, of: connection)
        }
    }

    // MARK: Parameters, in order

    func add(_ number: Int64) { add(.integer) { $0.appendBigEndian(number) } }
    func add(_ number: Int) { add(Int64(number)) }
    func add(_ time: Timestamp) { add(time.microseconds) }
    func add(_ text: Text) { add(text.string) }
    func add(_ text: String) { add(.text) { $0.append(contentsOf: text.utf8) } }
    func add(_ digest: Digest) { add(.bytes) { $0.append(digest) } }
    func add(_ id: CommandID) { add(.uuid) { $0.append(id) } }
    func add(_ number: Int64?) { if let number { add(number) } else { addNull(.integer) } }
    func add(_ number: Int?) { add(number.map(Int64.init)) }
    func add(_ time: Timestamp?) { add(time?.microseconds) }
    func add(_ text: Text?) { add(text?.string) }
    func add(_ text: String?) { if let text { add(text) } else { addNull(.text) } }
    func add(_ digest: Digest?) { if let digest { add(digest) } else { addNull(.bytes) } }
    func add(text: [UInt8]) { add(.text) { $0.append(contentsOf: text) } }
    func add(bytes: [UInt8]) { add(.bytes) { $0.append(contentsOf: bytes) } }

    /// A whole column of a set-based statement, as an array for `unnest`.
    func add(_ column: Column) {
        add(oid: column.type.arrayOID) { column.write(to: &$0) }
    }

    /// The value that all rows of a column have.
    func add(common column: Column) {
        guard let value = column.common else { return addNull(column.type) }
        add(column.type) { $0.append(contentsOf: value) }
    }

    func addNullColumn(_ type: ValueType) {
        types.append(type.arrayOID)
        places.append(nil)
    }

    private func add(_ type: ValueType, _ append: (inout [UInt8]) -> Void) {
        add(oid: type.rawValue, append)
    }

    private func add(oid: Oid, _ append: (inout [UInt8]) -> Void) {
        let start = bytes.count
        append(&bytes)
        types.append(oid)
        places.append(start..<bytes.count)
    }

    private func addNull(_ type: ValueType) {
        types.append(type.rawValue)
        places.append(nil)
    }
}

/// Types that we send, by the numbers that PostgreSQL gives them in every version (pg_type.dat).
enum ValueType: Oid {
    case integer = 20
    case text = 25
    case bytes = 17
    case uuid = 2950

    /// As SQL spells it.
    var name: String {
        switch self {
        case .integer: "bigint"
        case .text: "text"
        case .bytes: "bytea"
        case .uuid: "uuid"
        }
    }

    var arrayOID: Oid {
        switch self {
        case .integer: 1016
        case .text: 1009
        case .bytes: 1001
        case .uuid: 2951
        }
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    mutating func append(_ digest: Digest) {
        digest.withBytes { append(contentsOf: $0) }
    }

    mutating func append(_ id: CommandID) {
        appendBigEndian(id.high)
        appendBigEndian(id.low)
    }
}
