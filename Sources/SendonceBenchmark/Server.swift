// The PostgreSQL server that is measured on, and databases that last for one round.
import Foundation
import SendonceCore
import SendoncePostgres

/// A server on which the benchmark may make databases of its own.
struct Server {
    /// As libpq takes it.
    private let connection: String

    /// nil where `SENDONCE_BENCHMARK_POSTGRES` names none.
    init?() {
        guard let connection = ProcessInfo.processInfo.environment["SENDONCE_BENCHMARK_POSTGRES"] else {
            return nil
        }
        self.connection = connection
    }

    /// An empty database. It is gone when its last owner lets go, and who is still connected is thrown out.
    func database() throws -> ServerDatabase {
        let name = "sendonce_benchmark_" + String(UInt64.random(in: .min ... .max), radix: 36)
        let plain = PlainConnection(connection)
        try plain.run("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8'")
        return ServerDatabase(name, at: address(of: name), on: plain)
    }

    /// The same server, another database: what stands last counts, in pairs as in a URI.
    private func address(of name: String) -> String {
        if connection.hasPrefix("postgresql://") || connection.hasPrefix("postgres://") {
            return connection + (connection.contains("?") ? "&" : "?") + "dbname=\(name)"
        }
        return connection.contains("=") ? connection + " dbname=\(name)" : "dbname=\(name)"
    }
}

final class ServerDatabase {
    private let name: String
    private let server: PlainConnection
    /// As libpq takes it.
    let connection: String

    fileprivate init(_ name: String, at connection: String, on server: PlainConnection) {
        self.name = name
        self.connection = connection
        self.server = server
    }

    deinit {
        _ = try? server.run("DROP DATABASE \(name) WITH (FORCE)")
    }

    /// Migrated, with a rule set in force.
    func migrate(rules: String = Workload.rules) throws {
        _ = try PostgresMigration(PostgresSettings(connection: connection)).up(now: Clock.now())
        try Workload.activate(rules, in: try store("activation"))
    }

    func store(_ name: String) throws -> PostgresStore {
        try PostgresStore(PostgresSettings(connection: connection), name: name)
    }

    /// For programs that know libpq's environment and not its connection strings. A password comes from where
    /// libpq finds it: PGPASSWORD or PGPASSFILE, which a child inherits.
    func environment() throws -> [String: String] {
        let row =
            try PlainConnection(connection).run(
                """
                SELECT coalesce(host(inet_server_addr()),
                        split_part(current_setting('unix_socket_directories'), ',', 1)),
                    coalesce(inet_server_port()::text, current_setting('port')), current_user
                """
            ).first ?? []
        guard row.count == 3, let host = row[0], let port = row[1], let user = row[2] else {
            throw BenchmarkError("the server does not say where it is")
        }
        return ["PGHOST": host, "PGPORT": port, "PGUSER": user, "PGDATABASE": name]
    }
}
