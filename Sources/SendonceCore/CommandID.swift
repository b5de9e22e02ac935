// The name of a command: the same on every machine and after every replay.

/// A version-8 UUID (RFC 9562, 5.8) made from what makes the command unique: scope, key, slot and generation.
/// It is the provider's idempotency key, the tag in the message and the local part of `Message-ID`.
package struct CommandID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(key: Digest, slot: Text, generation: Int64) {
        // The key's digest, the slot with its length, the generation: in one piece, as `DigestBuilder` would
        // take them one after the other.
        let length = slot.utf8.count
        let prefix = withUnsafeTemporaryAllocation(byteCount: 48 + length, alignment: 8) { buffer in
            key.withBytes { buffer.copyMemory(from: $0) }
            buffer.storeBytes(of: Int64(length).bigEndian, toByteOffset: 32, as: Int64.self)
            var place = 40
            for byte in slot.utf8 {
                buffer[place] = byte
                place += 1
            }
            buffer.storeBytes(of: generation.bigEndian, toByteOffset: place, as: Int64.self)
            var builder = DigestBuilder()
            builder.add(UnsafeRawBufferPointer(buffer))
            return builder.digest().prefix
        }
        high = prefix.high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000
        low = prefix.low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    }

    /// Reads the 36-character form, in either case. nil for anything else, also for another version of UUID.
    package init?(_ text: String) {
        guard text.utf8.count == 36 else { return nil }
        var (high, low) = (UInt64(0), UInt64(0))
        for (place, byte) in text.utf8.enumerated() {
            let digit: UInt8
            switch (place, byte) {
            case (8, 0x2D), (13, 0x2D), (18, 0x2D), (23, 0x2D): continue
            case (8, _), (13, _), (18, _), (23, _): return nil
            case (_, 0x30...0x39): digit = byte - 0x30
            case (_, 0x61...0x66): digit = byte - 0x61 + 10
            case (_, 0x41...0x46): digit = byte - 0x41 + 10
            default: return nil
            }
            // The sixteenth digit stands at place 17, behind two hyphens.
            if place < 18 { high = high << 4 | UInt64(digit) } else { low = low << 4 | UInt64(digit) }
        }
        self.init(high: high, low: low)
    }

    /// From the sixteen bytes as two numbers, most significant first. nil for another version of UUID.
    package init?(high: UInt64, low: UInt64) {
        guard high & 0xF000 == 0x8000, low >> 62 == 2 else { return nil }
        self.high = high
        self.low = low
    }

    package static func < (left: CommandID, right: CommandID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// 36 lower-case characters.
    package var description: String {
        String(unsafeUninitializedCapacity: 36) { target in
            var place = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    target[place] = 0x2D
                    place += 1
                }
                let word = index < 16 ? high : low
                let digit = UInt8(word >> UInt64(60 - 4 * (index % 16)) & 15)
                target[place] = digit < 10 ? 0x30 + digit : 0x61 + digit - 10
                place += 1
            }
            return place
        }
    }
}
