// HMAC-SHA256 over the core's digests: the library's own takes its bytes through Foundation's protocols.
package import SendonceCore

/// A digest that only who has the key can make (RFC 2104). Without the key no guess can be tried against it.
package struct KeyedDigest: Sendable {
    private static let blockBytes = 64
    private let inner: [UInt8]
    private let outer: [UInt8]

    package init(key: [UInt8]) {
        var block = key.count > Self.blockBytes ? DigestBuilder.digest(of: key).bytes : key
        block += [UInt8](repeating: 0, count: Self.blockBytes - block.count)
        inner = block.map { $0 ^ 0x36 }
        outer = block.map { $0 ^ 0x5C }
    }

    package func digest(of bytes: [UInt8]) -> Digest {
        var first = DigestBuilder()
        first.add(inner)
        first.add(bytes)
        var second = DigestBuilder()
        second.add(outer)
        second.add(first.digest())
        return second.digest()
    }
}
