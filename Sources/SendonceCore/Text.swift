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
        left.string.utf8.elementsEqual(right.string.utf8)
    }

    package static func < (left: Text, right: Text) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in string.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}
