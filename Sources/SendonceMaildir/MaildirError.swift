// How writing a file fails.
import Glibc

/// The system call that failed and its `errno`.
struct MaildirError: Error, Equatable {
    var call: String
    var code: Int32
    /// Whether the file may be seen under its final name already.
    var mayBeVisible = false

    /// From the calling thread's `errno`, to be read before anything else is called.
    static func last(_ call: String, mayBeVisible: Bool = false) -> MaildirError {
        MaildirError(call: call, code: errno, mayBeVisible: mayBeVisible)
    }

    var words: String { "\(call): \(String(cString: strerror(code)))" }
}
