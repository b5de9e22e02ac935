// Two sets of rows compared without keeping either: each row is hashed with a secret that is drawn for this
// run, and the sums are compared. Whoever forges a row does not know the secret.
import SendonceCore

/// Drawn anew for each run, and never shown: it does not change what a certificate says.
package struct LedgerSecret: Sendable {
    var words: (UInt64, UInt64, UInt64, UInt64)

    package init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        words = (first | 1, second | 1, third | 1, fourth | 1)
    }

    package static func random() -> LedgerSecret {
        func word() -> UInt64 { .random(in: .min ... .max) }
        return LedgerSecret(word(), word(), word(), word())
    }
}

/// Of two fingerprints with one secret, one less the other leaves nothing exactly if both were made of the
/// same rows, but for a chance of about 2 to the power of -100.
struct LedgerFingerprint: Sendable {
    private let secret: LedgerSecret
    /// Two sums and a count for each bucket.
    private var sums: [(UInt64, UInt64, Int64)]

    /// Few enough to be small, many enough that the rows of one bucket can be looked at one by one.
    static let bucketCount = 16_384

    init(_ secret: LedgerSecret) {
        self.secret = secret
        sums = Array(repeating: (0, 0, 0), count: Self.bucketCount)
    }

    static func bucket(of digest: UnsafeRawBufferPointer?) -> Int {
        guard let digest, digest.count >= 2 else { return 0 }
        return Int(digest[0]) << 6 | Int(digest[1]) >> 2
    }

    mutating func add(_ row: UnsafeRawBufferPointer, in bucket: Int) {
        let (first, second) = hash(row)
        sums[bucket].0 &+= first
        sums[bucket].1 &+= second
        sums[bucket].2 += 1
    }

    mutating func subtract(_ other: LedgerFingerprint) {
        for bucket in sums.indices {
            sums[bucket].0 &-= other.sums[bucket].0
            sums[bucket].1 &-= other.sums[bucket].1
            sums[bucket].2 -= other.sums[bucket].2
        }
    }

    /// Buckets in which something is left.
    var differing: [Int] {
        sums.indices.filter { sums[$0] != (0, 0, 0) }
    }

    /// Multiplies each word with what came before it, on two lanes with secrets of their own.
    private func hash(_ row: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
        var (first, second) = (secret.words.2, secret.words.3)
        var offset = 0
        func mix(_ word: UInt64) {
            first = LedgerFingerprint.folded(first ^ word, secret.words.0)
            second = LedgerFingerprint.folded(second &+ word, secret.words.1)
        }
        while offset + 8 <= row.count {
            mix(row.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < row.count {
            rest = rest << 8 | UInt64(row[offset])
            offset += 1
        }
        mix(rest)
        mix(UInt64(row.count))
        return (first, second)
    }

    private static func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
