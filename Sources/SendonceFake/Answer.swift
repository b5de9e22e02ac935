// An answer as bytes. The fake writes HTTP itself, because a truncated body, a wrong Content-Length or an
// answer in single bytes is what an encoder is there to prevent.

import NIOCore

/// One HTTP answer before it becomes bytes.
struct Answer: Sendable {
    var status: Int
    var headers: [(name: String, value: String)] = []
    var contentType = "application/json"
    var body: [UInt8]

    init(status: Int, contentType: String = "application/json", body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// Brevo's form of an error: `{"code": …, "message": …}`. Clients may rely on the code; the fake's
    /// message texts are not Brevo's.
    init(refusal: Refusal) {
        self.init(
            status: refusal.status,
            body: JSON.bytes(["code": refusal.code, "message": refusal.message]))
    }

    /// Head and body. `promisedBytes` is what Content-Length claims, if not the truth.
    func bytes(keepAlive: Bool, promisedBytes: Int? = nil, headOnly: Bool = false) -> ByteBuffer {
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        head += "Content-Type: \(contentType)\r\nContent-Length: \(promisedBytes ?? body.count)\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        if !keepAlive { head += "Connection: close\r\n" }
        head += "\r\n"
        var buffer = ByteBuffer()
        buffer.reserveCapacity(head.utf8.count + body.count)
        buffer.writeString(head)
        if !headOnly { buffer.writeBytes(body) }
        return buffer
    }

    /// The phrase after the status; RFC 9110 section 15 makes it optional, clients show it to people.
    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}

/// Why a request is not fulfilled, in Brevo's words: status, code, message.
struct Refusal: Error, Sendable, Equatable {
    var status: Int
    var code: String
    var message: String

    static func missing(_ message: String) -> Refusal {
        Refusal(status: 400, code: "missing_parameter", message: message)
    }

    static func invalid(_ message: String) -> Refusal {
        Refusal(status: 400, code: "invalid_parameter", message: message)
    }

    static let unauthorized = Refusal(
        status: 401, code: "unauthorized", message: "the header api-key is missing or not known")
    static let creditsUsedUp = Refusal(
        status: 402, code: "not_enough_credits", message: "the credits of this day are used up")
    static let duplicate = Refusal(
        status: 400, code: "duplicate_parameter",
        message: "a message with this idempotencyKey was accepted already")
    static let unknownPath = Refusal(
        status: 404, code: "document_not_found", message: "there is nothing at this path")
    static let wrongMethod = Refusal(
        status: 405, code: "method_not_allowed", message: "this path does not know this method")
    static let bodyTooLarge = Refusal(
        status: 413, code: "invalid_parameter",
        message: "the body is larger than \(FakeBrevo.Limits.bodyBytes) bytes")
    static let rateLimited = Refusal(
        status: 429, code: "too_many_requests", message: "the rate limit is reached")
    static let full = Refusal(
        status: 503, code: "fake_full", message: "the fake remembers all it can: POST /fake/reset empties it")
    static let notRecorded = Refusal(
        status: 500, code: "fake_record", message: "the record file cannot be written; nothing was accepted")

    /// The code that goes with a status which a fault has ordered.
    static func ordered(_ status: Int) -> Refusal {
        let code =
            switch status {
            case 401: "unauthorized"
            case 402: "not_enough_credits"
            case 403: "permission_denied"
            case 404: "document_not_found"
            case 429: "too_many_requests"
            case 500...599: "internal_server_error"
            default: "invalid_parameter"
            }
        return Refusal(status: status, code: code, message: "the chaos plan ordered this answer")
    }
}
