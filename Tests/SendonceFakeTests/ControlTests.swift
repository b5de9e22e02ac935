// The control interface as another process uses it, the sink, and the end of a fake.

import Foundation
import Testing

@testable import SendonceFake

@Suite("The control interface")
struct ControlTests {
    @Test("accepted lists every message with key, id, recipients, tags, params and refused repeats")
    func accepted() async throws {
        try await Scene.run { fake, port in
            let client = try RawClient(port: port)
            let changes: [String: Any?] = ["tags": ["t1", "t2"], "params": ["name": "Ann"], "templateId": 3]
            let id = client.exchange(Scene.post(Scene.message(key: "a", changes))).reply?.messageId
            _ = client.exchange(Scene.post(Scene.message(key: "a")))
            _ = client.exchange(Scene.post(Scene.message()))
            let body = try #require(client.exchange(Scene.get("/fake/accepted")).reply?.body)
            let list = try #require(
                try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [[String: Any]])
            #expect(list.count == 2)
            #expect(list[0]["key"] as? String == "a")
            #expect(list[0]["messageId"] as? String == id)
            #expect(list[0]["to"] as? [String] == ["ann@x.test"])
            #expect(list[0]["subject"] as? String == "Hello")
            #expect(list[0]["tags"] as? [String] == ["t1", "t2"])
            #expect(list[0]["params"] as? [String: String] == ["name": "Ann"])
            #expect(list[0]["templateId"] as? Int == 3)
            #expect(list[0]["refusedDuplicates"] as? Int == 1)
            #expect((list[0]["receivedAt"] as? Int64 ?? 0) > 1_700_000_000_000)
            #expect(list[1]["key"] is NSNull)
            let one = try #require(client.exchange(Scene.get("/fake/accepted?from=1&limit=5")).reply?.body)
            #expect(one.contains("\"key\":null") && !one.contains("\"key\":\"a\""))
            #expect(client.exchange(Scene.get("/fake/accepted?key=none")).reply?.body == "[\n]\n")
            #expect(client.exchange(Scene.get("/fake/accepted?form=1")).reply?.status == 400)
        }
    }

    @Test("Counts tell accepted messages from complete requests")
    func counts() async throws {
        try await Scene.run { fake, port in
            try fake.inject(.acceptThenDrop)
            _ = try Scene.send(Scene.message(key: "a"), to: port)
            let client = try RawClient(port: port)
            _ = client.exchange(Scene.post(Scene.message(key: "a")))
            _ = client.exchange(Scene.post("{"))
            #expect(client.exchange(Scene.get("/fake/accepted/count")).reply?.body == "{\"count\":1}\n")
            let counts = client.exchange(Scene.get("/fake/requests/count")).reply?.members as? [String: Int]
            #expect(counts == ["count": 3, "accepted": 1, "duplicates": 1, "spoilt": 1, "abandoned": 0])
        }
    }

    @Test("chaos is ordered and shown over HTTP, and a misspelt order is 400")
    func chaos() async throws {
        try await Scene.run { fake, port in
            let client = try RawClient(port: port)
            let order = #"{"script":[{"fault":"refuse","status":503,"accepted":true,"count":2}]}"#
            #expect(client.exchange(Scene.post(order, path: "/fake/chaos")).reply?.status == 200)
            #expect(client.exchange(Scene.post(Scene.message(key: "a"))).reply?.status == 503)
            let left = client.exchange(Scene.get("/fake/chaos")).reply?.body
            #expect(left?.contains(#""count":1"#) == true)
            #expect(client.exchange(Scene.post(#"{"clear":true}"#, path: "/fake/chaos")).reply?.status == 200)
            #expect(client.exchange(Scene.post(Scene.message(key: "b"))).reply?.status == 201)
            let wrong = client.exchange(Scene.post(#"{"script":[{"fault":"x"}]}"#, path: "/fake/chaos")).reply
            #expect(wrong?.status == 400)
            #expect(fake.accepted().map(\.key) == ["a", "b"])
            let always = #"{"seed":9,"chances":[{"fault":"rateLimited","probability":1}]}"#
            #expect(client.exchange(Scene.post(always, path: "/fake/chaos")).reply?.status == 200)
            #expect(client.exchange(Scene.post(Scene.message())).reply?.status == 429)
        }
    }

    @Test("The log has one JSON line for each complete request")
    func log() async throws {
        try await Scene.run { fake, port in
            try fake.inject(.none)
            try fake.inject(.acceptThenReset)
            let client = try RawClient(port: port)
            _ = client.exchange(Scene.post(Scene.message(key: "a")))
            _ = client.exchange(Scene.post(Scene.message(key: "b")))
            let reader = try RawClient(port: port)
            let reply = try #require(reader.exchange(Scene.get("/fake/log")).reply)
            let lines = reply.body.split(separator: "\n").map {
                (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any] ?? [:]
            }
            #expect(lines.map { $0["key"] as? String } == ["a", "b"])
            #expect(lines.map { $0["fault"] as? String } == ["none", "acceptThenReset"])
            #expect(lines.map { $0["status"] as? Int } == [201, nil])
            #expect(lines.map { $0["accepted"] as? Bool } == [true, true])
            #expect(lines.map { $0["connection"] as? Int } == [1, 1])
        }
    }

    @Test("The inbox is text for people and carries no control characters of a message")
    func inbox() async throws {
        try await Scene.run { _, port in
            let client = try RawClient(port: port)
            _ = client.exchange(Scene.post(Scene.message(key: "a", ["subject": "Red \u{1B}[31m alert"])))
            let reply = try #require(client.exchange(Scene.get("/fake/inbox")).reply)
            #expect(reply.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(reply.body.hasPrefix("1 message accepted\n"))
            #expect(reply.body.contains("ann@x.test"))
            #expect(reply.body.contains("Red  [31m alert"))
            #expect(!reply.body.contains("\u{1B}"))
        }
    }

    @Test("A reset forgets messages, keys, counts, log and chaos")
    func reset() async throws {
        try await Scene.run { fake, port in
            let client = try RawClient(port: port)
            _ = client.exchange(Scene.post(Scene.message(key: "a")))
            try fake.inject(.acceptThenDrop)
            #expect(client.exchange(Scene.post("", path: "/fake/reset")).reply?.status == 200)
            #expect(fake.tally() == FakeBrevo.Tally())
            #expect(fake.log().isEmpty)
            #expect(client.exchange(Scene.post(Scene.message(key: "a"))).reply?.status == 201)
            #expect(client.exchange(Scene.get("/fake/reset")).reply?.status == 405)
            #expect(client.exchange(Scene.get("/fake/nothing")).reply?.status == 404)
        }
    }

    @Test("The log keeps the newest entries in their order when it is full")
    func ring() {
        var log = FakeBrevo.RequestLog()
        for number in 0..<(FakeBrevo.Limits.logEntries + 3) {
            log.append(
                FakeBrevo.LogEntry(
                    at: Int64(number), connection: 1, ordinal: 1, fault: "none", accepted: false))
        }
        #expect(log.entries.map(\.at) == (3..<(Int64(FakeBrevo.Limits.logEntries) + 3)).map { $0 })
    }

    @Test("The sink answers every complete body with 201 and only counts")
    func sink() async throws {
        var configuration = FakeBrevo.Configuration()
        configuration.mode = .sink
        try await Scene.run(configuration) { fake, port in
            let client = try RawClient(port: port)
            client.write(String(repeating: Scene.post("not JSON", apiKey: nil), count: 100))
            let replies = (0..<100).map { _ in client.read().reply }
            #expect(replies.allSatisfy { $0?.status == 201 && $0?.messageId != nil })
            #expect(fake.tally().requests == 100)
            #expect(fake.accepted().isEmpty)
            #expect(client.exchange(Scene.get("/fake/accepted/count")).reply?.body == "{\"count\":100}\n")
        }
    }

    @Test("Stopping closes every connection, also one that waits for a late answer, and frees the port")
    func stop() async throws {
        let fake = FakeBrevo()
        let port = try await fake.start()
        try fake.inject(.acceptThenLate(milliseconds: 600_000))
        let late = try RawClient(port: port)
        late.write(Scene.post(Scene.message(key: "k")))
        let idle = try RawClient(port: port)
        #expect(idle.exchange(Scene.get("/fake/inbox")).reply?.status == 200)
        try await Scene.until { fake.accepted().count == 1 }
        await fake.stop()
        #expect(late.read() == .closed(after: ""))
        #expect(idle.read() == .closed(after: ""))
        #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
        #expect(fake.accepted().map(\.key) == ["k"])
        await #expect(throws: FakeBrevo.FakeError.alreadyStarted) { try await fake.start() }
        let next = FakeBrevo()
        try await #expect(next.start(port: port) == port)
        await next.stop()
    }

    @Test("A port in use is an error that names the address")
    func portInUse() async throws {
        try await Scene.run { _, port in
            let second = FakeBrevo()
            let error = await #expect(throws: FakeBrevo.FakeError.self) { try await second.start(port: port) }
            guard case .addressUnavailable(_, port, _) = error else {
                Issue.record("not addressUnavailable: \(String(describing: error))")
                return
            }
        }
    }

    @Test("Connections over the limit are closed without an answer, and room comes back")
    func connectionLimit() async throws {
        var configuration = FakeBrevo.Configuration()
        configuration.connectionLimit = 8
        try await Scene.run(configuration) { _, port in
            var clients: [RawClient] = []
            for _ in 0..<8 { clients.append(try RawClient(port: port)) }
            let last = try #require(clients.last)
            #expect(last.exchange(Scene.get("/fake/inbox")).reply?.status == 200)
            let over = try RawClient(port: port)
            #expect(over.read() == .closed(after: ""))
            clients.removeAll()
            let deadline = ContinuousClock.now + .seconds(60)
            while try RawClient(port: port).exchange(Scene.get("/fake/inbox")).reply == nil {
                try #require(ContinuousClock.now < deadline)
            }
        }
    }
}
