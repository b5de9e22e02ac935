// What came in and what was done about it: the last requests one by one, and the numbers of all of them.

import Foundation

extension FakeBrevo {
    /// One complete POST to the send path.
    package struct LogEntry: Sendable, Equatable {
        /// Milliseconds since 1970 by the fake's clock.
        package var at: Int64
        /// The connection's number, from 1 in the order of their opening.
        package var connection: Int
        /// The request's number on its connection, from 1.
        package var ordinal: Int
        package var key: String?
        /// The fault that was applied, by its name; "none" if there was none.
        package var fault: String
        /// True if this request made the fake accept a message, whatever the client was told.
        package var accepted: Bool
        package var messageId: String?
        /// The status of the answer; nil if no byte of an answer is sent.
        package var status: Int?
        /// The code of the refusal that the request met or would have met.
        package var code: String?

        /// The entry as one line of JSON.
        package var line: String {
            JSON.text([
                "at": at, "connection": connection, "ordinal": ordinal, "key": key ?? NSNull(),
                "fault": fault,
                "accepted": accepted, "messageId": messageId ?? NSNull(), "status": status ?? NSNull(),
                "code": code ?? NSNull(),
            ])
        }
    }

    /// Numbers of requests to the send path since the start or the last reset.
    package struct Tally: Sendable, Equatable {
        /// Complete POSTs received, whatever became of them: duplicates and spoilt ones too.
        package var requests = 0
        /// Messages accepted. In `sink` mode every complete POST is.
        package var accepted = 0
        /// Requests refused because their key was accepted before.
        package var duplicates = 0
        /// Complete requests that a fault was applied to.
        package var spoilt = 0
        /// POSTs whose body never came to its end, or was not waited for.
        package var abandoned = 0
    }

    /// The last entries, oldest first.
    struct RequestLog {
        private var ring: [LogEntry] = []
        private var next = 0

        mutating func append(_ entry: LogEntry) {
            if ring.count < Limits.logEntries {
                ring.append(entry)
            } else {
                ring[next] = entry
                next = (next + 1) % Limits.logEntries
            }
        }

        var entries: [LogEntry] { Array(ring[next...] + ring[..<next]) }
    }
}
