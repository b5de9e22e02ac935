// Rows in one canonical form, one behind the other in one piece of memory. What was recorded and what was
// computed again are the same exactly if these bytes are, and digests are made over them.
package import SendonceCore

/// A buffer that is filled with rows, read, and filled again.
///
/// A number is eight bytes, most significant first. A text or bytes are their length as a number, -1 for
/// NULL, then the bytes. A number that may be absent is written as its eight bytes would be: its length, 8 or
/// -1, then the number.
package final class RowBuffer: @unchecked Sendable {
    // Unchecked: it is handed from one thread to another and used by one at a time.
    // Nothing calls back while a value is added, so no two accesses can overlap; checking that again at each
    // value takes longer than adding it.
    @exclusivity(unchecked) private var memory: UnsafeMutableRawPointer
    @exclusivity(unchecked) private var capacity: Int
    /// Bytes that are in use.
    @exclusivity(unchecked) package private(set) var count = 0
    /// Where each row ends; it begins where the one before it ends.
    @exclusivity(unchecked) package private(set) var ends: [Int] = []

    package init(capacity: Int = 1 << 16) {
        self.capacity = capacity
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    // MARK: Reading

    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    package func row(_ index: Int) -> UnsafeRawBufferPointer {
        let start = index == 0 ? 0 : ends[index - 1]
        return UnsafeRawBufferPointer(rebasing: bytes[start..<ends[index]])
    }

    /// The bytes of several rows.
    package func rows(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        let start = range.lowerBound == 0 ? 0 : ends[range.lowerBound - 1]
        let end = range.isEmpty ? start : ends[range.upperBound - 1]
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    package func hasSameBytes(as other: RowBuffer) -> Bool {
        haveSameBytes(bytes, other.bytes)
    }

    /// The values of a row, from its first column on.
    package func cursor(_ index: Int) -> RowCursor { RowCursor(row(index)) }

    /// Bytes that the buffer takes, used or not.
    package var footprint: Int { capacity + ends.capacity * 8 }

    // MARK: Writing

    package func removeAll() {
        count = 0
        ends.removeAll(keepingCapacity: true)
    }

    package func endRow() { ends.append(count) }

    /// Puts a number in the place of one that was added.
    package func replace(_ number: Int64, at offset: Int) {
        precondition(offset >= 0 && offset + 8 <= count, "only what was added is replaced")
        memory.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Int64.self)
    }

    /// Takes back what was written behind the last row that was ended.
    package func dropOpenRow() { count = ends.last ?? 0 }

    @inline(__always)
    package func add(_ number: Int64) {
        reserve(8)
        memory.storeBytes(of: number.bigEndian, toByteOffset: count, as: Int64.self)
        count += 8
    }

    @inline(__always)
    package func add(_ number: Int64?) {
        guard let number else { return add(Int64(-1)) }
        add(Int64(8))
        add(number)
    }

    package func addNull() { add(Int64(-1)) }

    @inline(__always)
    package func add(part bytes: UnsafeRawBufferPointer) {
        add(Int64(bytes.count))
        add(raw: bytes)
    }

    /// Bytes as they are, for a row that was made elsewhere.
    @inline(__always)
    package func add(raw bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        if let start = bytes.baseAddress {
            (memory + count).copyMemory(from: start, byteCount: bytes.count)
        }
        count += bytes.count
    }

    package func add(_ text: Text) { add(text.string) }
    package func add(_ text: Text?) { if let text { add(text.string) } else { addNull() } }
    package func add(_ text: String?) { if let text { add(text) } else { addNull() } }
    package func add(_ time: Timestamp) { add(time.microseconds) }
    package func add(_ time: Timestamp?) { add(time?.microseconds) }

    package func add(_ text: String) {
        var text = text
        text.withUTF8 { add(part: UnsafeRawBufferPointer($0)) }
    }

    package func add(_ digest: Digest) { digest.withBytes { add(part: $0) } }
    package func add(_ digest: Digest?) { if let digest { add(digest) } else { addNull() } }

    /// A UUID's bytes as its 36 lower-case characters.
    package func add(uuid bytes: UnsafeRawBufferPointer) {
        add(Int64(36))
        reserve(36)
        var place = count
        precondition(bytes.count == 16, "a UUID is 16 bytes")
        let high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        func put(_ digits: UInt64, _ number: Int) {
            memory.storeBytes(of: digits.littleEndian, toByteOffset: place, as: UInt64.self)
            place += number
        }
        func addHyphen() {
            memory.storeBytes(of: 0x2D, toByteOffset: place, as: UInt8.self)
            place += 1
        }
        // Eight digits are stored at once; where only four are wanted, the rest is written over.
        put(RowBuffer.digits(UInt32(high >> 32)), 8)
        addHyphen()
        put(RowBuffer.digits(UInt32(truncatingIfNeeded: high)), 4)
        addHyphen()
        put(RowBuffer.digits(UInt32(truncatingIfNeeded: high << 16)), 4)
        addHyphen()
        put(RowBuffer.digits(UInt32(low >> 32)), 4)
        addHyphen()
        put(RowBuffer.digits(UInt32(truncatingIfNeeded: low >> 16)), 8)
        // The last four: stored alone, because nothing behind them is reserved.
        let rest = RowBuffer.digits(UInt32(truncatingIfNeeded: low << 16))
        memory.storeBytes(
            of: UInt32(truncatingIfNeeded: rest).littleEndian, toByteOffset: place, as: UInt32.self)
        count = place + 4
    }

    package func add(_ id: CommandID) {
        var words = (id.high.bigEndian, id.low.bigEndian)
        withUnsafeBytes(of: &words) { add(uuid: $0) }
    }

    package func add(_ id: CommandID?) { if let id { add(id) } else { addNull() } }

    /// Adds a row whose values stand one behind the other, each after its length as four bytes, most
    /// significant first, -1 for NULL. False, and nothing added, where they are not of these forms.
    package func add(values: UnsafeRawBufferPointer, _ forms: [ColumnForm]) -> Bool {
        // No value grows by more than an id does: from 4 + 16 bytes to 8 + 36.
        reserve(values.count + forms.count * 24)
        var offset = 0
        for form in forms {
            guard offset + 4 <= values.count else { return refuseRow() }
            let length = Int(Int32(bigEndian: values.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
            offset += 4
            guard length >= -1, offset + length <= values.count else { return refuseRow() }
            let value = UnsafeRawBufferPointer(rebasing: values[offset..<offset + max(length, 0)])
            offset += value.count
            switch form {
            case .part where length < 0, .id where length < 0: addNull()
            case .part: add(part: value)
            case .id where length == 16: add(uuid: value)
            case .number where length == 8: add(raw: value)
            default: return refuseRow()
            }
        }
        guard offset == values.count else { return refuseRow() }
        endRow()
        return true
    }

    private func refuseRow() -> Bool {
        dropOpenRow()
        return false
    }

    /// The eight lower-case digits of a number, the first one in the lowest byte: a byte for each digit, all
    /// of them at once.
    private static func digits(_ value: UInt32) -> UInt64 {
        var spread = UInt64(value.byteSwapped)
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        let nibbles = (spread & 0x000F_000F_000F_000F) << 8 | (spread >> 4) & 0x000F_000F_000F_000F
        // 1 in each byte above 9; letters begin 0x27 behind where digits would go on.
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    @inline(__always)
    private func reserve(_ bytes: Int) {
        if count + bytes > capacity { grow(bytes) }
    }

    private func grow(_ bytes: Int) {
        let larger = max(capacity * 2, count + bytes)
        let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        new.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        (memory, capacity) = (new, larger)
    }
}

/// How a column lies in a row.
package enum ColumnForm {
    /// A number that is always there: eight bytes.
    case number
    /// A text, bytes, or a number that may be absent: length and bytes.
    case part
    /// A UUID, as its 36 characters, or NULL.
    case id
}

/// Takes a row's values one after the other. The row must have them: it was written by a `RowBuffer`.
package struct RowCursor {
    private let row: UnsafeRawBufferPointer
    /// Bytes that were taken.
    package private(set) var offset = 0

    package init(_ row: UnsafeRawBufferPointer) {
        self.row = row
    }

    @inline(__always)
    package mutating func integer() -> Int64 {
        defer { offset += 8 }
        return Int64(bigEndian: row.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    }

    @inline(__always)
    package mutating func integerIfAny() -> Int64? { integer() < 0 ? nil : integer() }

    /// nil for NULL.
    @inline(__always)
    package mutating func part() -> UnsafeRawBufferPointer? {
        let length = integer()
        guard length >= 0 else { return nil }
        defer { offset += Int(length) }
        return UnsafeRawBufferPointer(rebasing: row[offset..<offset + Int(length)])
    }

    package mutating func textIfAny() -> Text? {
        part().map { Text(String(decoding: $0, as: UTF8.self)) }
    }

    package mutating func text() -> Text { textIfAny() ?? "" }
    package mutating func digest() -> Digest? { part().flatMap { Digest(bytes: $0) } }
}
