// The owner of the multi handle: the one set of connections that the transport's thread drives.

import CCurl

struct MultiHandle: ~Copyable {
    private let pointer: UnsafeMutableRawPointer

    /// - Parameter keptConnections: idle connections that are kept for the next request.
    init(keptConnections: Int) throws(CurlError) {
        guard let made = curl_multi_init() else { throw .handleRefused }
        guard ccurl_set_kept_connections(made, keptConnections) == CURLM_OK else {
            curl_multi_cleanup(made)
            throw .settingRefused(code: Int32(CURLE_UNKNOWN_OPTION.rawValue))
        }
        pointer = made
    }

    deinit {
        curl_multi_cleanup(pointer)
    }

    /// For those who submit: ends a sleep of the loop.
    var bell: Bell { Bell(multi: pointer) }

    /// Starts a configured easy handle; nothing is sent before `perform`.
    func add(_ easy: UnsafeMutableRawPointer) -> Bool {
        curl_multi_add_handle(pointer, easy) == CURLM_OK
    }

    /// Takes an easy handle out; a transfer that still runs is cut off and its connection closed.
    func remove(_ easy: UnsafeMutableRawPointer) {
        curl_multi_remove_handle(pointer, easy)
    }

    /// Sends and receives whatever can be without waiting.
    func perform() {
        var running: Int32 = 0
        curl_multi_perform(pointer, &running)
    }

    /// Waits for a socket, a timer of libcurl, or the bell.
    func wait(atMost milliseconds: Int32) {
        curl_multi_poll(pointer, nil, 0, milliseconds, nil)
    }

    /// One transfer that ended since `perform`, until there is none.
    func nextEnded() -> (easy: UnsafeMutableRawPointer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(pointer, &left) {
            if message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle {
                return (easy, message.pointee.data.result)
            }
        }
        return nil
    }
}

/// Wakes the loop from any thread.
///
/// Not guaranteed: anything once the multi handle is closed; `Submissions` drops the bell before.
///
/// Unchecked, because a pointer is not Sendable: `curl_multi_wakeup` is the one call on a multi handle that
/// libcurl allows from another thread (https://curl.se/libcurl/c/curl_multi_wakeup.html), and this type makes
/// no other.
struct Bell: @unchecked Sendable {
    fileprivate let multi: UnsafeMutableRawPointer

    func ring() {
        curl_multi_wakeup(multi)
    }
}
