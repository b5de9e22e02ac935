// Each fault: what the client sees, what was accepted, and that the next request is served properly again.

import Foundation
import Testing

@testable import SendonceFake

@Suite("Faults")
struct FaultTests {
    typealias Fault = FakeBrevo.Fault

    /// Sends one request under the fault and a repeat with the same key, and gives both readings.
    private func repeated(
        _ fault: Fault, accepts: Bool, _ check: (RawClient.Reading) -> Void
    ) async throws {
        try await Scene.run { fake, port in
            try fake.inject(fault)
            check(try Scene.send(Scene.message(key: "k"), to: port))
            #expect(fake.accepted().count == (accepts ? 1 : 0))
            let second = try Scene.send(Scene.message(key: "k"), to: port).reply
            #expect(second?.status == (accepts ? 400 : 201))
            #expect(second?.code == (accepts ? "duplicate_parameter" : nil))
            #expect(fake.accepted().count == 1)
            #expect(fake.chaos().script.isEmpty)
            #expect(fake.log().last?.fault == "none")
        }
    }

    @Test("acceptThenDrop accepts and closes without a byte")
    func acceptThenDrop() async throws {
        try await repeated(.acceptThenDrop, accepts: true) { #expect($0 == .closed(after: "")) }
    }

    @Test("acceptThenReset accepts and resets without a byte")
    func acceptThenReset() async throws {
        try await repeated(.acceptThenReset, accepts: true) { #expect($0 == .reset(after: "")) }
    }

    @Test("acceptThenLate accepts at once and answers later, and a repeat in between is a duplicate")
    func acceptThenLate() async throws {
        try await Scene.run { fake, port in
            try fake.inject(.acceptThenLate(milliseconds: 400))
            let late = try RawClient(port: port)
            let start = ContinuousClock.now
            late.write(Scene.post(Scene.message(key: "k")))
            try await Scene.until { fake.accepted().count == 1 }
            try #expect(Scene.send(Scene.message(key: "k"), to: port).reply?.code == "duplicate_parameter")
            #expect(late.read().reply?.status == 201)
            #expect(ContinuousClock.now - start >= .milliseconds(400))
            #expect(late.exchange(Scene.post(Scene.message(key: "l"))).reply?.status == 201)
        }
    }

    @Test("A client that goes away does not disturb an answer that was to come late")
    func lateToNobody() async throws {
        try await Scene.run { fake, port in
            try fake.inject(.acceptThenLate(milliseconds: 20))
            do {
                let client = try RawClient(port: port)
                client.write(Scene.post(Scene.message(key: "k")))
                try await Scene.until { fake.accepted().count == 1 }
            }
            try #expect(Scene.send(Scene.message(key: "k"), to: port).reply?.code == "duplicate_parameter")
        }
    }

    @Test(
        "On a reused connection the request is counted and reset, accepted or not as the fault says",
        arguments: [(Fault.resetOnReuse, false), (.acceptThenResetOnReuse, true)])
    func onReuse(fault: Fault, accepts: Bool) async throws {
        try await Scene.run { fake, port in
            try fake.inject(fault)
            let client = try RawClient(port: port)
            #expect(client.exchange(Scene.post(Scene.message(key: "first"))).reply?.status == 201)
            #expect(client.exchange(Scene.post(Scene.message(key: "second"))) == .reset(after: ""))
            #expect(fake.tally().requests == 2)
            #expect(fake.accepted().map(\.key) == (accepts ? ["first", "second"] : ["first"]))
            #expect(fake.log().map(\.ordinal) == [1, 2])
            #expect(fake.log().last?.status == nil)
            #expect(fake.chaos().script.isEmpty)
        }
    }

    @Test("slowDrip accepts and sends the answer byte by byte")
    func slowDrip() async throws {
        try await Scene.run { fake, port in
            try fake.inject(.slowDrip(millisecondsPerByte: 1))
            let client = try RawClient(port: port)
            client.write(Scene.post(Scene.message(key: "k")))
            var pieces: [Int] = []
            repeat {
                pieces.append(client.readSome().count)
            } while pieces.reduce(0, +) < 60 && pieces.last != 0
            // A reader that was held up may find some bytes together, but never the whole at once.
            #expect(pieces.count > 5)
            #expect(fake.accepted().count == 1)
        }
        try await repeated(.slowDrip(millisecondsPerByte: 0), accepts: true) {
            #expect($0.reply?.status == 201)
        }
    }

    @Test("truncatedBody accepts, promises more bytes than it sends, and closes")
    func truncatedBody() async throws {
        try await repeated(.truncatedBody, accepts: true) { reading in
            guard case .closed(let text) = reading else {
                Issue.record("not closed: \(reading)")
                return
            }
            #expect(text.hasPrefix("HTTP/1.1 201 Created\r\n"))
            #expect(text.contains("\r\n\r\n{\"messageId\""))
        }
    }

    @Test("truncatedJSON accepts and answers with whole HTTP and half of the JSON")
    func truncatedJSON() async throws {
        try await repeated(.truncatedJSON, accepts: true) { reading in
            #expect(reading.reply?.status == 201)
            #expect(reading.reply?.body.hasPrefix("{\"messageId\"") == true)
            #expect(reading.reply?.messageId == nil)
        }
    }

    @Test(
        "refuse gives its status, and accepts only if it says so", arguments: [500, 502, 503, 403],
        [true, false])
    func refuse(status: Int, accepts: Bool) async throws {
        try await repeated(.refuse(status: status, accepted: accepts), accepts: accepts) { reading in
            #expect(reading.reply?.status == status)
            #expect(reading.reply?.code != nil)
        }
    }

    @Test("rateLimited answers 429 with the reset asked for and accepts nothing")
    func rateLimited() async throws {
        try await repeated(.rateLimited(resetSeconds: 7), accepts: false) { reading in
            #expect(reading.reply?.status == 429)
            #expect(reading.reply?.headers["x-sib-ratelimit-remaining"] == "0")
            #expect(reading.reply?.headers["x-sib-ratelimit-reset"] == "7")
        }
    }

    @Test("dropBeforeReading closes after the head, accepts nothing and does not count as a request")
    func dropBeforeReading() async throws {
        try await Scene.run { fake, port in
            try fake.inject(.dropBeforeReading)
            let client = try RawClient(port: port)
            let request = Scene.post(Scene.message(key: "k"))
            let head = request.range(of: "\r\n\r\n")?.upperBound ?? request.endIndex
            #expect(client.exchange(String(request[..<head])) == .closed(after: ""))
            try await Scene.until { fake.tally().abandoned == 1 }
            #expect(fake.tally().requests == 0)
            try #expect(Scene.send(Scene.message(key: "k"), to: port).reply?.status == 201)
        }
    }

    @Test("A request that its client breaks off is not accepted and counts as abandoned")
    func abandoned() async throws {
        try await Scene.run { fake, port in
            do {
                let client = try RawClient(port: port)
                client.write(String(Scene.post(Scene.message(key: "k")).dropLast()))
            }
            try await Scene.until { fake.tally().abandoned == 1 }
            #expect(fake.tally().requests == 0)
            #expect(fake.accepted().isEmpty)
        }
    }

    @Test("A fault that hides the answer hides a refusal as well, and accepts nothing that is invalid")
    func hidesRefusals() async throws {
        try await Scene.run { fake, port in
            try fake.inject(.acceptThenDrop, count: 2)
            try #expect(Scene.send(Scene.message(["to": nil]), to: port) == .closed(after: ""))
            try #expect(Scene.send("{", to: port) == .closed(after: ""))
            #expect(fake.accepted().isEmpty)
            #expect(fake.log().map(\.code) == ["missing_parameter", "invalid_parameter"])
        }
    }

    @Test(
        "Under all faults, a client that repeats under one key gets each message accepted exactly once",
        arguments: [1, 2, 3] as [UInt64])
    func endurance(seed: UInt64) async throws {
        let faults: [Fault] = [
            .acceptThenDrop, .acceptThenReset, .acceptThenLate(milliseconds: 1), .resetOnReuse,
            .acceptThenResetOnReuse, .slowDrip(millisecondsPerByte: 0), .truncatedBody, .truncatedJSON,
            .refuse(status: 500, accepted: true), .refuse(status: 503, accepted: false),
            .rateLimited(resetSeconds: 1), .dropBeforeReading,
        ]
        try await Scene.run { fake, port in
            fake.follow(try FakeBrevo.ChaosPlan(seed: seed, chances: faults.map { .init($0, 0.07) }))
            var client = try RawClient(port: port)
            let keys = (0..<200).map { "key \($0)" }
            for key in keys {
                var tries = 0
                while true {
                    tries += 1
                    try #require(tries < 200, "seed \(seed): no end for \(key)")
                    let reading = client.exchange(Scene.post(Scene.message(key: key)))
                    if reading.reply == nil { client = try RawClient(port: port) }
                    if reading.reply?.messageId != nil || reading.reply?.code == "duplicate_parameter" {
                        break
                    }
                }
            }
            #expect(fake.accepted().map(\.key) == keys)
            let seen = Set(fake.log().map(\.fault))
            #expect(seen == Set(faults.map(\.name)).union(["none"]).subtracting(["dropBeforeReading"]))
            #expect(fake.tally().abandoned > 0)
        }
    }
}
