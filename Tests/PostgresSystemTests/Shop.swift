// An application with a database on a server, and the processes of Sendonce that serve it.
import Foundation
import PostgresSupport
import ProcessSupport
import SendoncePostgres
import Testing

/// Settings, rules and an address; removed with the test.
struct Shop {
    let sandbox: Sandbox
    /// How processes reach the database, as libpq takes it.
    var address: String
    /// A connection of the superuser, as somebody with psql would have.
    var plain: PlainConnection

    /// Tables and active rules, ready for events.
    init(_ address: String, fakePort: Int, leaseSeconds: Int = 30, concurrency: Int = 16, rules: String = "")
        throws
    {
        sandbox = try Sandbox()
        self.address = address
        plain = PlainConnection(address)
        try sandbox.writeSettings(
            port: fakePort, leaseSeconds: leaseSeconds, totalTimeout: leaseSeconds * 600,
            concurrency: concurrency)
        try sandbox.writeRules(extra: rules)
        try command("migrate", "up")
        try command("rules", "activate", "rules.yaml", "--by", "test")
    }

    // MARK: Processes

    /// Runs `sendonce` to its end and expects it to succeed.
    @discardableResult
    func command(_ arguments: String...) throws -> String {
        let result = try sandbox.sendonce(arguments, environment: environment)
        try #require(result.status == 0, "sendonce \(arguments): \(result.errors)")
        return result.output
    }

    /// Starts `sendonce run`. `name` is what the server sees as the connection's name.
    func run(
        _ name: String = "sendonce", under wrapper: [String] = [], at address: String? = nil
    ) throws -> Program {
        let words = wrapper + [Place.sendonce, "run"]
        return try Program(
            words[0], Array(words.dropFirst()), in: sandbox,
            environment: ["SENDONCE_DATABASE": address ?? self.address, "PGAPPNAME": name])
    }

    private var environment: [String: String] { ["SENDONCE_DATABASE": address] }

    // MARK: Events

    /// What an application writes, for orders of these numbers.
    static func insert(_ orders: Range<Int>) -> String {
        """
        INSERT INTO outbox (event_type, payload) SELECT 'order.placed',
            json_build_object('order_id', n, 'email', 'customer' || n || '@shop.example')::text
        FROM generate_series(\(orders.lowerBound), \(orders.upperBound - 1)) n
        """
    }

    func append(_ orders: Range<Int>) throws {
        try plain.run(Shop.insert(orders))
    }

    // MARK: What became of them

    func number(_ sql: String) throws -> Int {
        try plain.value(sql).flatMap { Int($0) } ?? 0
    }

    func texts(_ sql: String) throws -> [String] {
        try plain.run(sql).compactMap { $0.first ?? nil }
    }

    func accepted() throws -> Int {
        try number("SELECT count(*) FROM outbox_finish WHERE state = 'accepted'")
    }

    /// Whether the intake is empty and no command waits.
    func isDone() throws -> Bool {
        try number("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM outbox_queue)") == 0
    }

    func brokenPromises() throws -> [String] {
        try Promises.breaches.compactMap { name, sql in
            let count = try number(sql)
            return count == 0 ? nil : "\(name): \(count) times not"
        }
    }

    /// The process that projects, as it named itself.
    func projector() throws -> String {
        try plain.value("SELECT holder FROM outbox_projector") ?? ""
    }
}

extension Program {
    /// Waits until `sendonce run` says that it works.
    func mustRun() throws {
        try eventually("it runs: \(errorText)") { errorText.contains("delivering") || !isRunning }
        try #require(isRunning, "\(errorText)")
    }

    /// Ends `sendonce run` in an orderly way.
    func mustEnd() {
        kill(SIGTERM)
        #expect(wait() == 0, "\(errorText)")
    }
}
