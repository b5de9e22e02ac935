// Many requests at once, and the end of a transport: every request is answered exactly once, whatever
// happens.

import SendonceClock
import SendonceDelivery
import Testing

@testable import SendonceCurl

@Suite("Many requests, and the end", .timeLimit(.minutes(5)))
struct LifeTests {
    @Test("Two thousand requests over 32 connections are each answered once")
    func manyRequests() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        let transport = try makeTransport(concurrency: 32)
        let answers = Answers()
        for start in stride(from: 0, to: 2_000, by: 50) {
            let requests = (start..<start + 50).map {
                makeRequest(
                    UInt64($0), to: server.url(), headers: [Header("X-Number", "\($0)")],
                    body: Array("\($0)".utf8))
            }
            transport.submit(requests) { answers.take($0) }
        }
        #expect(try await eventually { answers.all.count >= 2_000 })
        transport.close()
        server.stop()

        #expect(answers.all.count == 2_000)
        #expect(Set(answers.all.map(\.number)) == Set(0..<2_000))
        #expect(answers.all.allSatisfy { $0.code == 0 && $0.status == 200 && $0.issues == 1 })
        let bodies = server.requests.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.count == 2_000)
        #expect(Set(bodies) == Set((0..<2_000).map { "\($0)" }))
        #expect(server.connectionCount <= 32)
    }

    @Test("Two transports at once do not meet")
    func twoTransports() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        let first = try makeTransport()
        let second = try makeTransport()
        async let some = first.send((0..<200).map { makeRequest(UInt64($0), to: server.url()) })
        async let others = second.send((1_000..<1_200).map { makeRequest(UInt64($0), to: server.url()) })
        let numbers = (Set(await some.map(\.number)), Set(await others.map(\.number)))
        first.close()
        second.close()
        server.stop()
        #expect(numbers.0 == Set(0..<200))
        #expect(numbers.1 == Set(1_000..<1_200))
        #expect(server.requests.count == 400)
    }

    @Test("Closing answers what is in flight as it stands and the rest as not sent")
    func closeWithRequestsInFlight() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        let transport = try makeTransport(concurrency: 4)
        let answers = Answers()
        transport.submit((0..<50).map { makeRequest(UInt64($0), to: server.url()) }) { answers.take($0) }
        #expect(try await eventually { server.requests.count == 4 })
        transport.close()
        let atClose = answers.all
        transport.close()
        server.stop()

        #expect(Set(atClose.map(\.number)) == Set(0..<50))
        #expect(atClose.count == 50)
        #expect(atClose.allSatisfy { $0.code == 42 && $0.status == nil })
        #expect(atClose.filter { $0.issues == 1 && $0.bodyBytesSent == 2 && $0.issuedAt != nil }.count == 4)
        #expect(atClose.filter { $0.issues == 0 && $0.bodyBytesSent == 0 && $0.issuedAt == nil }.count == 46)
        #expect(server.requests.count == 4)
        #expect(answers.all.count == 50)
    }

    @Test("A submission after the end is answered as not sent")
    func submitAfterClose() async throws {
        let transport = try makeTransport()
        transport.close()
        let answers = await transport.send([makeRequest(7, to: "http://127.0.0.1:1/")])
        #expect(answers.map(\.number) == [7])
        #expect(answers.allSatisfy { $0.code == 42 && $0.issues == 0 })
    }

    @Test("Submissions that race with the end are each answered once")
    func submitDuringClose() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        for _ in 0..<20 {
            let transport = try makeTransport()
            let answers = Answers()
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        transport.submit([makeRequest(UInt64(number), to: server.url())]) { answers.take($0) }
                    }
                }
                group.addTask { transport.close() }
            }
            transport.close()
            #expect(answers.all.map(\.number).sorted() == Array(0..<40))
        }
        server.stop()
    }

    @Test("Closing inside an answer does not wait for itself")
    func closeInsideAnswer() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        let transport = try makeTransport(concurrency: 1)
        let answers = Answers()
        transport.submit((0..<3).map { makeRequest(UInt64($0), to: server.url()) }) {
            answers.take($0)
            transport.close()
        }
        #expect(try await eventually { answers.all.count == 3 })
        transport.close()
        server.stop()
        #expect(answers.all.count == 3)
    }

    @Test("A transport that nobody holds any more ends, and answers first")
    func droppedTransport() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        let answers = Answers()
        var transport: CurlTransport? = try makeTransport()
        transport?.submit([makeRequest(1, to: server.url())]) { answers.take($0) }
        #expect(try await eventually { server.requests.count == 1 })
        transport = nil
        #expect(answers.all.map(\.issues) == [1])
        server.stop()
    }

    @Test("A submission wakes a transport that sleeps")
    func wakeUp() async throws {
        let server = try LoopbackServer { $0.answerAll() }
        let transport = try makeTransport()
        let before = monotonic()
        for number in 1...50 {
            let answer = try await transport.send(makeRequest(UInt64(number), to: server.url()))
            #expect(answer.status == 200)
        }
        // Unwoken, each of them would wait for the end of a sleep: minutes in all, however slow the machine
        // is.
        #expect(Monotonic.now() - before < 50 * UInt64(CurlLimits.longestSleep) * 1_000_000 / 2)
        transport.close()
        server.stop()
    }
}
