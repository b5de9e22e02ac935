// Text as databases, providers and mail servers see it: bytes. Swift's `String` compares by canonical
// equivalence (composed and decomposed "é" are equal) and treats CR LF as one `Character`; neither may decide
// whether two keys or two addresses are the same.

/// UTF-8 text that compares, orders and hashes by its bytes.
package struct Text: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let string: String

    package init(_ string: String) {
        self.string = string
    }

    package init(stringLiteral value: String) {
        self.string = value
    }

    package var description: String { string }
    package var utf8: String.UTF8View { string.utf8 }
    package var isEmpty: Bool { string.utf8.isEmpty }

    package static func == (left: Text, right: Text) -> Bool {
        left.withBytes { left in
            right.withBytes { right in
                haveSameBytes(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
            }
        }
    }

    package static func < (left: Text, right: Text) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }

    /// The bytes in one piece. Swift's own strings have them so already; others are copied.
    private func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        string.utf8.withContiguousStorageIfAvailable(body) ?? Array(string.utf8).withUnsafeBufferPointer(body)
    }
}

/// Compares eight bytes at a time, up to the first that differ: texts and rows are compared for every event,
/// and one byte after the other takes far longer.
package func haveSameBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    var offset = 0
    while offset + 8 <= left.count {
        let same =
            left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        guard same else { return false }
        offset += 8
    }
    while offset < left.count {
        guard left[offset] == right[offset] else { return false }
        offset += 1
    }
    return true
}
