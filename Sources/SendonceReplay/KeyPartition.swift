// A share of all keys: with little memory the log is gone through several times, each time for another share.
package import SendonceCore

/// One of `count` equal shares of all digests.
package struct KeyPartition: Hashable, Sendable {
    package var index: Int
    package var count: Int

    package static let whole = KeyPartition(index: 0, count: 1)

    /// No key at all.
    static let none = KeyPartition(index: 2, count: 2)

    package init(index: Int, count: Int) {
        self.index = index
        self.count = count
    }

    /// By other bits than those that give a key its place in a `KeySlots`: the keys of one share would all
    /// have theirs in one part of it, and looking would take for ever.
    package func contains(_ key: Digest) -> Bool {
        count == 1 || key.prefix.low.multipliedFullWidth(by: UInt64(count)).high == UInt64(index)
    }
}
