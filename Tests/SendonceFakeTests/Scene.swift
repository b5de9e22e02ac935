// What most tests begin with: a running fake, a clock that moves only when told, requests as text.

import Foundation
import Synchronization
import Testing

@testable import SendonceFake

/// A clock that a test moves.
final class HandClock: Sendable {
    private let milliseconds = Atomic<Int64>(1_795_000_000_000)

    var now: Int64 { milliseconds.load(ordering: .relaxed) }

    func advance(milliseconds step: Int64) { milliseconds.add(step, ordering: .relaxed) }
}

enum Scene {
    /// Runs `body` with a started fake and its port, and stops the fake whatever happens.
    static func run(
        _ configuration: FakeBrevo.Configuration = .init(),
        _ body: (FakeBrevo, Int) async throws -> Void
    ) async throws {
        let fake = FakeBrevo(configuration)
        let port = try await fake.start()
        do {
            try await body(fake, port)
        } catch {
            await fake.stop()
            throw error
        }
        await fake.stop()
    }

    /// A valid message's members, with the key given.
    static func message(key: String? = nil, _ changes: [String: Any?] = [:]) -> String {
        var members: [String: Any] = [
            "sender": ["name": "Shop", "email": "shop@shop.test"], "to": [["email": "ann@x.test"]],
            "subject": "Hello", "textContent": "Good day.",
        ]
        if let key { members["headers"] = ["idempotencyKey": key] }
        for (name, value) in changes { members[name] = value }
        return JSON.text(members)
    }

    /// A POST to the send path as it goes over the wire.
    static func post(
        _ body: String, path: String = "/v3/smtp/email", apiKey: String? = "secret", extra: String = ""
    ) -> String {
        let key = apiKey.map { "api-key: \($0)\r\n" } ?? ""
        return "POST \(path) HTTP/1.1\r\nHost: fake\r\n\(key)Content-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\(extra)\r\n\(body)"
    }

    static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: fake\r\n\r\n" }

    /// Sends a message on a connection of its own.
    static func send(_ body: String, to port: Int, apiKey: String? = "secret") throws -> RawClient.Reading {
        try RawClient(port: port).exchange(post(body, apiKey: apiKey))
    }

    /// Waits for the condition with a deadline.
    static func until(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "the condition did not come true in a minute")
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// A path in a directory of its own, which is deleted afterwards.
    static func withFile(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await body(directory.appending(path: "record.jsonl").path(percentEncoded: false))
    }
}
