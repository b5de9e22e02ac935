// The application's side, with the library `Sendonce` as a shop would use it.
import GRDB
import Sendonce

/// An application with a connection of its own to the same file.
struct Application {
    private let queue: DatabaseQueue

    init(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// One durable transaction.
    func append(_ payloads: some Collection<String>) throws {
        try queue.write { db in
            for payload in payloads {
                try Outbox.append(OutboxEvent(type: Workload.eventType, payload: payload), in: db)
            }
        }
    }
}
