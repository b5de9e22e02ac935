// The only code in Sendonce that can send over HTTP: the transport port on libcurl.

import CCurl
package import SendonceDelivery
import Synchronization

/// Sends requests over HTTP/1.1 with kept connections, driven by one thread of its own.
///
/// Guarantee: the port's. Every submitted request is answered exactly once; none is issued twice, not even
/// when libcurl would (it resends a POST on its own when a reused connection dies:
/// https://github.com/curl/curl/pull/18417); none after its `issueDeadline`. `issues == 0` proves that no
/// byte of the request left.
///
/// What stops a request here, by code: 42 with `issues == 0` after the deadline or `close`; 42 with `issues
/// == 1` when a second issue was refused or a transfer was cut off by `close`, outcome unknown; 43 for a
/// method, URL, header or timeout that is not allowed (nothing is sent); 27 when too many requests wait
/// (nothing is sent); 23 when an answer is larger than `CurlLimits` allows, with the status if its head was
/// complete. Others are libcurl's own, and any of them may come after an issue: look at `issues` first, never
/// at the code alone.
///
/// `bodyBytesSent` is the whole length wherever libcurl began the request a second time, because its count
/// begins anew.
///
/// Not guaranteed: order; that answers come before the caller's next line. After `close`, `submit` answers on
/// the calling thread.
package final class CurlTransport: Transport {
    private let submissions: Submissions
    private let thread: LoopThread
    private let isJoined = Mutex(false)

    package init(_ settings: CurlSettings = CurlSettings()) throws(CurlError) {
        guard (1...CurlLimits.concurrency).contains(settings.concurrency) else {
            throw .concurrencyOutOfRange(settings.concurrency)
        }
        guard !(settings.authorityFile ?? "").utf8.contains(0), !(settings.proxy ?? "").utf8.contains(0)
        else {
            throw .settingInvalid
        }
        guard Self.libraryStart == CURLE_OK else {
            throw .libraryRefused(code: Int32(bitPattern: Self.libraryStart.rawValue))
        }
        let loop = try CurlLoop(settings)
        submissions = loop.submissions
        thread = try LoopThread(running: loop)
    }

    deinit {
        close()
        // The last reference may go in a callback, on the loop's own thread, which cannot wait for itself.
        if thread.isCurrent { thread.detach() }
    }

    /// Takes requests and returns at once; see the port. At most `CurlLimits.waitingRequests` may wait.
    package func submit(
        _ requests: [TransportRequest], answered: @escaping @Sendable ([TransportAnswer]) -> Void
    ) {
        let submission = Submission(requests: requests, answered: answered)
        if !submissions.add(submission) { submission.answerUnsent(.closed) }
    }

    /// Ends the transport; see the port. Called inside `answered`, it returns at once and the end follows.
    package func close() {
        submissions.close()
        guard !thread.isCurrent else { return }
        isJoined.withLock { isJoined in
            guard !isJoined else { return }
            thread.join()
            isJoined = true
        }
    }

    /// `curl_global_init` runs once in the life of the process: a static is initialised once, whoever comes
    /// first.
    private static let libraryStart: CURLcode = curl_global_init(Int(CURL_GLOBAL_ALL))
}
