// The idempotency key: where it is read, how long it holds, and that one key at one moment is accepted once.

import Foundation
import Synchronization
import Testing

@testable import SendonceFake

@Suite("The idempotency key")
struct KeyTests {
    @Test("A key is refused as duplicate_parameter up to its time-to-live and accepted again from then on")
    func timeToLive() async throws {
        let clock = HandClock()
        var configuration = FakeBrevo.Configuration()
        configuration.keyTimeToLive = 900
        configuration.clock = { clock.now }
        try await Scene.run(configuration) { fake, port in
            let client = try RawClient(port: port)
            let request = Scene.post(Scene.message(key: "k"))
            #expect(client.exchange(request).reply?.status == 201)
            clock.advance(milliseconds: 899_999)
            let repeated = client.exchange(request).reply
            #expect(repeated?.status == 400)
            #expect(repeated?.code == "duplicate_parameter")
            #expect(repeated?.messageId == nil)
            #expect(fake.accepted().count == 1)
            // The window runs from the acceptance; the refused repeat did not renew it.
            clock.advance(milliseconds: 1)
            #expect(client.exchange(request).reply?.status == 201)
            #expect(fake.accepted().map(\.key) == ["k", "k"])
            #expect(client.exchange(request).reply?.code == "duplicate_parameter")
            #expect(fake.accepted().map(\.refusedDuplicates) == [1, 1])
            #expect(fake.tally().duplicates == 2)
        }
    }

    static let pitfalls: [(extra: String, headers: [String: String])] = [
        ("idempotencyKey: k\r\n", [:]), ("Idempotency-Key: k\r\n", [:]), ("", ["Idempotency-Key": "k"]),
        ("", ["idempotencykey": "k"]), ("", ["IdempotencyKey": "k"]), ("", ["X-Idempotency-Key": "k"]),
        // The Kelvin sign: equal to "K" for Swift's String, not for a provider.
        ("", ["idempotency\u{212A}ey": "k"]), ("", ["idempotencyKey ": "k"]),
    ]

    @Test(
        "A key as HTTP header or spelled otherwise in the body is ignored, so a repeat is accepted twice",
        arguments: pitfalls)
    func spelling(extra: String, headers: [String: String]) async throws {
        try await Scene.run { fake, port in
            let client = try RawClient(port: port)
            let request = Scene.post(Scene.message(["headers": headers]), extra: extra)
            #expect(client.exchange(request).reply?.status == 201)
            #expect(client.exchange(request).reply?.status == 201)
            #expect(fake.accepted().map(\.key) == [nil, nil])
        }
    }

    @Test("Keys are compared byte by byte: the two Unicode forms of one letter are two keys")
    func bytes() async throws {
        try await Scene.run { fake, port in
            try #expect(Scene.send(Scene.message(key: "caf\u{E9}"), to: port).reply?.status == 201)
            try #expect(Scene.send(Scene.message(key: "cafe\u{301}"), to: port).reply?.status == 201)
            #expect(fake.accepted().count == 2)
        }
    }

    @Test("Another message under the same key is a duplicate too: the payload is not compared")
    func payload() async throws {
        try await Scene.run { _, port in
            try #expect(Scene.send(Scene.message(key: "k"), to: port).reply?.status == 201)
            let other = Scene.message(key: "k", ["subject": "Other"])
            try #expect(Scene.send(other, to: port).reply?.code == "duplicate_parameter")
        }
    }

    @Test("The sandbox header answers 201, accepts nothing and leaves the key unused")
    func sandbox() async throws {
        try await Scene.run { fake, port in
            let body = Scene.message(["headers": ["X-Sib-Sandbox": "drop", "idempotencyKey": "k"]])
            try #expect(Scene.send(body, to: port).reply?.status == 201)
            try #expect(Scene.send(body, to: port).reply?.messageId != nil)
            #expect(fake.accepted().isEmpty)
            try #expect(Scene.send(Scene.message(key: "k"), to: port).reply?.status == 201)
            let broken = Scene.message(["headers": ["X-Sib-Sandbox": "drop"], "to": nil])
            try #expect(Scene.send(broken, to: port).reply?.status == 400)
        }
    }

    @Test("Of sixteen requests with one key at the same moment exactly one is accepted")
    func oneMoment() async throws {
        var configuration = FakeBrevo.Configuration()
        configuration.threadCount = 4
        try await Scene.run(configuration) { fake, port in
            for round in 0..<20 {
                let request = Scene.post(Scene.message(key: "round \(round)"))
                let replies = await withTaskGroup(of: (Int, String?).self) { group in
                    let gate = Gate(count: 16)
                    for _ in 0..<16 {
                        group.addTask {
                            await withCheckedContinuation { continuation in
                                // Threads of their own: they block until all are ready to send their last
                                // byte.
                                Thread.detachNewThread {
                                    let client = try? RawClient(port: port)
                                    client?.write(String(request.dropLast()))
                                    gate.wait()
                                    let reply = client?.exchange(String(request.suffix(1))).reply
                                    continuation.resume(returning: (reply?.status ?? 0, reply?.code))
                                }
                            }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(replies.count { $0.0 == 201 } == 1)
                #expect(replies.count { $0.0 == 400 && $0.1 == "duplicate_parameter" } == 15)
            }
            #expect(fake.accepted().count == 20)
            #expect(fake.accepted().allSatisfy { $0.refusedDuplicates == 15 })
            #expect(fake.tally().requests == 320)
        }
    }
}

/// Lets its threads go on when all of them have come.
private final class Gate: Sendable {
    private let condition = NSCondition()
    private let missing: Mutex<Int>

    init(count: Int) { missing = Mutex(count) }

    func wait() {
        condition.lock()
        defer { condition.unlock() }
        missing.withLock { $0 -= 1 }
        condition.broadcast()
        while missing.withLock({ $0 > 0 }) { condition.wait() }
    }
}
