// What is known after a request ended, for each way in which servers end one.

import SendonceDelivery
import Testing

@testable import SendonceCurl

@Suite("Answers", .timeLimit(.minutes(5)))
struct AnswerTests {
    /// Sends one request to a server that serves every connection by the closure.
    private func exchange(
        _ request: (LoopbackServer) -> TransportRequest = { makeRequest(to: $0.url()) },
        receiveBuffer: Int32? = nil, _ serve: @escaping @Sendable (Connection) -> Void
    ) async throws -> (answer: TransportAnswer, seen: [SeenRequest]) {
        let server = try LoopbackServer(receiveBuffer: receiveBuffer, serve)
        let transport = try makeTransport()
        let answer = try await transport.send(request(server))
        transport.close()
        server.stop()
        return (answer, server.requests)
    }

    @Test("A complete exchange has status, headers, body and time")
    func completeExchange() async throws {
        let before = monotonic()
        let (answer, seen) = try await exchange { connection in
            guard connection.readRequest() != nil else { return }
            connection.answer(
                "201 Created", headers: "X-Id:  a b \r\nX-Empty:\r\n", body: #"{"messageId":"1"}"#)
        }
        #expect(answer.code == 0 && answer.message.isEmpty && answer.issues == 1 && answer.status == 201)
        #expect(answer.bodyBytesSent == 2)
        #expect(answer.header("x-id") == "a b")
        #expect(answer.header("X-Empty") == "")
        #expect(answer.body == Array(#"{"messageId":"1"}"#.utf8))
        #expect(try #require(answer.issuedAt) >= before)
        #expect(seen.count == 1)
    }

    @Test("The request on the wire is what was asked for, and nothing that libcurl would add")
    func requestOnTheWire() async throws {
        let headers = [Header("api-key", "secret"), Header("X-Empty", ""), Header("X-Blank", " ")]
        let (_, seen) = try await exchange({
            makeRequest(to: $0.url("/v3/smtp/email?x=1"), headers: headers, body: Array("hello".utf8))
        }) { $0.answerAll() }
        let lines = try #require(seen.first).head.split(separator: "\r\n").map(String.init)
        #expect(lines.first == "POST /v3/smtp/email?x=1 HTTP/1.1")
        let rest = lines.dropFirst().filter { !$0.hasPrefix("Host: ") }
        #expect(
            rest == [
                "User-Agent: sendonce", "Accept: */*", "api-key: secret", "X-Empty:", "X-Blank:",
                "Content-Length: 5",
            ])
        #expect(seen.first?.body == Array("hello".utf8))
    }

    @Test("Methods and bodies of a handle's last request do not leak into the next")
    func methodsOnOneHandle() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        let transport = try makeTransport(concurrency: 1)
        for (method, body) in [("PUT", "abc"), ("GET", ""), ("POST", ""), ("DELETE", ""), ("POST", "xy")] {
            let answer = try await transport.send(
                makeRequest(to: server.url(), method: method, body: Array(body.utf8)))
            #expect(answer.status == 200)
        }
        transport.close()
        server.stop()
        #expect(
            server.requests.map { String($0.head.prefix { $0 != " " }) } == [
                "PUT", "GET", "POST", "DELETE", "POST",
            ])
        #expect(
            server.requests.map { String(decoding: $0.body, as: UTF8.self) } == ["abc", "", "", "", "xy"])
        #expect(server.connectionCount == 1)
    }

    @Test("A refused connection is not an issue")
    func refusedConnection() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        server.stop()
        let transport = try makeTransport()
        let answer = try await transport.send(makeRequest(to: server.url()))
        transport.close()
        #expect(answer.code == 7 && answer.issues == 0 && answer.bodyBytesSent == 0 && answer.status == nil)
        #expect(!answer.message.isEmpty)
    }

    @Test("TLS to a port that speaks plain HTTP is not an issue")
    func tlsToPlainPort() async throws {
        let (answer, seen) = try await exchange({ makeRequest(to: $0.url(scheme: "https")) }) { connection in
            _ = connection.read()
            connection.answer("400 Bad Request")
        }
        #expect(answer.code == 35 && answer.issues == 0 && answer.status == nil)
        #expect(seen.isEmpty)
    }

    @Test("Plain HTTP is not sent where it is not allowed")
    func plainHTTPRefused() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        let transport = try CurlTransport(CurlSettings(concurrency: 1))
        let answer = try await transport.send(makeRequest(to: server.url()))
        transport.close()
        server.stop()
        #expect(answer.code == 1 && answer.issues == 0)
        #expect(server.connectionCount == 0)
    }

    @Test(
        "A time-out after the whole request proves nothing",
        arguments: [2, 40_000, 60_000, 300_000, 3_000_000])
    func timeoutAfterRequest(length: Int) async throws {
        let (answer, seen) = try await exchange(
            { makeRequest(to: $0.url(), body: [UInt8](repeating: 65, count: length), totalTimeout: 1_500) },
            receiveBuffer: 4_096
        ) { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        #expect(answer.code == 28 && answer.issues == 1 && answer.status == nil)
        #expect(answer.bodyBytesSent == length)
        #expect(seen.map(\.body.count) == [length])
    }

    @Test("A time-out in a large body shows that the server has no whole request")
    func timeoutInLargeBody() async throws {
        let length = 32_000_000
        let (answer, seen) = try await exchange({
            makeRequest(to: $0.url(), body: [UInt8](repeating: 65, count: length), totalTimeout: 1_000)
        }) { connection in
            _ = connection.read()
            connection.waitUnread()
        }
        #expect(answer.code == 28 && answer.issues == 1 && answer.status == nil)
        #expect(answer.bodyBytesSent > 0 && answer.bodyBytesSent < length)
        #expect(seen.isEmpty)
    }

    @Test("A reset while a large body is sent ends the request, not the process")
    func resetInLargeBody() async throws {
        let length = 32_000_000
        let (answer, seen) = try await exchange({
            makeRequest(to: $0.url(), body: [UInt8](repeating: 65, count: length))
        }) { connection in
            _ = connection.read()
            connection.reset()
        }
        #expect([55, 56].contains(answer.code) && answer.issues == 1)
        #expect(answer.bodyBytesSent < length)
        #expect(seen.isEmpty)
    }

    @Test("A truncated body leaves the status known")
    func truncatedBody() async throws {
        let (answer, _) = try await exchange { connection in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"messageId\":")
        }
        #expect(answer.code == 18 && answer.status == 201)
        #expect(answer.body == Array("{\"messageId\":".utf8))
    }

    @Test(
        "A head that breaks off is no status",
        arguments: ["", "HTTP/1.1 201 Created\r\nContent-Le", "HTTP/1.1 2"])
    func truncatedHead(sent: String) async throws {
        let (answer, seen) = try await exchange { connection in
            guard connection.readRequest() != nil else { return }
            connection.send(sent)
        }
        #expect(answer.status == nil && answer.headers.isEmpty && answer.code != 0 && answer.issues == 1)
        #expect(answer.bodyBytesSent == 2)
        #expect(seen.count == 1)
    }

    @Test("A redirect is an answer and is not followed")
    func redirect() async throws {
        let (answer, seen) = try await exchange { connection in
            guard connection.readRequest() != nil else { return }
            connection.answer("302 Found", headers: "Location: \(connection.server.url("/other"))\r\n")
            connection.answerAll()
        }
        #expect(answer.code == 0 && answer.status == 302)
        #expect(seen.count == 1)
    }

    @Test("Interim answers are passed over")
    func interimAnswers() async throws {
        let (answer, _) = try await exchange { connection in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
            connection.answer("201 Created", headers: "X-Id: 7\r\n")
        }
        #expect(answer.code == 0 && answer.status == 201)
        #expect(answer.header("X-Id") == "7")
        #expect(answer.header("Link") == nil)
    }

    @Test("An interim answer alone is no status")
    func interimAnswerAlone() async throws {
        let (answer, _) = try await exchange { connection in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        }
        #expect(answer.status == nil && answer.issues == 1 && answer.code != 0)
    }

    @Test("A long answer is kept up to its limit and read up to another")
    func longAnswers() async throws {
        let (long, _) = try await exchange { connection in
            guard connection.readRequest() != nil else { return }
            connection.answer(body: String(repeating: "x", count: 200_000))
        }
        #expect(long.code == 0 && long.status == 200)
        #expect(long.body == [UInt8](repeating: UInt8(ascii: "x"), count: TransportLimits.answerBodyBytes))

        let (hostile, _) = try await exchange { connection in
            guard connection.readRequest() != nil else { return }
            connection.answer(body: String(repeating: "x", count: 2 * 1_048_576))
        }
        #expect(hostile.code == 23 && hostile.status == 200)
        #expect(hostile.body.count == TransportLimits.answerBodyBytes)
    }

    @Test("A head without end is cut off")
    func endlessHead() async throws {
        let (answer, _) = try await exchange { connection in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\n")
            for index in 0..<5_000 {
                connection.send("X-Filler-\(index): \(String(repeating: "y", count: 100))\r\n")
            }
        }
        #expect(answer.code == 23 && answer.status == nil && answer.issues == 1)
    }
}
