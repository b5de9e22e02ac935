// One prepared statement, for the paths where every microsecond is paid per event. Parameters are added in
// order, so a call reads as the SQL does; they are copied into a buffer that the statement keeps, so a row
// costs no allocation.
import GRDBSQLite
import SendonceCore
import SendonceStore

/// Owned by one `Session`, used only while that session runs. Not safe to nest: a statement that is being
/// read must not be started again before it is done.
final class Statement: RecordedRow {
    private let handle: OpaquePointer
    private let database: OpaquePointer
    private let scratch: UnsafeMutableRawBufferPointer
    @exclusivity(unchecked) private var scratchUsed = 0
    @exclusivity(unchecked) private var parameter: Int32 = 0
    @exclusivity(unchecked) private var bindCode = SQLITE_OK

    /// Room for the short values of sixteen rows: names, addresses, keys, digests, most payloads.
    private static let scratchBytes = 16_384

    init(_ sql: String, on database: OpaquePointer) throws(StoreError) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw StoreError(code, of: database) }
        self.handle = handle
        self.database = database
        scratch = .allocate(byteCount: Self.scratchBytes, alignment: 16)
    }

    deinit {
        sqlite3_finalize(handle)
        scratch.deallocate()
    }

    // MARK: Running

    /// Forgets parameters and ends a read that was left early.
    func reset() {
        sqlite3_reset(handle)
        parameter = 0
        scratchUsed = 0
        bindCode = SQLITE_OK
    }

    /// Runs a statement that gives no rows.
    func run() throws(StoreError) {
        while try next() {}
    }

    /// Runs a statement that gives no rows and says how many rows it changed.
    func changes() throws(StoreError) -> Int {
        try run()
        return Int(sqlite3_changes(database))
    }

    /// Goes to the next row. After the last one the statement is ready for new parameters.
    func next() throws(StoreError) -> Bool {
        guard bindCode == SQLITE_OK else {
            let code = bindCode
            reset()
            throw StoreError(code: code, words: "a value could not be given to a statement")
        }
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            reset()
            return false
        case let code:
            let error = StoreError(sqlite3_extended_errcode(database), of: database)
            reset()
            throw code == SQLITE_MISUSE ? .failed("a statement was misused") : error
        }
    }

    // MARK: Parameters, in order

    func add(_ number: Int64) {
        parameter += 1
        note(sqlite3_bind_int64(handle, parameter, number))
    }

    func add(_ number: Int) { add(Int64(number)) }
    func add(_ time: Timestamp) { add(time.microseconds) }
    func add(_ text: Text) { add(text.string) }
    func add(_ number: Int64?) { if let number { add(number) } else { addNull() } }
    func add(_ number: Int?) { add(number.map(Int64.init)) }
    func add(_ time: Timestamp?) { add(time?.microseconds) }
    func add(_ text: Text?) { add(text?.string) }
    func add(_ text: String?) { if let text { add(text) } else { addNull() } }
    func add(_ digest: Digest?) { if let digest { add(digest) } else { addNull() } }

    func addNull() {
        parameter += 1
        note(sqlite3_bind_null(handle, parameter))
    }

    func add(_ text: String) {
        parameter += 1
        let place = parameter
        var text = text
        let code = text.withUTF8 { bytes in
            keep(UnsafeRawBufferPointer(bytes)) { start, release in
                sqlite3_bind_text(
                    handle, place, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), release)
            }
        }
        note(code)
    }

    func add(text bytes: [UInt8]) {
        parameter += 1
        let place = parameter
        note(
            bytes.withUnsafeBytes { bytes in
                keep(bytes) { start, release in
                    sqlite3_bind_text(
                        handle, place, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), release)
                }
            })
    }

    func add(blob bytes: [UInt8]) {
        parameter += 1
        let place = parameter
        note(
            bytes.withUnsafeBytes { bytes in
                keep(bytes) { start, release in
                    sqlite3_bind_blob(handle, place, start, Int32(bytes.count), release)
                }
            })
    }

    func add(_ digest: Digest) {
        parameter += 1
        let place = parameter
        let code = digest.withBytes { bytes in
            keep(bytes) { start, release in
                sqlite3_bind_blob(handle, place, start, Int32(bytes.count), release)
            }
        }
        note(code)
    }

    /// Text or a BLOB that must stay where it is until the statement has run: nothing is copied.
    func addStatic(text bytes: UnsafeRawBufferPointer) {
        parameter += 1
        let start = bytes.baseAddress ?? UnsafeRawPointer(scratch.baseAddress)
        note(
            sqlite3_bind_text64(
                handle, parameter, start?.assumingMemoryBound(to: CChar.self), UInt64(bytes.count), nil,
                UInt8(SQLITE_UTF8)))
    }

    func addStatic(blob bytes: UnsafeRawBufferPointer) {
        parameter += 1
        let start = bytes.baseAddress ?? UnsafeRawPointer(scratch.baseAddress)
        note(sqlite3_bind_blob64(handle, parameter, start, UInt64(bytes.count), nil))
    }

    private func note(_ code: Int32) {
        if code != SQLITE_OK { bindCode = code }
    }

    /// Copies into the scratch buffer, whose bytes stay until the next reset; what does not fit is copied by
    /// SQLite.
    private func keep(
        _ bytes: UnsafeRawBufferPointer, bind: (UnsafeRawPointer, sqlite3_destructor_type?) -> Int32
    ) -> Int32 {
        guard let base = scratch.baseAddress else { return SQLITE_NOMEM }
        guard scratchUsed + bytes.count <= scratch.count else {
            // SQLITE_TRANSIENT is a cast in C's header, which Swift does not import.
            let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            return bind(bytes.baseAddress ?? UnsafeRawPointer(base), transient)
        }
        let start = base + scratchUsed
        if let source = bytes.baseAddress { start.copyMemory(from: source, byteCount: bytes.count) }
        scratchUsed += bytes.count
        return bind(start, nil)
    }

    // MARK: Columns

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// Invalid UTF-8, which SQLite lets anybody store, comes out with U+FFFD in its place.
    func text(_ column: Int32) -> Text {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return Text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
    }

    /// The bytes of a TEXT or BLOB value, as stored.
    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    func span(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    func add(commandID column: Int32, to rows: RowBuffer) {
        if isNull(column) { rows.addNull() } else { rows.add(part: span(column)) }
    }

    func byteCount(_ column: Int32) -> Int { Int(sqlite3_column_bytes(handle, column)) }

    func digest(_ column: Int32) throws(StoreError) -> Digest {
        guard let start = sqlite3_column_blob(handle, column),
            let digest = Digest(
                bytes: UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
        else {
            throw .damaged("column \(name(of: column)) is not a digest")
        }
        return digest
    }

    func commandID(_ column: Int32) throws(StoreError) -> CommandID {
        guard let id = CommandID(text(column).string) else {
            throw .damaged("a command's id is not a version-8 UUID")
        }
        return id
    }

    func name(of column: Int32) -> String {
        sqlite3_column_name(handle, column).map { String(cString: $0) } ?? "\(column)"
    }
}
