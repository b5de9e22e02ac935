// Options that most commands share.
import ArgumentParser
import Foundation
import SendonceSQLite
import SendonceStore

/// Where the settings and the database are.
struct StoreOptions: ParsableArguments {
    @Option(name: .long, help: "Settings file (default: sendonce.yaml, if it is there).")
    var config: String?

    @Option(name: .long, help: "SQLite database file; wins over the settings.")
    var database: String?

    func settings() async throws -> Settings {
        try await Settings.load(file: config, database: database)
    }

    /// Opens an existing database with a current schema.
    func open() async throws -> SQLiteStore {
        try Store.open(try await settings())
    }
}

enum Store {
    static func exists(_ settings: Settings) -> Bool {
        FileManager.default.fileExists(atPath: settings.database)
    }

    static func missing(_ settings: Settings, status: ExitStatus = .failed) -> CommandError {
        CommandError(
            "\(settings.database): no such database; `sendonce migrate up` makes it"
                + " (name it with --database, SENDONCE_DATABASE or `database:` in the settings)",
            status: status)
    }

    static func open(_ settings: Settings) throws -> SQLiteStore {
        guard exists(settings) else { throw missing(settings) }
        return try naming(settings) { () throws(StoreError) in
            try SQLiteStore(path: settings.database, settings: settings.sqlite)
        }
    }

    /// An error of opening or migrating names the file that it is about.
    static func naming<Result>(
        _ settings: Settings, _ body: () throws(StoreError) -> Result
    ) throws -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw CommandError("\(settings.database): \(error.description)")
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
    var migration: SQLiteMigration { SQLiteMigration(path: database, settings: sqlite) }
}
