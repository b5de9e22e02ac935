// The kernel's barrier around replay: once the log is open, the kernel itself refuses this process whatever
// could have an effect elsewhere, for all of its threads, and nothing in the process can undo it.
import CSeccomp
import Glibc

/// A seccomp filter (https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html).
///
/// Guarantee, where `install` says that it is in force: no new socket and no connection, no program is
/// started and no process made, no file is created, renamed, removed or shortened by name, no other process
/// is touched. A connection that is open already stays usable: PostgreSQL's own rights bound what can be
/// done with it. Not guaranteed: that an open file is not written (the database's own barrier sees to
/// that), and anything on a kernel without seccomp, which the result says.
package enum KernelBarrier {
    package enum State: Hashable, Sendable {
        case inForce
        /// The kernel does not offer it here; why.
        case unavailable(String)
    }

    /// Puts the filter in force for the rest of the process's life and tries it: a barrier that lets a socket
    /// through is not one. Threads that exist are covered too.
    package static func install() -> State {
        guard let filter = cseccomp_begin() else { return .unavailable("no memory for the filter") }
        for rule in rules {
            let result = rule.add(to: filter)
            guard result == 0 else {
                // The filter ends with the process: it is small, and libseccomp frees it only with its load.
                return .unavailable("the rule for \(rule.call) was refused: \(words(of: -result))")
            }
        }
        let result = cseccomp_load(filter)
        guard result == 0 else { return .unavailable(words(of: -result)) }
        return firstGap().map { .unavailable("\($0) was let through") } ?? .inForce
    }

    private struct Rule {
        var call: String
        var error = EPERM
        /// Refused only where these bits of an argument have this value.
        var bits: (index: UInt32, mask: UInt64, value: UInt64)?

        func add(to filter: UnsafeMutableRawPointer) -> Int32 {
            guard let bits else { return cseccomp_refuse(filter, call, error) }
            return cseccomp_refuse_bits(filter, call, error, bits.index, bits.mask, bits.value)
        }
    }

    private static var rules: [Rule] {
        let create = UInt64(O_CREAT)
        return (connections + programs + files + others).map { Rule(call: $0) } + [
            // A thread is a clone too, so the flag decides. What cannot be looked into is said not to exist:
            // glibc then uses the older call.
            Rule(call: "clone", bits: (0, cloneThread, 0)),
            Rule(call: "clone3", error: ENOSYS),
            Rule(call: "openat2", error: ENOSYS),
            Rule(call: "open", bits: (1, create, create)),
            Rule(call: "openat", bits: (2, create, create)),
        ]
    }

    /// CLONE_THREAD of linux/sched.h, which Swift's Glibc does not have.
    private static let cloneThread: UInt64 = 0x1_0000

    /// io_uring makes sockets without the calls that make sockets.
    private static let connections = [
        "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "io_uring_setup",
        "io_uring_enter", "io_uring_register", "pidfd_getfd",
    ]
    private static let programs = ["execve", "execveat", "fork", "vfork"]
    private static let files = [
        "creat", "mknod", "mknodat", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat",
        "renameat2", "link", "linkat", "symlink", "symlinkat", "truncate", "chmod", "fchmodat", "chown",
        "lchown", "fchownat", "setxattr", "lsetxattr", "removexattr", "lremovexattr", "mount", "umount2",
    ]
    private static let others = [
        "kill", "pidfd_send_signal", "ptrace", "process_vm_writev", "mq_open", "msgget", "semget", "shmget",
        "bpf", "setns", "unshare",
    ]

    // MARK: Trying it

    /// What the kernel let through that it must refuse; nil if nothing.
    private static func firstGap() -> String? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard isRefused(descriptor) else { return "a socket" }
        // Were it let through, it would fail all the same, for want of such a program.
        guard isRefused(execv("/nonexistent/sendonce", [nil])) else { return "the start of a program" }
        // It exists, so it would be opened and not made.
        guard isRefused(open("/dev/null", O_RDONLY | O_CREAT, 0o600)) else { return "the making of a file" }
        return nil
    }

    private static func isRefused(_ result: Int32) -> Bool {
        let error = errno
        if result > 2 { close(result) }
        return result < 0 && error == EPERM
    }

    private static func words(of error: Int32) -> String {
        String(cString: strerror(error))
    }
}
