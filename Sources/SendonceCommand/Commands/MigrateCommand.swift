// `sendonce migrate`: make the tables, or bring them up to date.
import ArgumentParser
import SendonceCore
import SendonceSQLite

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Make or update the tables.",
        subcommands: [Up.self, Status.self, SQL.self], defaultSubcommand: Status.self)

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply what is missing, each step in one transaction. Harmless when many do it at once.")

        @OptionGroup var store: StoreOptions

        func run() async throws {
            let settings = try await store.settings()
            let applied = try Migration.up(path: settings.database, busySeconds: settings.busySeconds)
            if applied.isEmpty {
                Printer.line("\(settings.database): up to date (schema version \(SQLiteStore.schemaVersion))")
            }
            for step in applied { Printer.line("\(settings.database): applied \(step)") }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say which steps are applied. Exit 1 if some are missing.")

        @OptionGroup var store: StoreOptions

        func run() async throws {
            let settings = try await store.settings()
            let status = try Migration.status(path: settings.database, busySeconds: settings.busySeconds)
            for step in status.steps {
                Printer.line("\(step.name)  \(step.appliedAt.map { "applied \($0.shortText)" } ?? "missing")")
            }
            if !status.isCurrent {
                Printer.message("run `sendonce migrate up`")
                throw ExitCode(ExitStatus.no.rawValue)
            }
        }
    }

    struct SQL: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sql", abstract: "Print the SQL, to paste into the application's own migrations.")

        func run() async throws {
            Printer.line(Migration.sql)
        }
    }
}
