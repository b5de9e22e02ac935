// `sendonce migrate`: make the tables, or bring them up to date.
import ArgumentParser
import SendonceCore
import SendonceSQLite
import SendonceStore

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Make or update the tables.",
        subcommands: [Up.self, Status.self, SQL.self], defaultSubcommand: Status.self)

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply what is missing, each step in one transaction. Harmless when many do it at once."
        )

        @OptionGroup var store: StoreOptions

        func run() async throws {
            let settings = try await store.settings()
            let applied = try Store.naming(settings) { () throws(StoreError) in
                try settings.migration.up(now: SystemClock.now())
            }
            if applied.isEmpty {
                Printer.line("\(settings.database): up to date (schema version \(SQLiteMigration.newest))")
            }
            for number in applied { Printer.line("\(settings.database): schema version \(number)") }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say which steps are applied. Exit 1 if some are missing.")

        @OptionGroup var store: StoreOptions

        func run() async throws {
            let settings = try await store.settings()
            guard Store.exists(settings) else { throw Store.missing(settings, status: .no) }
            let steps = try Store.naming(settings) { () throws(StoreError) in try settings.migration.status()
            }
            for step in steps {
                Printer.line("\(step.name)  \(step.appliedAt.map { "applied \($0.shortText)" } ?? "missing")")
            }
            if steps.contains(where: { $0.appliedAt == nil }) {
                Printer.message("run `sendonce migrate up`")
                throw ExitCode(ExitStatus.no.rawValue)
            }
        }
    }

    struct SQL: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sql", abstract: "Print the SQL, to paste into the application's own migrations.")

        func run() async throws {
            Printer.line(SQLiteMigration.sql)
        }
    }
}
