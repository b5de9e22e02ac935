// The file in which a host keeps its witness: two slots, written in turn, so that a writing that is cut off
// leaves the one before it.
import Glibc
package import SendonceCore
package import SendonceStore

/// Why a witness cannot be kept, in words.
package struct WitnessError: Error, Hashable, Sendable {
    package var words: String
}

/// One file for each log and home. Several processes of a host share it; a lock on the file lets one of them
/// write at a time.
///
/// Guarantee: once `update` has returned, the end of this process by whatever means does not undo it. A power
/// cut may, because nothing waits for the disk: then the host remembers less, and never more than happened.
package final class WitnessFile: Sendable {
    package let path: String
    private let descriptor: Int32

    /// Opens the file of a log at a home, or makes it, with the directory.
    package init(in directory: String, log: LogName, home: Digest) throws(WitnessError) {
        try Self.make(directory)
        path = "\(directory)/\(log.description.prefix(16))-\(home.description.prefix(16)).witness"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.error("open", path) }
    }

    deinit {
        close(descriptor)
    }

    /// Makes the directory if it is not there, and sees that this user may write in it.
    package static func checkDirectory(_ directory: String) throws(WitnessError) {
        try make(directory)
        guard access(directory, W_OK | X_OK) == 0 else { throw error("write", directory) }
    }

    /// The newest writing that is whole; nil in a new file, and where both are damaged.
    package func read() throws(WitnessError) -> Witness? {
        try locked(LOCK_SH) { () throws(WitnessError) in try newest()?.slot.witness }
    }

    /// Whether anything was ever written here.
    package func isEmpty() throws(WitnessError) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.error("fstat", path) }
        return status.st_size == 0
    }

    /// Writes what `change` makes of the newest writing.
    package func update(_ change: (Witness?) -> Witness) throws(WitnessError) {
        try locked(LOCK_EX) { () throws(WitnessError) in
            let known = try newest()
            let slot = WitnessSlot(
                number: (known?.slot.number ?? 0) + 1, witness: change(known?.slot.witness))
            try write(slot.bytes, at: known?.place == 0 ? 1 : 0)
        }
    }

    private func newest() throws(WitnessError) -> (slot: WitnessSlot, place: Int)? {
        var newest: (slot: WitnessSlot, place: Int)?
        for place in 0...1 {
            guard let slot = WitnessSlot(try read(place)) else { continue }
            if slot.number > newest?.slot.number ?? .min { newest = (slot, place) }
        }
        return newest
    }

    private func read(_ place: Int) throws(WitnessError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: WitnessSlot.length)
        while true {
            let count = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, WitnessSlot.length, off_t(place * WitnessSlot.length))
            }
            if count >= 0 { return Array(bytes[..<count]) }
            guard errno == EINTR else { throw Self.error("read", path) }
        }
    }

    private func write(_ bytes: [UInt8], at place: Int) throws(WitnessError) {
        while true {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, bytes.count, off_t(place * WitnessSlot.length))
            }
            if count == bytes.count { return }
            guard count >= 0 || errno == EINTR else { throw Self.error("write", path) }
            guard count < 0 else { throw WitnessError(words: "\(path): no space left") }
        }
    }

    private func locked<Result>(
        _ kind: Int32, _ body: () throws(WitnessError) -> Result
    ) throws(WitnessError) -> Result {
        while flock(descriptor, kind) != 0 {
            guard errno == EINTR else { throw Self.error("lock", path) }
        }
        defer { flock(descriptor, LOCK_UN) }
        return try body()
    }

    /// The directory with those above it; nobody else may look in.
    private static func make(_ directory: String) throws(WitnessError) {
        var path = directory.hasPrefix("/") ? "" : "."
        for part in directory.split(separator: "/") {
            path += "/\(part)"
            guard mkdir(path, 0o700) == 0 || errno == EEXIST || access(path, X_OK) == 0 else {
                throw error("make", path)
            }
        }
    }

    private static func error(_ what: String, _ path: String) -> WitnessError {
        WitnessError(words: "\(path): \(what): \(String(cString: strerror(errno)))")
    }
}
