// Options that most commands share.
import ArgumentParser
import Foundation
import SendoncePostgres
import SendonceSQLite
import SendonceStore

/// Where the settings and the database are.
struct StoreOptions: ParsableArguments {
    @Option(name: .long, help: "Settings file (default: sendonce.yaml, if it is there).")
    var config: String?

    @Option(name: .long, help: "SQLite file or postgresql:// address; wins over the settings.")
    var database: String?

    func settings() async throws -> Settings {
        try await Settings.load(file: config, database: database)
    }

    /// Opens an existing database with a current schema.
    func open() async throws -> AnyStore {
        try Store.open(try await settings())
    }
}

/// The database of the settings: opened, or why it cannot be.
enum Store {
    static func exists(_ settings: Settings) -> Bool {
        settings.database.path.map { FileManager.default.fileExists(atPath: $0) } ?? true
    }

    static func missing(_ settings: Settings, status: ExitStatus = .failed) -> CommandError {
        CommandError(
            "\(settings.database.words): no such database; `sendonce migrate up` makes it"
                + " (name it with --database, SENDONCE_DATABASE or `database:` in the settings)",
            status: status)
    }

    static func open(_ settings: Settings) throws -> AnyStore {
        guard exists(settings) else { throw missing(settings) }
        return try naming(settings) { () throws(StoreError) in
            switch settings.database {
            case .file(let path): try SQLiteStore(path: path, settings: settings.sqlite)
            case .server: try PostgresStore(settings.postgres, name: Self.processName)
            }
        }
    }

    /// Names this process among those that work on one log.
    static var processName: String {
        "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"
    }

    /// An error of opening or migrating names the database that it is about.
    static func naming<Result>(
        _ settings: Settings, _ body: () throws(StoreError) -> Result
    ) throws -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw CommandError("\(settings.database.words): \(error.description)", status: error.status)
        }
    }
}

/// How results are written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, jsonl
}

struct OutputOptions: ParsableArguments {
    @Option(name: .long, help: "table (for people), json or jsonl (for programs).")
    var output: OutputFormat = .table

    @Flag(name: .long, help: "The same as --output json.")
    var json = false

    var format: OutputFormat { json ? .json : output }
}

extension Settings {
    var migration: any Migration {
        switch database {
        case .file(let path): SQLiteMigration(path: path, settings: sqlite)
        case .server: PostgresMigration(postgres)
        }
    }
}
