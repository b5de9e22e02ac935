// The values of one column for many rows, in PostgreSQL's binary form of an array: one message writes a
// batch, and nothing has to be quoted.
import SendonceCore

/// Filled row by row, then given to a statement's `unnest`.
struct Column {
    let type: ValueType
    private var bytes: [UInt8] = []
    private var count: Int32 = 0
    private var hasNull = false

    init(_ type: ValueType) {
        self.type = type
    }

    mutating func add(_ number: Int64) {
        bytes.appendBigEndian(Int32(8))
        bytes.appendBigEndian(number)
        count += 1
    }

    mutating func add(_ text: String) {
        bytes.appendBigEndian(Int32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
        count += 1
    }

    mutating func add(text: [UInt8]) {
        bytes.appendBigEndian(Int32(text.count))
        bytes.append(contentsOf: text)
        count += 1
    }

    mutating func add(_ digest: Digest) {
        bytes.appendBigEndian(Int32(32))
        bytes.append(digest)
        count += 1
    }

    mutating func add(_ id: CommandID) {
        bytes.appendBigEndian(Int32(16))
        bytes.append(id)
        count += 1
    }

    mutating func addNull() {
        bytes.appendBigEndian(Int32(-1))
        hasNull = true
        count += 1
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
}
