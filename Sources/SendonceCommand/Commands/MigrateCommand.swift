// `sendonce migrate`: make the tables, or bring them up to date.
import ArgumentParser
import SendonceCore
import SendoncePostgres
import SendonceSQLite
import SendonceStore

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Make or update the tables.",
        subcommands: [Up.self, Status.self, SQL.self, Roles.self], defaultSubcommand: Status.self)

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
                let newest = type(of: settings.migration).newest
                Printer.line("\(settings.database.words): up to date (schema version \(newest))")
            }
            for number in applied { Printer.line("\(settings.database.words): schema version \(number)") }
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
            commandName: "sql", abstract: "Print the SQL, to paste into the application's own migrations.",
            discussion: "For the engine of the database in the settings; it need not be there yet.")

        @OptionGroup var store: StoreOptions

        func run() async throws {
            Printer.line(type(of: try await store.settings().migration).sql)
        }
    }

    struct Roles: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the SQL that gives three PostgreSQL roles what each needs, and no more.",
            discussion: """
                The roles must exist. Run the SQL as the owner of the tables, after `migrate up`:

                  sendonce migrate roles --appender shop --operator sendonce --reader audit | psql
                """)

        @Option(name: .long, help: "The application: writes events.")
        var appender: String

        @Option(name: .long, help: "`sendonce run` and people's commands.")
        var `operator`: String

        @Option(name: .long, help: "Whoever only looks: pages, why, replay.")
        var reader: String

        @Option(name: .long, help: "The schema that holds the tables.")
        var schema: String = "public"

        func run() async throws {
            Printer.line(
                PostgresRoles(appender: appender, operator: `operator`, reader: reader, schema: schema).sql)
        }
    }
}
