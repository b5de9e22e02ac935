// A server on raw sockets that behaves as badly as a test wants: HTTP frameworks do not close in the middle
// of things. Each connection has a thread of its own and is served by a closure.

import Glibc
import Synchronization

/// A request as it stood on the wire, complete.
struct SeenRequest: Sendable {
    let connection: Int
    let head: String
    let body: [UInt8]
}

/// Listens on 127.0.0.1 until `stop`.
final class LoopbackServer: Sendable {
    enum Problem: Error { case socket, bind, connect }

    private struct State {
        var seen: [SeenRequest] = []
        /// By number of the connection: the kernel uses a descriptor again at once.
        var open: [Int: Int32] = [:]
        var accepted = 0
        var threads: [pthread_t] = []
        var isStopped = false
    }

    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    /// - Parameters:
    ///   - backlog: connections the kernel completes before they are accepted.
    ///   - accepts: false to leave connections in the backlog until `startAccepting`.
    init(
        backlog: Int32 = 128, receiveBuffer: Int32? = nil, accepts: Bool = true,
        _ serve: @escaping @Sendable (Connection) -> Void
    ) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { throw Problem.socket }
        if var size = receiveBuffer {
            setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, backlog) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw Problem.bind }
        port = UInt16(bigEndian: address.sin_port)
        self.serve = serve
        if accepts { startAccepting() }
    }

    private let serve: @Sendable (Connection) -> Void

    /// Complete requests, in the order in which they were read.
    var requests: [SeenRequest] { state.withLock { $0.seen } }
    var connectionCount: Int { state.withLock { $0.accepted } }

    func url(_ path: String = "/send", scheme: String = "http") -> String {
        "\(scheme)://127.0.0.1:\(port)\(path)"
    }

    func startAccepting() {
        let thread = startThread { self.acceptAll() }
        state.withLock { $0.threads.append(thread) }
    }

    /// Makes a connection of its own that stays in the backlog; returns it, to be closed.
    func fillBacklog() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw Problem.connect }
        return descriptor
    }

    /// From here on connections are refused; open ones go on.
    func stopListening() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// Ends everything and waits for the threads.
    func stop() {
        stopListening()
        while true {
            let thread = state.withLock { state -> pthread_t? in
                state.isStopped = true
                for descriptor in state.open.values { shutdown(descriptor, Int32(SHUT_RDWR)) }
                return state.threads.popLast()
            }
            guard let thread else { break }
            pthread_join(thread, nil)
        }
        Glibc.close(listener)
    }

    private func acceptAll() {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            let index = state.withLock { state -> Int? in
                guard !state.isStopped else { return nil }
                state.open[state.accepted] = descriptor
                state.accepted += 1
                return state.accepted - 1
            }
            guard let index else {
                Glibc.close(descriptor)
                return
            }
            let thread = startThread {
                self.serve(Connection(server: self, index: index, descriptor: descriptor))
                self.end(index)
            }
            state.withLock { $0.threads.append(thread) }
        }
    }

    fileprivate func record(_ request: SeenRequest) {
        state.withLock { $0.seen.append(request) }
    }

    /// Closes a connection, once.
    fileprivate func end(_ index: Int, reset: Bool = false) {
        state.withLock { state in
            guard let descriptor = state.open.removeValue(forKey: index) else { return }
            if reset {
                var atOnce = linger(l_onoff: 1, l_linger: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
            }
            Glibc.close(descriptor)
        }
    }
}

/// One accepted connection, used by the thread that serves it.
final class Connection: Sendable {
    let server: LoopbackServer
    let index: Int
    private let descriptor: Int32

    fileprivate init(server: LoopbackServer, index: Int, descriptor: Int32) {
        self.server = server
        self.index = index
        self.descriptor = descriptor
    }

    /// Reads one request to the last byte of its Content-Length and records it; nil when the peer has gone
    /// before.
    func readRequest() -> SeenRequest? {
        var bytes: [UInt8] = []
        var headEnd: Int?
        while headEnd == nil {
            guard let more = read() else { return nil }
            bytes += more
            headEnd = bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }
        }
        guard let headEnd else { return nil }
        let head = String(decoding: bytes[..<headEnd], as: UTF8.self)
        let length = head.split(separator: "\r\n").compactMap { line in
            line.lowercased().hasPrefix("content-length: ") ? Int(line.dropFirst(16)) : nil
        }
        var body = Array(bytes[(headEnd + 4)...])
        while body.count < length.first ?? 0 {
            guard let more = read() else { return nil }
            body += more
        }
        let request = SeenRequest(connection: index, head: head, body: body)
        server.record(request)
        return request
    }

    /// What has come in, at least one byte; nil at the end.
    func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    func waitForEnd() {
        while read() != nil {}
    }

    /// Waits for the end without reading, so that the peer cannot go on sending.
    func waitUnread() {
        var state = pollfd(fd: descriptor, events: 0, revents: 0)
        while poll(&state, 1, -1) < 0 {}
    }

    func send(_ text: String) {
        send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    func answer(_ status: String = "200 OK", headers: String = "", body: String = "ok") {
        send("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Serves every request with the same answer.
    func answerAll() {
        while readRequest() != nil { answer() }
    }

    func close() {
        server.end(index)
    }

    /// Closes with RST.
    func reset() {
        server.end(index, reset: true)
    }
}

/// Runs the closure on a thread of its own, to be joined.
private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { context in
            if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    return thread
}
