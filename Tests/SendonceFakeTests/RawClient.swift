// A client that sees what an HTTP library hides: whether a connection was closed or reset, which bytes came
// before, and whether a second request went over the same connection.

import Foundation

/// One blocking TCP connection to the fake; closed with its last use.
final class RawClient {
    /// What came back for one request.
    enum Reading: Equatable {
        case answer(Reply)
        /// FIN after these bytes, which are not a whole answer.
        case closed(after: String)
        /// RST after these bytes.
        case reset(after: String)
        /// Nothing more within the deadline.
        case silent(after: String)

        var reply: Reply? {
            if case .answer(let reply) = self { reply } else { nil }
        }
    }

    struct Reply: Equatable {
        var status: Int
        /// Names in lower case.
        var headers: [String: String]
        var body: String

        var members: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }
        var code: String? { members["code"] as? String }
        var messageId: String? { members["messageId"] as? String }
    }

    struct Failure: Error { var code: Int32 }

    private let descriptor: Int32
    private var received: [UInt8] = []

    init(port: Int, deadlineSeconds: Int = 10) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        var deadline = timeval(tv_sec: deadlineSeconds, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &deadline, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            let code = errno
            Foundation.close(descriptor)
            throw Failure(code: code)
        }
    }

    deinit { Foundation.close(descriptor) }

    /// Sends text as it is. A connection that the fake has ended already is not an error here: the reading
    /// shows it.
    func write(_ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    /// Reads one whole answer, or says how the connection ended.
    func read() -> Reading {
        while true {
            if let reply = takeReply() { return .answer(reply) }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 {
                received += chunk[..<count]
                continue
            }
            let text = String(decoding: received, as: UTF8.self)
            if count == 0 { return .closed(after: text) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .silent(after: text)
            default: return .reset(after: text)
            }
        }
    }

    /// The bytes of one receive, for faults that show in how the bytes come.
    func readSome() -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        return count > 0 ? Array(chunk[..<count]) : []
    }

    func exchange(_ request: String) -> Reading {
        write(request)
        return read()
    }

    private func takeReply() -> Reply? {
        let text = String(decoding: received, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        var lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let status = Int(lines.removeFirst().split(separator: " ").dropFirst().first ?? "") ?? 0
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...]
                .trimmingCharacters(in: .whitespaces)
        }
        let headBytes = text[..<end.upperBound].utf8.count
        let bodyBytes = Int(headers["content-length"] ?? "") ?? 0
        guard received.count >= headBytes + bodyBytes else { return nil }
        let body = String(decoding: received[headBytes..<(headBytes + bodyBytes)], as: UTF8.self)
        received.removeFirst(headBytes + bodyBytes)
        return Reply(status: status, headers: headers, body: body)
    }
}
