// What must never reach libcurl, and settings that make no transport.

import SendonceDelivery
import Testing

@testable import SendonceCurl

@Suite("Refusals", .timeLimit(.minutes(5)))
struct RefusalTests {
    @Test(
        "A header that would break the head is refused",
        arguments: [
            Header("X-A", "v\r\nX-B: injected"), Header("X-A", "v\nX-B: injected"), Header("X-A", "v\r"),
            Header("X-A", "v\u{0}w"), Header("X-A\r\nX-B", "v"), Header("X-A: x\nX-B", "v"),
            Header("X A", "v"),
            Header("X-A;", "v"), Header("", "v"), Header("X-\u{e4}", "v"), Header("X-A\u{0}", "v"),
            Header("Content-Length", "1"), Header("transfer-ENCODING", "chunked"),
            Header("Expect", "100-continue"),
        ])
    func headerInjection(header: Header) async throws {
        try await expectRefusal { makeRequest(to: $0.url(), headers: [Header("X-Good", "1"), header]) }
    }

    @Test(
        "A URL with a space or a control character is refused",
        arguments: ["/a b", "/a\r\nX: y", "/a\n", "/a\u{0}b", "/a\tb", "/a\u{7f}"])
    func urlInjection(path: String) async throws {
        try await expectRefusal { makeRequest(to: $0.url(path)) }
    }

    @Test(
        "A method outside the list is refused",
        arguments: ["", "post", "POST / HTTP/1.1\r\n", "HEAD", "CONNECT"])
    func methodInjection(method: String) async throws {
        try await expectRefusal { makeRequest(to: $0.url(), method: method) }
    }

    @Test("A request without a time limit is refused", arguments: [0, -1, Int.max])
    func timeouts(milliseconds: Int) async throws {
        try await expectRefusal { makeRequest(to: $0.url(), totalTimeout: milliseconds) }
    }

    @Test("A GET with a body is refused")
    func bodyOfGet() async throws {
        try await expectRefusal { makeRequest(to: $0.url(), method: "GET") }
    }

    @Test("A refused request does not disturb the next one on the same handle")
    func nextRequest() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        let transport = try makeTransport(concurrency: 1)
        let answers = await transport.send([
            makeRequest(1, to: server.url(), headers: [Header("X-Bad", "\n")]),
            makeRequest(2, to: server.url(), headers: [Header("X-Good", "1")]),
        ])
        transport.close()
        server.stop()
        #expect(answers.map(\.number) == [1, 2])
        #expect(answers.map(\.code) == [43, 0])
        #expect(server.requests.count == 1)
    }

    @Test("More requests than may wait are answered as not sent")
    func tooMany() async throws {
        let transport = try makeTransport()
        let requests = (0...CurlLimits.waitingRequests).map {
            makeRequest(UInt64($0), to: "http://127.0.0.1:1/")
        }
        let answers = await transport.send(requests)
        transport.close()
        #expect(answers.count == requests.count)
        #expect(answers.allSatisfy { $0.code == 27 && $0.issues == 0 })
    }

    @Test("Settings out of range make no transport")
    func settings() {
        #expect(throws: CurlError.concurrencyOutOfRange(0)) {
            try CurlTransport(CurlSettings(concurrency: 0))
        }
        #expect(throws: CurlError.concurrencyOutOfRange(1_025)) {
            try CurlTransport(CurlSettings(concurrency: 1_025))
        }
        #expect(throws: CurlError.settingInvalid) { try CurlTransport(CurlSettings(proxy: "http://a\u{0}b")) }
    }

    private func expectRefusal(_ request: (LoopbackServer) -> TransportRequest) async throws {
        let server = try LoopbackServer { $0.answerAll() }
        let transport = try makeTransport()
        let answer = try await transport.send(request(server))
        transport.close()
        server.stop()
        #expect(answer.code == 43 && answer.issues == 0 && answer.bodyBytesSent == 0 && answer.status == nil)
        #expect(server.connectionCount == 0)
    }
}
