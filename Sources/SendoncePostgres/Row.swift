// What a statement answered, read in PostgreSQL's binary form.
import CLibPQ
import SendonceCore
import SendonceStore

/// All rows of one answer, which are in our memory; freed with the last reference.
final class Rows {
    fileprivate let result: OpaquePointer
    let count: Int

    init(_ result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
    }

    deinit {
        PQclear(result)
    }

    var indices: Range<Int> { 0..<count }
    var first: Row? { count > 0 ? self[0] : nil }

    subscript(index: Int) -> Row { Row(rows: self, index: Int32(index)) }

    /// Rows that a statement changed, as its tag says.
    var changes: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// The tag of a statement without rows, such as `COMMIT`.
    var tag: String { String(cString: PQcmdStatus(result)) }

    /// A column of integers.
    func integers(_ column: Int32) -> [Int64] { (0..<count).map { self[$0].integer(column) } }

    func name(_ column: Int32) -> String {
        PQfname(result, column).map { String(cString: $0) } ?? "\(column)"
    }
}

struct Row: RecordedRow {
    fileprivate let rows: Rows
    fileprivate let index: Int32

    private func raw(_ column: Int32) -> UnsafeRawBufferPointer {
        let count = Int(PQgetlength(rows.result, index, column))
        return UnsafeRawBufferPointer(start: PQgetvalue(rows.result, index, column), count: count)
    }

    func isNull(_ column: Int32) -> Bool { PQgetisnull(rows.result, index, column) != 0 }

    /// An integer of any width; 0 for NULL.
    func integer(_ column: Int32) -> Int64 {
        let bytes = raw(column)
        switch bytes.count {
        case 8: return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        case 4: return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        case 2: return Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        default: return 0
        }
    }

    func boolean(_ column: Int32) -> Bool { raw(column).first == 1 }

    /// A `timestamptz`: PostgreSQL counts microseconds from 2000-01-01T00:00:00Z.
    func instant(_ column: Int32) -> Timestamp {
        Timestamp(microseconds: integer(column)) + .seconds(946_684_800)
    }

    func text(_ column: Int32) -> Text { Text(String(decoding: raw(column), as: UTF8.self)) }

    /// The bytes of a text or bytea value, as stored.
    func bytes(_ column: Int32) -> [UInt8] { Array(raw(column)) }

    func span(_ column: Int32) -> UnsafeRawBufferPointer { raw(column) }

    func add(commandID column: Int32, to rows: RowBuffer) {
        let bytes = raw(column)
        guard !isNull(column) else { return rows.addNull() }
        // As SQLite keeps it, so that one log has the same digests on both stores.
        rows.add(uuid: bytes)
    }

    func digest(_ column: Int32) throws(StoreError) -> Digest {
        guard let digest = Digest(raw: raw(column)) else {
            throw .damaged("column \(rows.name(column)) is not a digest")
        }
        return digest
    }

    func commandID(_ column: Int32) throws(StoreError) -> CommandID {
        let bytes = raw(column)
        guard bytes.count == 16,
            let id = CommandID(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        else { throw .damaged("a command's id is not a version-8 UUID") }
        return id
    }

    func name(of column: Int32) -> String { rows.name(column) }
}
