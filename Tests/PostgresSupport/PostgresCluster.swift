// One throw-away PostgreSQL server for each test process, on a Unix socket only, without fsync. It ends with
// the process, also if that is killed.
import Foundation
package import SendonceCore
package import SendoncePostgres
import SendonceStore
import Synchronization

/// A running server.
package final class PostgresCluster: Sendable {
    /// The folder of the socket, and of everything else.
    package let folder: String
    private let counter = Atomic<Int>(0)

    /// The server of this process, started by whoever asks first.
    package static func shared() throws -> PostgresCluster {
        try running.get()
    }

    private static let running = Result { try PostgresCluster() }

    private init() throws {
        // A socket's path must be short.
        let folder = "/tmp/sendonce-postgres-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.folder = folder
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("cluster.sh").path
        let keeper = Process()
        keeper.executableURL = URL(fileURLWithPath: "/bin/sh")
        keeper.arguments = [
            script, "\(ProcessInfo.processInfo.processIdentifier)", folder, try PostgresCluster.programs(),
        ]
        let output = Pipe()
        keeper.standardOutput = output
        // Inherited, it would keep whoever waits for the end of our output waiting.
        keeper.standardError = FileHandle.nullDevice
        keeper.standardInput = FileHandle.nullDevice
        try keeper.run()
        let words = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard words.hasPrefix("ready") else {
            throw ClusterError("the server did not start: see \(folder)")
        }
        try makeTemplate()
    }

    /// The newest installation, where Debian puts them, or what the search path has.
    package static func programs() throws -> String {
        let base = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []).compactMap(
            Int.init)
        if let newest = versions.max() { return "\(base)/\(newest)/bin" }
        throw ClusterError("PostgreSQL is not installed: apt-get install postgresql")
    }

    /// How to connect to a database of this server.
    package func connection(_ database: String, user: String = "postgres") -> String {
        "host=\(folder) user=\(user) dbname=\(database)"
    }

    /// The same through the proxy.
    package func pooledConnection(_ database: String) -> String {
        connection(database) + " port=6432"
    }

    /// A fresh database with our tables.
    package func database() throws -> PostgresDatabase {
        try PostgresDatabase(named: newName(), template: "sendonce_template", on: self)
    }

    /// A fresh database without any table.
    package func emptyDatabase(_ options: String = "") throws -> PostgresDatabase {
        try PostgresDatabase(named: newName(), template: "template0", options: options, on: self)
    }

    private func newName() -> String {
        "test_\(counter.add(1, ordering: .relaxed).newValue)"
    }

    private func makeTemplate() throws {
        let server = PlainConnection(connection("postgres"))
        try server.run("CREATE DATABASE sendonce_template TEMPLATE template0")
        _ = try PostgresMigration(PostgresSettings(connection: connection("sendonce_template")))
            .up(now: Timestamp(microseconds: 0))
    }
}

/// A database of its own for a test; dropped with the last reference.
package final class PostgresDatabase {
    package let name: String
    package let cluster: PostgresCluster
    /// A connection of the superuser, as somebody with psql would have.
    package let plain: PlainConnection

    init(named name: String, template: String, options: String = "", on cluster: PostgresCluster) throws {
        self.name = name
        self.cluster = cluster
        plain = PlainConnection(cluster.connection(name))
        try PlainConnection(cluster.connection("postgres"))
            .run("CREATE DATABASE \(name) TEMPLATE \(template) \(options)")
    }

    deinit {
        plain.close()
        _ = try? PlainConnection(cluster.connection("postgres")).run(
            "DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    package var connection: String { cluster.connection(name) }

    package func settings(
        user: String = "postgres", lockTimeout: Span = .seconds(5), lease: Span = .seconds(10)
    ) -> PostgresSettings {
        PostgresSettings(
            connection: cluster.connection(name, user: user), lockTimeout: lockTimeout, lease: lease)
    }

    /// How to connect through a proxy that pools transactions.
    package func pooledSettings(lockTimeout: Span = .seconds(5)) -> PostgresSettings {
        PostgresSettings(connection: cluster.pooledConnection(name), lockTimeout: lockTimeout)
    }
}

package struct ClusterError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
