// What a person sets for a process: where the database is, which routes exist, how patient to be.
import Configuration
import Foundation
import SendonceCore
import SendonceDelivery
import SendoncePostgres
import SendonceSQLite
import SystemPackage

/// Settings of one process, read once at start.
struct Settings: Sendable {
    var database: DatabaseAddress
    var routes: [Route]
    var lease: Span
    var shutdownSeconds: Double
    var busySeconds: Double
    /// nil leaves the file's journal as it is; a new file gets WAL.
    var journal: SQLiteSettings.Journal?
    var fence: FenceSettings

    var postgres: PostgresSettings {
        guard case .server(let text) = database else { return PostgresSettings(connection: "") }
        return PostgresSettings(
            connection: text, lockTimeout: Span(microseconds: Int64(busySeconds * 1_000_000)))
    }
    var sqlite: SQLiteSettings { SQLiteSettings(journal: journal, busyTimeout: busySeconds) }

    /// Where a value comes from, strongest first: command line, environment (`SENDONCE_…`), secret files (a
    /// directory with one file for each value, as systemd credentials and container secrets have it), the
    /// settings file.
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
        try SettingsFile.check(path, isRequired: file != nil)
        do {
            providers.append(
                try await FileProvider<YAMLSnapshot>(filePath: FilePath(path), allowMissing: file == nil))
        } catch {
            throw CommandError("\(path): the settings cannot be read: \(error)")
        }
        return try Settings(ConfigReader(providers: providers), file: path, database: database)
    }

    private init(_ reader: ConfigReader, file: String, database: String?) throws {
        self.database =
            try database.map { try DatabaseAddress.onCommandLine($0) }
            ?? DatabaseAddress(
                reader.string(forKey: "database", isSecret: true, default: "sendonce.sqlite"))
        let typed = TypedValue(reader: reader, place: "\(file): ")
        let leaseSeconds = try typed.int("lease_seconds") ?? 90
        shutdownSeconds = try typed.double("shutdown_seconds") ?? 20
        busySeconds = try typed.double("busy_seconds") ?? 5
        guard (1...86_400).contains(leaseSeconds) else {
            throw CommandError("\(file): lease_seconds is \(leaseSeconds): write a number from 1 to 86400")
        }
        guard (0...3_600).contains(shutdownSeconds), (0...3_600).contains(busySeconds) else {
            throw CommandError("\(file): shutdown_seconds and busy_seconds must be from 0 to 3600")
        }
        lease = .seconds(Int64(leaseSeconds))
        journal = try reader.string(forKey: "journal").map { word in
            guard let journal = SQLiteSettings.Journal(rawValue: word) else {
                throw CommandError("\(file): journal is \(word): write wal or delete")
            }
            return journal
        }
        fence = try FenceSettings(reader, file: file)
        let names = try typed.list("routes") ?? []
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw CommandError("\(file): routes names \(twice) twice")
        }
        routes = try names.map { name in
            try RouteSettings.route(name, reader.scoped(to: ["route", name]), file: file)
        }
        let longest = DispatchSettings.longestAttempt(within: lease).microseconds / 1_000
        for route in routes where Int64(route.connectTimeout) + Int64(route.totalTimeout) >= longest {
            throw CommandError(
                "\(file): route.\(route.name).connect_timeout_ms and .total_timeout_ms are "
                    + "\(route.connectTimeout) and \(route.totalTimeout), but a lease of "
                    + "\(lease.description) leaves less than \(longest) ms for both together: "
                    + "shorten them, or raise lease_seconds"
            )
        }
    }
}
