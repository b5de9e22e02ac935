// Open addressing with linear probing over packed entries: most keys are met once, somewhere in memory, so
// what counts is how few cache lines a look costs.
import SendonceCore

/// What is kept of one winner.
struct KeyEntry {
    /// Winners of this key stand in a list; `position` is its number.
    static let listForm: UInt32 = 255

    var occurredAt: Timestamp
    /// Below 2 to the power of 40.
    var position: Int64
    var form: UInt8

    init(occurredAt: Timestamp, position: Int64, form: UInt8) {
        self.occurredAt = occurredAt
        self.position = position
        self.form = form
    }

    init(list: Int) {
        self.init(occurredAt: .earliest, position: Int64(list) + 1, form: UInt8(KeyEntry.listForm))
    }

    var isList: Bool { UInt32(form) == KeyEntry.listForm }
    var list: Int { Int(position) - 1 }
}

/// Entries by the first 96 bits of a digest; a digest may have several.
final class KeySlots {
    /// Digest 8 and 4, time 8, position 5, form 1. Position 0 is an empty slot.
    private static let stride = 26
    private static let lastPosition = (Int64(1) << 40) - 1
    /// Beyond it a look takes long; with fewer entries a key would take more than 32 bytes.
    private static let fullest = 0.85

    // What `each` gives entries to does not change the table, so no two accesses can overlap.
    @exclusivity(unchecked) private var memory: UnsafeMutableRawPointer
    @exclusivity(unchecked) private var capacity: Int
    @exclusivity(unchecked) private var used = 0

    init(expected: Int) {
        capacity = KeySlots.capacity(for: expected)
        memory = KeySlots.allocate(capacity)
    }

    deinit {
        memory.deallocate()
    }

    var footprint: Int { capacity * KeySlots.stride }

    private static func capacity(for count: Int) -> Int { Int(Double(count) / fullest) + 1_024 }

    private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity * stride, alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity * stride)
        return memory
    }

    // MARK: Looking

    func each(_ key: Digest, _ body: (KeyEntry) -> Void) {
        let (high, low) = key.prefix
        var slot = home(high)
        while let entry = self.entry(slot) {
            if holds(slot, high, low) { body(entry) }
            slot = following(slot)
        }
    }

    private func home(_ high: UInt64) -> Int { Int(high.multipliedFullWidth(by: UInt64(capacity)).high) }
    private func following(_ slot: Int) -> Int { slot + 1 == capacity ? 0 : slot + 1 }

    private func holds(_ slot: Int, _ high: UInt64, _ low: UInt64) -> Bool {
        let start = slot * KeySlots.stride
        return memory.loadUnaligned(fromByteOffset: start, as: UInt64.self) == high
            && memory.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self) == UInt32(low >> 32)
    }

    /// nil where the slot is empty.
    private func entry(_ slot: Int) -> KeyEntry? {
        let start = slot * KeySlots.stride
        let lower = memory.loadUnaligned(fromByteOffset: start + 20, as: UInt32.self)
        let upper = memory.loadUnaligned(fromByteOffset: start + 24, as: UInt16.self)
        let position = Int64(lower) | Int64(upper & 0xFF) << 32
        guard position != 0 else { return nil }
        let time = memory.loadUnaligned(fromByteOffset: start + 12, as: Int64.self)
        return KeyEntry(
            occurredAt: Timestamp(microseconds: time), position: position, form: UInt8(upper >> 8))
    }

    // MARK: Changing

    func insert(_ entry: KeyEntry, _ key: Digest) {
        if Double(used + 1) > Double(capacity) * 0.9 { grow() }
        let (high, low) = key.prefix
        place(entry, high, UInt32(low >> 32))
    }

    private func place(_ entry: KeyEntry, _ high: UInt64, _ low: UInt32) {
        var slot = home(high)
        while self.entry(slot) != nil { slot = following(slot) }
        used += 1
        let start = slot * KeySlots.stride
        let position = UInt64(max(1, min(entry.position, KeySlots.lastPosition)))
        memory.storeBytes(of: high, toByteOffset: start, as: UInt64.self)
        memory.storeBytes(of: low, toByteOffset: start + 8, as: UInt32.self)
        memory.storeBytes(of: entry.occurredAt.microseconds, toByteOffset: start + 12, as: Int64.self)
        memory.storeBytes(of: UInt32(truncatingIfNeeded: position), toByteOffset: start + 20, as: UInt32.self)
        let upper = UInt16(position >> 32) | UInt16(entry.form) << 8
        memory.storeBytes(of: upper, toByteOffset: start + 24, as: UInt16.self)
    }

    /// Takes a digest from its entries. They go on taking room, so that those behind them are still found.
    func remove(_ key: Digest) {
        let (high, low) = key.prefix
        var slot = home(high)
        while entry(slot) != nil {
            if holds(slot, high, low) {
                memory.storeBytes(of: .max, toByteOffset: slot * KeySlots.stride, as: UInt64.self)
                memory.storeBytes(of: .max, toByteOffset: slot * KeySlots.stride + 8, as: UInt32.self)
            }
            slot = following(slot)
        }
    }

    /// For a log that holds more keys than its ledger says.
    private func grow() {
        let (old, count) = (memory, capacity)
        defer { old.deallocate() }
        capacity = count + count / 4
        memory = KeySlots.allocate(capacity)
        used = 0
        for slot in 0..<count {
            let start = slot * KeySlots.stride
            let high = old.loadUnaligned(fromByteOffset: start, as: UInt64.self)
            let low = old.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self)
            let lower = old.loadUnaligned(fromByteOffset: start + 20, as: UInt32.self)
            let upper = old.loadUnaligned(fromByteOffset: start + 24, as: UInt16.self)
            let position = Int64(lower) | Int64(upper & 0xFF) << 32
            guard position != 0, high != .max || low != .max else { continue }
            let time = old.loadUnaligned(fromByteOffset: start + 12, as: Int64.self)
            place(
                KeyEntry(
                    occurredAt: Timestamp(microseconds: time), position: position, form: UInt8(upper >> 8)),
                high, low)
        }
    }
}
