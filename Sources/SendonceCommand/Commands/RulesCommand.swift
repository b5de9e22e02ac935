// `sendonce rules`: check, explain, compare and activate rule files.
import ArgumentParser
import SendonceCore
import SendonceProjection
import SendonceRuleFiles
import SendonceRules
import SendonceSQLite

struct RulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Check, explain, compare and activate rules.",
        subcommands: [Check.self, Explain.self, Diff.self, Activate.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a rule file strictly and run its examples. Exit 1 if an example fails.")

        @Argument(help: "The rule file; its templates are beside it.")
        var file: String

        func run() async throws {
            let parsed = try MessageCheck.checked(try RuleFiles.load(file))
            let failures = ExampleCheck.failures(of: parsed, file: file)
            failures.forEach { Printer.line(Printer.visible($0)) }
            let counts =
                Printer.count(parsed.ruleSet.rules.count, "rule") + ", "
                + Printer.count(parsed.examples.count, "example")
            guard failures.isEmpty else {
                Printer.message("\(file): \(counts), \(failures.count) failed")
                throw ExitCode(ExitStatus.no.rawValue)
            }
            Printer.line(
                "\(file): \(counts), all good (digest \(parsed.ruleSet.digest.description.prefix(12)))")
        }
    }

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say in words what each rule does.")

        @Argument(help: "The rule file.")
        var file: String

        func run() async throws {
            let parsed = try RuleFiles.load(file)
            Printer.line(parsed.ruleSet.rules.map { RuleWords.explain($0) }.joined(separator: "\n\n"))
        }
    }

    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what activating a file would change. Exit 1 if it changes something.")

        @Argument(help: "The rule file.")
        var file: String

        @OptionGroup var store: StoreOptions

        func run() async throws {
            let settings = try await store.settings()
            let plan = try Activator.plan(file, routes: settings.routes, in: try Store.open(settings))
            Activator.show(plan)
            if !plan.isInForce { throw ExitCode(ExitStatus.no.rawValue) }
        }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring a rule file into force: an event of the log, with who and why.")

        @Argument(help: "The rule file.")
        var file: String

        @Option(name: .long, help: "Who activates (default: the user's name).")
        var by: String?

        @Option(name: .long, help: "Why.")
        var reason: String = ""

        @Option(name: .long, help: "Confirm that this many keys are freed and may send again.")
        var freeKeys: Int64?

        @OptionGroup var store: StoreOptions

        func run() async throws {
            let settings = try await store.settings()
            try Activator.activate(
                file: file, actor: by ?? Activator.currentUser, reason: reason, confirmedKeys: freeKeys,
                routes: settings.routes, in: try Store.open(settings))
        }
    }
}
