// The silent second POST: libcurl sends a request again by itself when a reused connection dies. These tests
// would fail without the guard; one of them shows that, by taking it away.

import Glibc
import SendonceClock
import SendonceDelivery
import Testing

@testable import SendonceCurl

@Suite("The guard against a second issue", .timeLimit(.minutes(5)))
struct GuardTests {
    enum Ending: CaseIterable, Sendable { case close, reset }

    /// Answers the first request of the first connection; reads the second whole and ends the connection
    /// without a word. Further connections are served.
    private func makeKillingServer(_ ending: Ending, thenRefuses: Bool = false) throws -> LoopbackServer {
        try LoopbackServer { connection in
            guard connection.index == 0 else { return connection.answerAll() }
            guard connection.readRequest() != nil else { return }
            connection.answer()
            guard connection.readRequest() != nil else { return }
            if thenRefuses { connection.server.stopListening() }
            switch ending {
            case .close: connection.close()
            case .reset: connection.reset()
            }
        }
    }

    @Test("A request on a reused connection that dies is not sent again", arguments: Ending.allCases)
    func secondIssueIsRefused(ending: Ending) async throws {
        let server = try makeKillingServer(ending)
        let transport = try makeTransport()
        let first = try await transport.send(makeRequest(1, to: server.url(), body: Array("first".utf8)))
        let second = try await transport.send(makeRequest(2, to: server.url(), body: Array("second".utf8)))
        transport.close()
        server.stop()

        #expect(first.code == 0 && first.status == 200 && first.issues == 1)
        #expect(server.requests.map(\.body) == [Array("first".utf8), Array("second".utf8)])
        #expect([42, 52, 56].contains(second.code))
        #expect(second.issues == 1)
        #expect(second.status == nil)
        #expect(second.issuedAt != nil)
        // libcurl counts anew when it begins again: fewer bytes than the body has would be a false proof.
        #expect(second.bodyBytesSent == "second".utf8.count)
    }

    @Test(
        "Without the guard libcurl sends the same request twice and says nothing", arguments: Ending.allCases)
    func unguardedRequestIsSentTwice(ending: Ending) async throws {
        let server = try makeKillingServer(ending)
        let transport = try makeUnguardedTransport()
        _ = try await transport.send(makeRequest(1, to: server.url(), body: Array("first".utf8)))
        let second = try await transport.send(makeRequest(2, to: server.url(), body: Array("second".utf8)))
        transport.close()
        server.stop()

        #expect(second.code == 0 && second.status == 200)
        #expect(second.issues == 2)
        #expect(server.requests.map(\.body).filter { $0 == Array("second".utf8) }.count == 2)
    }

    @Test(
        "A failure before the second issue does not hide that the first one left", arguments: Ending.allCases)
    func refusedReconnectKeepsTheFirstIssue(ending: Ending) async throws {
        let server = try makeKillingServer(ending, thenRefuses: true)
        let transport = try makeTransport()
        _ = try await transport.send(makeRequest(1, to: server.url()))
        let second = try await transport.send(makeRequest(2, to: server.url(), body: Array("second".utf8)))
        transport.close()
        server.stop()

        #expect(server.requests.count == 2)
        #expect(second.code == 7)
        #expect(second.issues == 1)
        #expect(second.bodyBytesSent == "second".utf8.count)
    }

    @Test("Requests that lose their connection all at once are each seen once")
    func manyLostConnections() async throws {
        let server = try LoopbackServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.answer()
            guard connection.readRequest() != nil else { return }
            connection.reset()
        }
        let transport = try makeTransport(concurrency: 16)
        let answers = await transport.send(
            (0..<400).map { makeRequest(UInt64($0), to: server.url(), body: Array("\($0)".utf8)) })
        transport.close()
        server.stop()

        let bodies = server.requests.map(\.body)
        #expect(Set(bodies).count == bodies.count)
        #expect(bodies.count == 400)
        #expect(answers.allSatisfy { $0.issues == 1 })
        #expect(answers.contains { $0.status == nil })
        #expect(Set(answers.map(\.number)).count == 400)
    }

    @Test("A request whose issue deadline has passed is not sent")
    func pastDeadline() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        let transport = try makeTransport()
        let answer = try await transport.send(makeRequest(to: server.url(), issueWithin: -1))
        transport.close()
        server.stop()

        #expect(
            answer.code == 42 && answer.issues == 0 && answer.bodyBytesSent == 0 && answer.issuedAt == nil)
        #expect(server.requests.isEmpty)
    }

    @Test("A deadline that passes while the connection is made stops the request")
    func deadlineDuringConnect() async throws {
        // The accept queue holds one connection, and it is full: the transport's SYN is dropped, and sent
        // again a second later, when the deadline has passed and the server accepts.
        let server = try LoopbackServer(backlog: 0, accepts: false) { $0.answerAll() }
        let filling = try server.fillBacklog()
        let transport = try makeTransport()
        let request = makeRequest(to: server.url(), issueWithin: 400)
        async let late = transport.send(request)
        #expect(try await eventually { Monotonic.now() > request.issueDeadline })
        server.startAccepting()
        let answer = try await late
        transport.close()
        close(filling)
        server.stop()

        #expect(
            answer.code == 42 && answer.issues == 0 && answer.bodyBytesSent == 0 && answer.issuedAt == nil)
        #expect(server.requests.isEmpty)
    }
}
