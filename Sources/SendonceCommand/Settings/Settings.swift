// What a person sets for a process: where the database is, which routes exist, how patient to be.
import Configuration
import Foundation
import SendonceCore
import SendonceDelivery
import SendonceSQLite
import SystemPackage

/// Settings of one process, read once at start.
struct Settings: Sendable {
    var database: String
    var routes: [Route]
    var lease: Span
    var shutdownSeconds: Double
    var busySeconds: Double

    var sqlite: SQLiteSettings { SQLiteSettings(busyTimeout: busySeconds) }

    /// Where a value comes from, strongest first: command line, environment (`SENDONCE_…`), secret files (a directory
    /// with one file for each value, as systemd credentials and container secrets have it), the settings file.
    static func load(file: String?, database: String?) async throws -> Settings {
        let environment = ProcessInfo.processInfo.environment
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(secretsSpecifier: .dynamic { name, _ in name.contains("API_KEY") })
                .prefixKeys(with: "sendonce")
        ]
        if let directory = environment["SENDONCE_SECRETS_DIRECTORY"] ?? environment["CREDENTIALS_DIRECTORY"] {
            providers.append(
                try await DirectoryFilesProvider(directoryPath: FilePath(directory), allowMissing: true))
        }
        let path = file ?? "sendonce.yaml"
        do {
            providers.append(
                try await FileProvider<YAMLSnapshot>(filePath: FilePath(path), allowMissing: file == nil))
        } catch {
            throw CommandError("\(path): the settings cannot be read: \(error)")
        }
        return try Settings(ConfigReader(providers: providers), file: path, database: database)
    }

    private init(_ reader: ConfigReader, file: String, database: String?) throws {
        self.database = database ?? reader.string(forKey: "database", default: "sendonce.sqlite")
        let typed = TypedValue(reader: reader, place: "\(file): ")
        lease = .seconds(Int64(try typed.int("lease_seconds") ?? 90))
        shutdownSeconds = try typed.double("shutdown_seconds") ?? 20
        busySeconds = try typed.double("busy_seconds") ?? 5
        guard lease > .seconds(0), shutdownSeconds >= 0, busySeconds >= 0 else {
            throw CommandError(
                "\(file): lease_seconds must be above 0, shutdown_seconds and busy_seconds not below")
        }
        routes = try (typed.list("routes") ?? []).map { name in
            try RouteSettings.route(name, reader.scoped(to: ["route", name]), file: file)
        }
        let longest = DispatchSettings.longestTransfer(within: lease).microseconds / 1_000
        for route in routes where Int64(route.totalTimeout) >= longest {
            throw CommandError(
                "\(file): route.\(route.name).total_timeout_ms is \(route.totalTimeout), but a lease of"
                    + " \(lease.description) leaves less than \(longest) ms for a transfer: raise lease_seconds"
            )
        }
    }
}
