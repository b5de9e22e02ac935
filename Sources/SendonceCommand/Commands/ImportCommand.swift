// `sendonce import`: an exported log into an empty database, which stays fenced.
import ArgumentParser
import SendonceBundle
import SendonceCore
import SendonceStore
import SendonceTransfer

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Write an exported log into an empty database.",
        discussion: """
            Make the tables with `sendonce migrate up`, then:

              sendonce import shop.jsonl --database new.sqlite --reason "lost the disk"

            Events, rule sets and activations come to the same positions with the same links, which are \
            recomputed. Decisions, ledger and commands are not in the file, so the database is fenced, and \
            nothing is ever decided or sent in it; `sendonce rebuild` makes them from the log, in a second \
            database. Interrupted, the same command goes on. A redacted file cannot be imported.
            """)

    @Argument(help: "A file that `sendonce export` wrote.")
    var file: String

    @OptionGroup var person: TransferPerson
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let target = try await store.open()
        let act = try person.act(now: target.now())
        let log = try LogFile(path: file)
        let progress = ProgressLine()
        defer { progress.clear() }
        let report = try Import(log, into: target).run(actor: act.actor, reason: act.reason, now: act.now) {
            progress.show("position \($0)")
        }
        progress.clear()
        Printer.message(
            "\(report.isContinued ? "went on: " : "")\(Printer.count(report.head.position, "event")), "
                + "\(Printer.count(report.ruleSets, "rule set")) and "
                + "\(Printer.count(report.activations, "activation")) of \(Printer.visible(file)) are in "
                + "\(try target.place()); every link fits")
        Printer.message("log   \(try log.name()?.description ?? "")")
        Printer.message("head  \(report.head.link)")
        Printer.message(
            "fenced: decisions, ledger and commands are not in the file; nothing is decided or sent here "
                + "(`sendonce rebuild` makes them from the log, in a new database)")
    }
}
