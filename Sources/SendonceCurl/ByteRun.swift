// Bytes in memory of our own at an address that C may hold between calls, which an array does not promise.

/// Bytes one after another; their address changes only when more are appended than there was room for.
struct ByteRun: ~Copyable {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int

    init() {
        capacity = 1_024
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deallocate()
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        makeRoom(for: bytes.count)
        UnsafeMutableRawPointer(base + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    mutating func append(_ byte: UInt8) {
        makeRoom(for: 1)
        base[count] = byte
        count += 1
    }

    /// Forgets what lies behind the first `length` bytes.
    mutating func cut(to length: Int) {
        count = min(count, length)
    }

    /// Forgets all bytes; memory above `limit` is given back.
    mutating func clear(keeping limit: Int) {
        count = 0
        guard capacity > limit else { return }
        base.deallocate()
        capacity = 1_024
        base = .allocate(capacity: capacity)
    }

    private mutating func makeRoom(for more: Int) {
        guard count + more > capacity else { return }
        let larger = max(capacity * 2, count + more)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        moved.update(from: base, count: count)
        base.deallocate()
        base = moved
        capacity = larger
    }
}
