// The fake's memory across its own restart: one acceptance a line, written before the answer leaves. Without
// it a test could not tell "accepted before the crash" from "never received".

import Foundation

/// The open record file; closed with its last use.
struct RecordFile: ~Copyable {
    private let descriptor: Int32
    /// Bytes of complete lines.
    private var length: Int

    /// Opens or creates the file and takes its lock. Only a regular file can be read to an end.
    init(path: String) throws(FakeBrevo.FakeError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .recordUnavailable(path: path, code: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK ? .recordInUse(path: path) : .recordUnavailable(path: path, code: code)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .recordUnavailable(path: path, code: EINVAL)
        }
        self.descriptor = descriptor
        length = 0
    }

    deinit { close(descriptor) }

    /// Reads what the file holds, oldest first; call it once, before the first `append`.
    ///
    /// A last line without its end is the trace of a writer that was killed before it answered; it is cut
    /// off. Any other line that cannot be read is an error: to skip it would forget an acceptance.
    mutating func readAll(path: String) throws(FakeBrevo.FakeError) -> [FakeBrevo.Acceptance] {
        var acceptances: [FakeBrevo.Acceptance] = []
        var pending: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .recordUnavailable(path: path, code: errno) }
            if count == 0 { break }
            var rest = chunk[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                pending += rest[..<end]
                guard acceptances.count < FakeBrevo.Limits.acceptances,
                    let acceptance = FakeBrevo.Acceptance(recordLine: Data(pending))
                else { throw .recordInvalid(path: path, line: acceptances.count + 1) }
                acceptances.append(acceptance)
                length += pending.count + 1
                pending.removeAll(keepingCapacity: true)
                rest = rest[(end + 1)...]
            }
            pending += rest
            guard pending.count <= FakeBrevo.Limits.recordLineBytes else {
                throw .recordInvalid(path: path, line: acceptances.count + 1)
            }
        }
        guard pending.isEmpty || ftruncate(descriptor, length) == 0 else {
            throw .recordUnavailable(path: path, code: errno)
        }
        return acceptances
    }

    /// Adds one line; false if it is not in the file as a whole, and then nothing of it is.
    mutating func append(_ line: [UInt8]) -> Bool {
        let bytes = line + [UInt8(ascii: "\n")]
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                // If even this fails, the next start finds a line without its end, or refuses the file.
                _ = ftruncate(descriptor, length)
                return false
            }
            written += count
        }
        length += bytes.count
        return true
    }

    /// Forgets all lines; false if the system refuses.
    mutating func empty() -> Bool {
        guard ftruncate(descriptor, 0) == 0 else { return false }
        length = 0
        return true
    }
}
