// What a fake is told at its start: whom it lets in, what it remembers, where it keeps its record, how it
// misbehaves.

import Foundation

extension FakeBrevo {
    /// The settings of one fake.
    package struct Configuration: Sendable {
        /// How much of a provider the fake is.
        package enum Mode: Sendable {
            /// Checks, judges, remembers and lists as Brevo does.
            case faithful
            /// Reads each body to its end and answers 201 with the same bytes each time: nothing is parsed,
            /// checked or listed, faults are not applied, messages are only counted. For measuring a
            /// dispatcher.
            case sink
        }

        package var mode = Mode.faithful
        /// The values of the `api-key` header that are let in; empty lets in every value that is not empty.
        package var apiKeys: [String] = []
        /// How long a key refuses repeats, in seconds. Brevo's changelog of 2021-11-10 says 15 minutes, its
        /// guide 30; the shorter one is the harder test.
        package var keyTimeToLive = 900
        /// A file of JSON lines to which each acceptance is added before it is answered and from which they
        /// are read at the start. It outlives the process, not a power failure: nothing is synced.
        package var recordPath: String?
        /// Recipients that may be written to in one UTC day before the answer is 402; nil for no limit.
        package var dailyCredits: Int?
        /// Requests that are judged in one second of the clock before the answer is 429; nil for no limit.
        package var rateLimitPerSecond: Int?
        package var chaos = ChaosPlan.calm
        /// Messages accepted before every further one is answered 503; `Limits.acceptances` at most.
        package var acceptanceLimit = Limits.acceptances
        /// Connections open at once before a further one is closed; `Limits.connections` at most.
        package var connectionLimit = Limits.connections
        /// Threads that serve connections.
        package var threadCount = 1
        /// Milliseconds since 1970 in UTC.
        package var clock: @Sendable () -> Int64 = systemMilliseconds

        package init() {}

        func admits(_ apiKey: String) -> Bool {
            if apiKeys.isEmpty { return !apiKey.isEmpty }
            return apiKeys.contains { $0.utf8.elementsEqual(apiKey.utf8) }
        }

        /// The system's clock in milliseconds since 1970.
        package static let systemMilliseconds: @Sendable () -> Int64 = {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
        }
    }
}
