// SHA-256, and the few ways in which the core feeds it.
import Crypto

/// A SHA-256 digest.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes as four words, so that a digest costs no allocation.
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// nil unless there are exactly 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { target in
            var place = 0
            for byte in bytes {
                target[place] = byte
                place += 1
            }
        }
    }

    /// The same for bytes that lie in one piece.
    package init?(raw bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        words = bytes.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
    }

    /// nil unless the text is 64 hexadecimal digits.
    package init?(hexadecimal: String) {
        guard hexadecimal.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for byte in hexadecimal.utf8 {
            let value: UInt8
            switch byte {
            case 0x30...0x39: value = byte - 0x30
            case 0x61...0x66: value = byte - 0x61 + 10
            case 0x41...0x46: value = byte - 0x41 + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        self.init(bytes: bytes)
    }

    /// What stands before the first link of a chain.
    package static let zero = Digest()

    private init() {
        words = (0, 0, 0, 0)
    }

    package static func == (left: Digest, right: Digest) -> Bool {
        left.words == right.words
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }

    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: words) { try body($0) }
    }

    /// The first sixteen bytes as two numbers, most significant first.
    package var prefix: (high: UInt64, low: UInt64) {
        (UInt64(bigEndian: words.0), UInt64(bigEndian: words.1))
    }

    package var bytes: [UInt8] { withBytes { Array($0) } }

    /// 64 lower-case hexadecimal digits.
    package var description: String { hexadecimalText(bytes) }
}

/// Lower-case hexadecimal digits of bytes.
package func hexadecimalText(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// Feeds bytes to SHA-256 so that no two different sequences of parts give the same input: numbers are eight
/// bytes, big-endian, and texts are preceded by their length.
package struct DigestBuilder {
    private var hash = SHA256()

    package init() {}

    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
    }

    package mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    /// The bytes of a text, without their length.
    package mutating func add(textOf text: Text) {
        var string = text.string
        string.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }

    package mutating func add(_ number: Int64) {
        withUnsafeBytes(of: number.bigEndian) { hash.update(bufferPointer: $0) }
    }

    package mutating func add(_ digest: Digest) {
        digest.withBytes { hash.update(bufferPointer: $0) }
    }

    /// Length, then bytes. nil counts as length -1, so that nothing and an empty text differ.
    package mutating func addPart(_ text: String?) {
        guard var text else { return add(Int64(-1)) }
        text.withUTF8 { bytes in
            add(Int64(bytes.count))
            hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        }
    }

    package mutating func addPart(_ bytes: [UInt8]) {
        add(Int64(bytes.count))
        add(bytes)
    }

    package consuming func digest() -> Digest {
        hash.finalize().withUnsafeBytes { Digest(raw: $0) } ?? .zero
    }

    /// The texts one behind the other, given to SHA-256 in one piece: a call for each costs more than
    /// hashing.
    package static func digest(ofTexts texts: Text...) -> Digest {
        let size = texts.reduce(0) { $0 + $1.utf8.count }
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
            var place = 0
            for text in texts {
                var string = text.string
                string.withUTF8 { bytes in
                    buffer.baseAddress.map { base in
                        bytes.baseAddress.map { (base + place).copyMemory(from: $0, byteCount: bytes.count) }
                    }
                    place += bytes.count
                }
            }
            var builder = DigestBuilder()
            builder.add(UnsafeRawBufferPointer(buffer))
            return builder.digest()
        }
    }

    package static func digest(of bytes: [UInt8]) -> Digest {
        var builder = DigestBuilder()
        builder.add(bytes)
        return builder.digest()
    }
}
