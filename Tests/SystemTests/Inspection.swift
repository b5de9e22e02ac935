// What a test reads from a database after the fact: with SQLite alone, beside all of our own code.
import GRDB
import ProcessSupport

/// Read-only look at a sandbox's database.
struct Inspection {
    private let database: DatabaseQueue

    init(_ sandbox: Sandbox) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        database = try DatabaseQueue(path: sandbox.path("shop.sqlite"), configuration: configuration)
    }

    func number(_ sql: String) throws -> Int {
        try database.read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }

    func texts(_ sql: String) throws -> [String] {
        try database.read { try String.fetchAll($0, sql: sql) }
    }

    /// Runs any statement, as an application or a careless person might.
    func execute(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
        try database.write { try $0.execute(sql: sql, arguments: arguments) }
    }

    /// Commands that wait, with the outcomes of their attempts.
    static let stuckCommands = """
        SELECT q.state || coalesce(' ' || q.hold_reason || ' ' || q.hold_detail, '') || ': ' || (
            SELECT group_concat(a.attempt || ' ' || coalesce(o.outcome || ' ' || o.code, 'open'), ', ')
            FROM outbox_attempt a
            LEFT JOIN outbox_outcome o ON o.command = a.command AND o.attempt = a.attempt
            WHERE a.command = q.command)
        FROM outbox_queue q
        """

    /// Promises that hold after every run: positions without holes, a decision for every event, one command
    /// per key and slot, an attempt for every outcome, no attempt after a finish.
    func brokenPromises() throws -> [String] {
        try Promises.breaches.compactMap { name, sql in
            let count = try number(sql)
            return count == 0 ? nil : "\(name): \(count) times not"
        }
    }
}
