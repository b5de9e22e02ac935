// One digest over the rows of many positions, which can be gone on with later.
import SendonceCore
import SendonceStore

/// A chain of blocks of `VerificationLimits.blockEvents` positions: each link is SHA-256 of the link before
/// it (32 zero bytes at first) and the bytes of the block's rows. The last block may be shorter. So a later
/// run that begins where a block ends comes to the same digest as one run over all of it.
struct BlockDigest {
    private var builder: DigestBuilder
    /// The link of the last whole block.
    private(set) var link: Digest
    private var isOpen = false

    init(after link: Digest = .zero) {
        self.link = link
        builder = DigestBuilder()
        builder.add(link)
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        builder.add(bytes)
    }

    /// Says that all rows up to this position were added.
    mutating func reach(_ position: Int64) {
        isOpen = position % VerificationLimits.blockEvents != 0
        guard !isOpen else { return }
        link = builder.digest()
        builder = DigestBuilder()
        builder.add(link)
    }

    /// The digest as far as rows were added.
    var digest: Digest {
        guard isOpen else { return link }
        return builder.digest()
    }
}
