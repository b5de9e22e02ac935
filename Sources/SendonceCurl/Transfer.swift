// One place for a request in flight: an easy handle, the memory libcurl reads from, and what came back. The
// guard that keeps libcurl from sending a request twice is here.

import CCurl
import SendonceClock
import SendonceDelivery

/// Used for one request after another, by the loop's thread only.
///
/// Guarantee: a request is issued at most once, and never after its deadline. libcurl starts a request again
/// on its own, POST or not, when a reused connection ends before the first byte of an answer
/// (`Curl_retry_request`, 7.88.1); it calls `mayIssue` right before each issue, and the second call is
/// refused.
final class Transfer {
    /// Why we stopped a request ourselves.
    enum Refusal {
        case deadlinePassed, secondIssue, closed, malformed, tooManyWaiting, handleRefused

        var code: CURLcode {
            switch self {
            case .deadlinePassed, .secondIssue, .closed: CURLE_ABORTED_BY_CALLBACK
            case .malformed: CURLE_BAD_FUNCTION_ARGUMENT
            case .tooManyWaiting, .handleRefused: CURLE_OUT_OF_MEMORY
            }
        }

        var message: String {
            switch self {
            case .deadlinePassed: "not issued: the issue deadline has passed"
            case .secondIssue:
                "the connection ended without an answer; a second issue of the request was refused"
            case .closed: "the transport was closed"
            case .malformed: "not issued: method, URL, header or timeout is not allowed"
            case .tooManyWaiting: "not issued: too many requests wait"
            case .handleRefused: "not issued: libcurl did not take the request"
            }
        }
    }

    private let easy: EasyHandle
    private let refusesSecondIssue: Bool
    private var bytes = RequestBytes()

    private var number: UInt64 = 0
    private var bodyLength = 0
    private var issueDeadline: UInt64 = 0
    private var issues = 0
    private var issuedAt: UInt64?
    private var refusal: Refusal?
    private var isClosed = false
    private var head = ResponseHead()
    private var answerBody: [UInt8] = []
    private var answerBodyLength = 0
    /// Where the answer goes; nil while the place is free.
    var batch: AnswerBatch?

    init(_ settings: CurlSettings) throws(CurlError) {
        easy = try EasyHandle()
        refusesSecondIssue = settings.refusesSecondIssue
        try easy.configure(settings)
        let context = Unmanaged.passUnretained(self).toOpaque()
        try easy.check(ccurl_set_owner(easy.pointer, context))
        try easy.check(
            ccurl_set_guard(
                easy.pointer,
                { context, _, _, _, _ in
                    Transfer.at(context).mayIssue() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
                }, context))
        try easy.check(
            ccurl_set_receivers(
                easy.pointer,
                { data, size, count, context in
                    Transfer.at(context).takeLine(UnsafeRawBufferPointer(start: data, count: size * count))
                },
                { data, size, count, context in
                    Transfer.at(context).takeBody(UnsafeRawBufferPointer(start: data, count: size * count))
                }, context))
    }

    var handle: UnsafeMutableRawPointer { easy.pointer }

    /// The transfer that an easy handle belongs to.
    static func owner(of handle: UnsafeMutableRawPointer) -> Transfer? {
        ccurl_owner(handle).map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: - A request

    /// Takes the request over. Returns the reason why it must not be sent, or nil when the handle is ready.
    func prepare(_ request: TransportRequest) -> Refusal? {
        begin(request)
        guard Monotonic.now() <= issueDeadline else { return .deadlinePassed }
        guard let method = Method(request.method), request.hasCleanURL, request.hasUsableTimeouts,
            method != .get || request.body.isEmpty, bytes.setHeaders(request.headers)
        else { return .malformed }
        bytes.setBody(request.body)
        guard let list = bytes.headerList(), setRequest(request, method: method, headers: list) else {
            return .handleRefused
        }
        return nil
    }

    private func begin(_ request: TransportRequest) {
        number = request.number
        bodyLength = request.body.count
        issueDeadline = request.issueDeadline
        issues = 0
        issuedAt = nil
        refusal = nil
        isClosed = false
        head.clear()
        answerBodyLength = 0
        easy.forgetWords()
    }

    private func setRequest(
        _ request: TransportRequest, method: Method, headers: UnsafeMutablePointer<curl_slist>
    ) -> Bool {
        let handle = easy.pointer
        guard ccurl_set_url(handle, request.url) == CURLE_OK,
            ccurl_set_headers(handle, headers) == CURLE_OK,
            ccurl_set_timeouts(handle, request.connectTimeout, request.totalTimeout) == CURLE_OK
        else { return false }
        switch method {
        case .get: return ccurl_set_get(handle) == CURLE_OK
        case .post: return ccurl_set_body(handle, nil, bytes.body, curl_off_t(bodyLength)) == CURLE_OK
        case .put, .patch, .delete:
            return ccurl_set_body(handle, request.method, bytes.body, curl_off_t(bodyLength)) == CURLE_OK
        }
    }

    /// From now on nothing may be issued.
    func refuseIssues() {
        isClosed = true
    }

    /// The answer after libcurl is done with the request.
    ///
    /// libcurl calls an answer complete whose connection closed inside the head (7.88.1); we do not.
    func end(_ result: CURLcode) -> TransportAnswer {
        let code = result == CURLE_OK && head.status == nil ? CURLE_PARTIAL_FILE : result
        let body = answerBody
        answerBody = []
        return TransportAnswer(
            number: number, code: Int32(bitPattern: code.rawValue), message: message(code), issues: issues,
            bodyBytesSent: bodyBytesSent(), status: head.status, headers: head.headers(), body: body,
            issuedAt: issuedAt)
    }

    /// The answer of a request that we cut off, as it stands.
    func cutOff() -> TransportAnswer {
        refusal = refusal ?? .closed
        return end(CURLE_ABORTED_BY_CALLBACK)
    }

    private func message(_ code: CURLcode) -> String {
        if code == CURLE_OK { return "" }
        if code == CURLE_ABORTED_BY_CALLBACK, let refusal { return refusal.message }
        return easy.words(for: code)
    }

    /// How much of the body left, or all of it where libcurl's count proves nothing: when libcurl begins a
    /// request again it counts from 0, also if it then fails before the second issue (refused, no such name,
    /// timeout). It begins again through the code for redirects, which sets their time; there are no
    /// redirects here.
    private func bodyBytesSent() -> Int {
        guard issues > 0 else { return 0 }
        guard refusal != .secondIssue, ccurl_began_again(easy.pointer) == 0 else { return bodyLength }
        let sent = ccurl_body_bytes_sent(easy.pointer)
        return sent < 0 ? bodyLength : min(Int(sent), bodyLength)
    }

    // MARK: - What libcurl calls

    private static func at(_ context: UnsafeMutableRawPointer?) -> Transfer {
        // The context is the transfer that owns the calling handle, so it is there and alive.
        Unmanaged<Transfer>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
    }

    /// The guard.
    private func mayIssue() -> Bool {
        let now = Monotonic.now()
        if issues > 0, refusesSecondIssue {
            refusal = .secondIssue
        } else if isClosed {
            refusal = .closed
        } else if now > issueDeadline {
            refusal = .deadlinePassed
        } else {
            issues += 1
            if issuedAt == nil { issuedAt = now }
            return true
        }
        return false
    }

    /// Returns what it took; anything less than it got makes libcurl end the transfer with
    /// `CURLE_WRITE_ERROR` (23).
    private func takeLine(_ line: UnsafeRawBufferPointer) -> Int {
        // Before the issue only a proxy speaks, and what it says is no answer to the request.
        guard issues > 0 else { return line.count }
        return head.take(line) ? line.count : 0
    }

    private func takeBody(_ piece: UnsafeRawBufferPointer) -> Int {
        answerBodyLength += piece.count
        guard answerBodyLength <= CurlLimits.answerBodyBytes else { return 0 }
        let room = TransportLimits.answerBodyBytes - answerBody.count
        answerBody.append(contentsOf: piece.prefix(room))
        return piece.count
    }
}
