// What the tests of the transport share: requests with sensible defaults, and answers to wait for.

import Glibc
import SendonceClock
import SendonceDelivery
import Synchronization
import Testing

@testable import SendonceCurl

/// Nanoseconds of `CLOCK_BOOTTIME`, shifted by milliseconds.
func monotonic(plus milliseconds: Int = 0) -> UInt64 {
    UInt64(Int(Monotonic.now()) + milliseconds * 1_000_000)
}

func makeRequest(
    _ number: UInt64 = 1, to url: String, method: String = "POST", headers: [Header] = [],
    body: [UInt8] = Array("{}".utf8), issueWithin: Int = 60_000, totalTimeout: Int = 20_000
) -> TransportRequest {
    TransportRequest(
        number: number, method: method, url: url, headers: headers, body: body,
        issueDeadline: monotonic(plus: issueWithin), connectTimeout: 10_000, totalTimeout: totalTimeout)
}

func makeTransport(concurrency: Int = 4) throws -> CurlTransport {
    try CurlTransport(CurlSettings(concurrency: concurrency, allowsPlainHTTP: true))
}

/// A transport that lets libcurl do what it would do without us.
func makeUnguardedTransport() throws -> CurlTransport {
    var settings = CurlSettings(concurrency: 4, allowsPlainHTTP: true)
    settings.refusesSecondIssue = false
    return try CurlTransport(settings)
}

/// All answers that were ever given, also those nobody waited for.
final class Answers: Sendable {
    private let given = Mutex<[TransportAnswer]>([])

    var all: [TransportAnswer] { given.withLock { $0 } }

    func take(_ answers: [TransportAnswer]) {
        given.withLock { $0 += answers }
    }
}

extension CurlTransport {
    /// Sends and waits for as many answers as there are requests.
    func send(_ requests: [TransportRequest]) async -> [TransportAnswer] {
        let (stream, continuation) = AsyncStream.makeStream(of: [TransportAnswer].self)
        submit(requests) { continuation.yield($0) }
        var answers: [TransportAnswer] = []
        for await more in stream {
            answers += more
            if answers.count >= requests.count { break }
        }
        return answers
    }

    func send(_ request: TransportRequest) async throws -> TransportAnswer {
        try #require(await send([request]).first)
    }
}

/// Looks at the condition until it holds; false after a minute, so that what hangs fails.
func eventually(_ condition: () -> Bool) async throws -> Bool {
    let deadline = monotonic(plus: 60_000)
    while Monotonic.now() < deadline {
        if condition() { return true }
        try await Task.sleep(for: .milliseconds(2))
    }
    return condition()
}
