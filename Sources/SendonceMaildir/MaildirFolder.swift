// One maildir on disk: https://cr.yp.to/proto/maildir.html. Files are written in `tmp`, made durable, and
// then appear in `new` in one step, whole or not at all.
import Glibc
import SendonceCore

/// The directories of one maildir, and the writing of one file.
struct MaildirFolder {
    let path: String

    /// Makes the directories where they are missing. The one above must exist: a wrong path is an error, not
    /// a new tree.
    func prepare() throws(MaildirError) {
        for directory in [path, path + "/tmp", path + "/new", path + "/cur"] {
            guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw .last("mkdir \(directory)") }
        }
    }

    /// Names of messages that a mail program moved to `cur`, without what it added to them.
    func seen() throws(MaildirError) -> Set<Text> {
        guard let directory = opendir(path + "/cur") else { throw .last("opendir \(path)/cur") }
        defer { closedir(directory) }
        var names: Set<Text> = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                // Ends at the NUL, at `:2,` with the flags, or at `,` with what some servers add before it.
                String(decoding: bytes.prefix { $0 != 0 && $0 != 0x3A && $0 != 0x2C }, as: UTF8.self)
            }
            names.insert(Text(name))
        }
        return names
    }

    /// Writes a file under `tmp` and makes its bytes durable. It is seen by nobody yet.
    func write(_ bytes: [UInt8], as draft: String) throws(MaildirError) {
        let file = open("\(path)/tmp/\(draft)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .last("open \(path)/tmp/\(draft)") }
        do throws(MaildirError) {
            try fill(file, with: bytes)
        } catch {
            close(file)
            discard(draft)
            throw error
        }
        close(file)
    }

    private func fill(_ file: Int32, with bytes: [UInt8]) throws(MaildirError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw count < 0 ? .last("write") : MaildirError(call: "write", code: ENOSPC)
            }
            written += count
        }
        guard fsync(file) == 0 else { throw .last("fsync") }
    }

    /// Gives the draft its final name in `new`; false if a file of that name is there. A link never replaces
    /// a file, as a rename would.
    func publish(_ draft: String, as name: String) throws(MaildirError) -> Bool {
        defer { discard(draft) }
        if link("\(path)/tmp/\(draft)", "\(path)/new/\(name)") == 0 { return true }
        guard errno == EEXIST else { throw .last("link \(path)/new/\(name)") }
        return false
    }

    func isThere(_ name: String) -> Bool {
        access("\(path)/new/\(name)", F_OK) == 0
    }

    /// Makes the names in `new` durable.
    func settle() throws(MaildirError) {
        let directory = open(path + "/new", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .last("open \(path)/new", mayBeVisible: true) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw .last("fsync \(path)/new", mayBeVisible: true) }
    }

    private func discard(_ draft: String) {
        // A draft that stays is harmless: mail programs clear `tmp` after 36 hours.
        unlink("\(path)/tmp/\(draft)")
    }
}
