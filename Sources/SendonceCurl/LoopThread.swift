// A thread of our own: the loop blocks in poll, which no thread of Swift's cooperative pool may.

import Glibc

/// The running thread of one loop; to be joined or detached once.
struct LoopThread: Sendable {
    private let id: pthread_t

    /// Runs the loop on a new thread, which lets go of it at its end.
    ///
    /// All signals that are not the thread's own fault are blocked in it. So `SIGPIPE`, which writing to a
    /// connection closed by the other side may raise (with `CURLOPT_NOSIGNAL` libcurl leaves that to the
    /// application), stays pending on the thread and never kills the process, without touching the process's
    /// handlers; and signals meant for the application reach the application's threads. Threads that libcurl
    /// starts for name look-up inherit it.
    init(running loop: CurlLoop) throws(CurlError) {
        let retained = Unmanaged.passRetained(loop)
        var started = pthread_t()
        let failure = pthread_create(
            &started, nil,
            { context in
                LoopThread.blockSignals()
                if let context { Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, retained.toOpaque())
        guard failure == 0 else {
            retained.release()
            throw .threadRefused(code: failure)
        }
        id = started
    }

    var isCurrent: Bool { pthread_equal(id, pthread_self()) != 0 }

    func join() {
        pthread_join(id, nil)
    }

    func detach() {
        pthread_detach(id)
    }

    private static func blockSignals() {
        var blocked = sigset_t()
        sigfillset(&blocked)
        for ownFault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] { sigdelset(&blocked, ownFault) }
        pthread_sigmask(SIG_BLOCK, &blocked, nil)
    }
}
