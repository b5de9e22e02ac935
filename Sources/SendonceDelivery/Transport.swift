// The port through which bytes leave. Delivery knows no C and no socket: whoever implements this protocol can
// send, and `SendonceCurl` is the only module that does.

/// A request that is ready to go, complete to the last byte.
package struct TransportRequest: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The caller's name for the request; comes back in the answer.
    package var number: UInt64
    package var method: String
    package var url: String
    /// Sent in this order. Values hold no CR, LF or NUL: providers check before they build a request.
    package var headers: [Header]
    package var body: [UInt8]
    /// Monotonic time (nanoseconds of `CLOCK_BOOTTIME`) after which the request must not be issued any more:
    /// the earlier of the command's expiry and the lease's end less its margin. Checked right before the
    /// first byte.
    package var issueDeadline: UInt64
    /// For name look-up, connect and TLS, in milliseconds.
    package var connectTimeout: Int
    /// For the whole transfer, in milliseconds. A short one manufactures unknown outcomes.
    package var totalTimeout: Int

    package init(
        number: UInt64, method: String = "POST", url: String, headers: [Header], body: [UInt8],
        issueDeadline: UInt64, connectTimeout: Int, totalTimeout: Int
    ) {
        self.number = number
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.issueDeadline = issueDeadline
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
    }

    /// Without headers: one of them holds the provider's key, which must not reach a log.
    package var description: String { "\(method) \(url) (number \(number), \(body.count) bytes)" }
    package var customMirror: Mirror { Mirror(self, children: ["request": description]) }
}

/// One header line of a request or an answer.
package struct Header: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What is known after a request ended, however it ended. Classifying it is the provider's pure work.
package struct TransportAnswer: Sendable, Equatable {
    package var number: UInt64
    /// The CURLcode; 0 is a complete exchange.
    package var code: Int32
    /// libcurl's words for `code`, with its error buffer where that says more.
    package var message: String
    /// How often libcurl was about to issue the request. 0 proves that nothing was sent; a second issue is
    /// refused.
    package var issues: Int
    /// Bytes of the body handed to the socket (`CURLINFO_SIZE_UPLOAD_T`). Fewer than the body has prove that
    /// the server holds no whole request; equal proves nothing.
    package var bodyBytesSent: Int
    /// Status of the last complete response head, if one came.
    package var status: Int?
    package var headers: [Header]
    /// At most `TransportLimits.answerBodyBytes`; the rest is read and dropped.
    package var body: [UInt8]
    /// Monotonic nanoseconds at which the request was first issued, if it was.
    package var issuedAt: UInt64?

    package init(
        number: UInt64, code: Int32, message: String = "", issues: Int, bodyBytesSent: Int,
        status: Int? = nil,
        headers: [Header] = [], body: [UInt8] = [], issuedAt: UInt64? = nil
    ) {
        self.number = number
        self.code = code
        self.message = message
        self.issues = issues
        self.bodyBytesSent = bodyBytesSent
        self.status = status
        self.headers = headers
        self.body = body
        self.issuedAt = issuedAt
    }

    /// The first value of a header, by case-insensitive name.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}

package enum TransportLimits {
    /// Enough for every provider's error text; a hostile answer cannot fill memory.
    package static let answerBodyBytes = 65_536
}

/// Sends requests, each at most once.
///
/// Guarantee: every submitted request is answered exactly once, also after `close`; no request is issued
/// twice; none after its `issueDeadline`. Not guaranteed: order of answers.
package protocol Transport: Sendable {
    /// Takes requests and returns at once. `answered` is called on a thread of the transport's own with one
    /// or more answers; it must not block for long.
    func submit(_ requests: [TransportRequest], answered: @escaping @Sendable ([TransportAnswer]) -> Void)

    /// Ends the transport: what was not issued yet is answered with `issues == 0`, what is in flight is cut
    /// off and answered as it stands. Returns when all answers were given. Idempotent.
    func close()
}
