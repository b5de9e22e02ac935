// Every bound of exporting and importing, each with its reason.
import SendonceCore

package enum BundleLimits {
    /// Longest line, in bytes. The longest that is written holds a payload or a template of 1 MiB as base64
    /// and four envelope texts of 1,000 bytes.
    package static let lineBytes = 2 << 20
    /// Bytes that are read from a file at once.
    package static let readBytes = 256 << 10
    /// Positions from one entry of a file's index to the next: 32 bytes for each so many events, so that five
    /// million events have an index of 160 KB, and whoever jumps into a file reads at most so many too much.
    package static let indexPositions: Int64 = 1_024
    /// Events of a page, which is one read of the store, or one transaction of an import: some tens of
    /// milliseconds.
    package static let pageEvents = 1_000
    /// Bytes of payload in a page.
    package static let pageBytes = 4 << 20
    /// Hexadecimal digits of a pseudonym: 80 bits, so that among a thousand million values the chance that
    /// any two have the same is one in two million.
    package static let pseudonymDigits = 20
    /// Bytes of the key of a redaction.
    package static let keyBytes = 32
}
