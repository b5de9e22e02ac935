// Each status the provider can give, and that only 201 accepts.

import Foundation
import Testing

@testable import SendonceFake

@Suite("What the fake answers")
struct AnswerTests {
    @Test("A valid message is accepted with 201 and a message id")
    func accepted() async throws {
        try await Scene.run { fake, port in
            let reply = try #require(try Scene.send(Scene.message(key: "k1"), to: port).reply)
            #expect(reply.status == 201)
            let id = try #require(reply.messageId)
            #expect(id.hasPrefix("<") && id.hasSuffix(">") && id.contains("@"))
            #expect(fake.accepted().map(\.messageId) == [id])
            #expect(fake.accepted().first?.key == "k1")
            #expect(fake.accepted().first?.to == ["ann@x.test"])
        }
    }

    @Test(
        "A missing or unknown api-key is answered 401 and nothing is accepted", arguments: [nil, "", "other"])
    func unauthorized(apiKey: String?) async throws {
        var configuration = FakeBrevo.Configuration()
        configuration.apiKeys = ["secret"]
        try await Scene.run(configuration) { fake, port in
            let reply = try Scene.send(Scene.message(), to: port, apiKey: apiKey).reply
            #expect(reply?.status == 401)
            #expect(reply?.code == "unauthorized")
            #expect(reply?.members["message"] is String)
            #expect(fake.accepted().isEmpty)
            try #expect(Scene.send(Scene.message(), to: port).reply?.status == 201)
        }
    }

    @Test(
        "What Brevo requires and is not there is 400 missing_parameter",
        arguments: ["sender", "to", "subject", "textContent"])
    func missing(name: String) async throws {
        try await Scene.run { fake, port in
            let reply = try Scene.send(Scene.message(key: "k", [name: nil]), to: port).reply
            #expect(reply?.status == 400)
            #expect(reply?.code == "missing_parameter")
            #expect(fake.accepted().isEmpty)
            // A refused request does not use up its key.
            try #expect(Scene.send(Scene.message(key: "k"), to: port).reply?.status == 201)
        }
    }

    static let unreadable: [String] = [
        "", "{", "[]", "null",
        Scene.message(["to": [["email": "ann"]]]), Scene.message(["to": [["email": "a@b\r\nc.test"]]]),
        Scene.message(["to": [["email": 7]]]), Scene.message(["to": "ann@x.test"]),
        Scene.message(["sender": ["email": "@x.test"]]), Scene.message(["subject": 7]),
        Scene.message(["templateId": "3"]), Scene.message(["templateId": 0]),
        Scene.message(["templateId": true]), Scene.message(["params": []]),
        Scene.message(["tags": "a"]), Scene.message(["headers": ["idempotencyKey": 7]]),
        Scene.message(["cc": [["email": "x@"]]]), Scene.message(["messageVersions": []]),
    ]

    @Test("What Brevo cannot read is 400 invalid_parameter", arguments: unreadable)
    func invalid(body: String) async throws {
        try await Scene.run { fake, port in
            let reply = try Scene.send(body, to: port).reply
            #expect(reply?.status == 400)
            #expect(reply?.code == "invalid_parameter")
            #expect(fake.accepted().isEmpty)
            #expect(fake.tally().requests == 1)
        }
    }

    @Test("A hundred thousand nested arrays are 400 like any other bad body")
    func nesting() async throws {
        try await Scene.run { fake, port in
            let deep = String(repeating: "[", count: 100_000)
            let body = "{\"params\":\(deep)\(String(repeating: "]", count: 100_000))}"
            try #expect(Scene.send(body, to: port).reply?.code == "invalid_parameter")
            #expect(fake.accepted().isEmpty)
        }
    }

    @Test("With a template id neither sender, subject nor content is needed")
    func template() async throws {
        try await Scene.run { fake, port in
            let body =
                #"{"to":[{"email":"a@x.test"}],"templateId":3,"params":{"name":"Ann","n":[1,true,null]}}"#
            try #expect(Scene.send(body, to: port).reply?.status == 201)
            #expect(fake.accepted().first?.templateId == 3)
            #expect(fake.accepted().first?.params == #"{"n":[1,true,null],"name":"Ann"}"#)
        }
    }

    @Test("When the day's credits are used up the answer is 402 until the next day")
    func credits() async throws {
        let clock = HandClock()
        var configuration = FakeBrevo.Configuration()
        configuration.dailyCredits = 2
        configuration.clock = { clock.now }
        try await Scene.run(configuration) { fake, port in
            try #expect(Scene.send(Scene.message(key: "a"), to: port).reply?.status == 201)
            let two = Scene.message(["cc": [["email": "bob@x.test"]]])
            try #expect(Scene.send(two, to: port).reply?.code == "not_enough_credits")
            try #expect(Scene.send(Scene.message(key: "b"), to: port).reply?.status == 201)
            try #expect(Scene.send(Scene.message(key: "c"), to: port).reply?.status == 402)
            #expect(fake.accepted().count == 2)
            clock.advance(milliseconds: 86_400_000)
            try #expect(Scene.send(Scene.message(key: "c"), to: port).reply?.status == 201)
        }
    }

    @Test("Over the rate limit the answer is 429 with Brevo's headers, and the next second has room again")
    func rateLimit() async throws {
        let clock = HandClock()
        var configuration = FakeBrevo.Configuration()
        configuration.rateLimitPerSecond = 2
        configuration.clock = { clock.now }
        try await Scene.run(configuration) { fake, port in
            let first = try Scene.send(Scene.message(), to: port).reply
            #expect(first?.headers["x-sib-ratelimit-remaining"] == "1")
            try #expect(Scene.send(Scene.message(), to: port).reply?.status == 201)
            let third = try Scene.send(Scene.message(), to: port).reply
            #expect(third?.status == 429)
            #expect(third?.headers["x-sib-ratelimit-limit"] == "2")
            #expect(third?.headers["x-sib-ratelimit-remaining"] == "0")
            #expect(third?.headers["x-sib-ratelimit-reset"] == "1")
            #expect(third?.headers["retry-after"] == nil)
            #expect(fake.accepted().count == 2)
            clock.advance(milliseconds: 1_000)
            try #expect(Scene.send(Scene.message(), to: port).reply?.status == 201)
        }
    }

    @Test("A fake that is full refuses new messages instead of forgetting old ones")
    func full() async throws {
        var configuration = FakeBrevo.Configuration()
        configuration.acceptanceLimit = 1
        try await Scene.run(configuration) { fake, port in
            try #expect(Scene.send(Scene.message(key: "a"), to: port).reply?.status == 201)
            try #expect(Scene.send(Scene.message(key: "b"), to: port).reply?.status == 503)
            try #expect(Scene.send(Scene.message(key: "a"), to: port).reply?.code == "duplicate_parameter")
            #expect(fake.accepted().map(\.key) == ["a"])
            #expect(fake.reset())
            try #expect(Scene.send(Scene.message(key: "b"), to: port).reply?.status == 201)
        }
    }

    @Test("Unknown paths are 404, other methods on the send path 405, and neither counts as a request")
    func pathsAndMethods() async throws {
        try await Scene.run { fake, port in
            let client = try RawClient(port: port)
            #expect(client.exchange(Scene.post("{}", path: "/v3/smtp/emails")).reply?.status == 404)
            #expect(client.exchange(Scene.get("/")).reply?.code == "document_not_found")
            let reply = client.exchange(Scene.get("/v3/smtp/email")).reply
            #expect(reply?.status == 405)
            #expect(reply?.headers["allow"] == "POST")
            #expect(fake.tally() == FakeBrevo.Tally())
        }
    }

    @Test("A body over the limit is answered 413, whether its length was announced or not")
    func bodyTooLarge() async throws {
        try await Scene.run { fake, port in
            let limit = FakeBrevo.Limits.bodyBytes
            let announced = try RawClient(port: port).exchange(
                "POST /v3/smtp/email HTTP/1.1\r\nContent-Length: \(limit + 1)\r\n\r\n")
            #expect(announced.reply?.status == 413)
            let chunk = String(repeating: "x", count: limit + 1)
            let chunked = try RawClient(port: port).exchange(
                "POST /v3/smtp/email HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + String(limit + 1, radix: 16) + "\r\n\(chunk)\r\n")
            #expect(chunked.reply?.status == 413)
            #expect(fake.tally().requests == 0)
        }
    }

    @Test("What is not HTTP is answered 400 and the connection ends")
    func notHTTP() async throws {
        try await Scene.run { _, port in
            let client = try RawClient(port: port)
            #expect(client.exchange("\u{1}\u{2}\u{3} nonsense\r\n\r\n").reply?.status == 400)
            #expect(client.read() == .closed(after: ""))
        }
    }

    @Test("Requests sent without waiting are answered in their order, each once")
    func pipelined() async throws {
        try await Scene.run { fake, port in
            try fake.inject(.none)
            try fake.inject(.acceptThenLate(milliseconds: 30))
            let client = try RawClient(port: port)
            client.write((0..<40).map { Scene.post(Scene.message(key: "k\($0)")) }.joined())
            let ids = (0..<40).map { _ in client.read().reply?.messageId }
            #expect(ids == fake.accepted().map(\.messageId))
            #expect(fake.accepted().map(\.key) == (0..<40).map { "k\($0)" })
            #expect(client.exchange(Scene.get("/fake/accepted/count")).reply?.body == "{\"count\":40}\n")
        }
    }

    @Test("Connection: close and HTTP/1.0 end the connection after the answer; Expect is met with 100")
    func connectionHandling() async throws {
        try await Scene.run { _, port in
            let closing = try RawClient(port: port)
            let reply = closing.exchange(Scene.post(Scene.message(), extra: "Connection: close\r\n")).reply
            #expect(reply?.headers["connection"] == "close")
            #expect(closing.read() == .closed(after: ""))
            let waiting = try RawClient(port: port)
            let body = Scene.message()
            let head = "POST /v3/smtp/email HTTP/1.1\r\nExpect: 100-continue\r\napi-key: k\r\n"
            #expect(
                waiting.exchange(head + "Content-Length: \(body.utf8.count)\r\n\r\n").reply?.status == 100)
            #expect(waiting.exchange(body).reply?.status == 201)
        }
    }
}
