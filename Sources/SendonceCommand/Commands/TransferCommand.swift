// `sendonce transfer`: move a log with all its memory to another database.
import ArgumentParser
import Foundation
import SendonceCore
import SendonceStore
import SendonceTransfer

struct TransferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Move a log to another database, and back.",
        discussion: """
            Stop `sendonce run` and the writers, make the tables at the new place with `sendonce migrate \
            up`, then:

              sendonce transfer --from shop.sqlite --to postgresql://db/shop --reason "more hosts"
              sendonce transfer confirm --from shop.sqlite --to postgresql://db/shop --reason "looks right"

            The old place is sealed before the first row is read, and the new one decides and sends nothing \
            before it is confirmed. Interrupted, the same command goes on. Run once more after the \
            confirmation, it brings events that were still written to the old place.
            """,
        subcommands: [Move.self, Confirm.self, TakeBack.self], defaultSubcommand: Move.self)

    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "move", abstract: "Seal, copy and compare; or go on; or bring the rest.")

        @OptionGroup var places: TransferPlaces
        @OptionGroup var person: TransferPerson
        @Flag(name: .long, help: "Do it without a confirmation by number.")
        var yes = false
        @Option(name: .long, help: "Confirm the start with the number of events that the plan names.")
        var events: Int64?
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let source = try await places.source()
            let target = try await places.target()
            let act = try person.act(now: source.now())
            let transfer = Transfer(from: source, to: target)
            let plan = try transfer.plan(now: act.now)
            if output.format == .table { plan.lines.forEach { Printer.line(Printer.visible($0)) } }
            if case .start = plan.step, !yes, events != plan.events {
                throw CommandError(
                    "nothing was done: confirm with --events \(plan.events), or with --yes", status: .refused)
            }
            let progress = ProgressLine()
            let report = try transfer.run(act, name: Text(UUID().uuidString.lowercased())) { table, rows in
                progress.show("\(table): \(rows)")
            }
            progress.clear()
            switch output.format {
            case .table: report.lines.forEach { Printer.line(Printer.visible($0)) }
            case .json, .jsonl: Printer.json(report.json(plan))
            }
        }
    }

    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "confirm", abstract: "Put the copy in force: from now on it decides and sends.")

        @OptionGroup var places: TransferPlaces
        @OptionGroup var person: TransferPerson
        @Flag(
            name: .long,
            help: "The old place cannot be asked any more, and you answer for it that it sends nothing.")
        var sourceLost = false

        func run() async throws {
            let target = try await places.target()
            let source = sourceLost ? nil : try await places.source()
            let record = try TransferConfirmation.confirm(
                target, source: source, try person.act(now: target.now()))
            Printer.message(
                "\(try target.place()): in force, by \(record.actor); point `sendonce run` and the writers "
                    + "there, then run `sendonce \(record.command)` once more for what was still written "
                    + "to \(record.place)")
        }
    }

    struct TakeBack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "take-back", abstract: "Give the copy up and put the log in force where it was.")

        @OptionGroup var places: TransferPlaces
        @OptionGroup var person: TransferPerson
        @Flag(
            name: .long,
            help: "The copy cannot be asked any more, and you answer for it that it never sends.")
        var copyLost = false

        func run() async throws {
            let source = try await places.source()
            let target = copyLost ? nil : try await places.target()
            _ = try TransferConfirmation.takeBack(source, copy: target, try person.act(now: source.now()))
            Printer.message("\(try source.place()): in force again")
        }
    }
}

/// The two databases.
struct TransferPlaces: ParsableArguments {
    @Option(name: .long, help: "Settings file (default: sendonce.yaml, if it is there).")
    var config: String?

    @Option(
        name: .long, help: "Where the log is: SQLite file or postgresql:// address (default: the settings').")
    var from: String?

    @Option(
        name: .long, help: "Where it goes: SQLite file or postgresql:// address (default: the settings').")
    var to: String?

    func validate() throws {
        guard from != nil || to != nil else { throw ValidationError("name two databases: --from and --to") }
    }

    func source() async throws -> AnyStore { try await open(from, option: "--from") }
    func target() async throws -> AnyStore { try await open(to, option: "--to") }

    private func open(_ address: String?, option: String) async throws -> AnyStore {
        var settings = try await Settings.load(file: config, database: nil)
        if let address { settings.database = try .onCommandLine(address, option: option) }
        return try Store.open(settings)
    }
}

/// Who does it, and why.
struct TransferPerson: ParsableArguments {
    @Option(
        name: [.customLong("by"), .customLong("actor")], help: "Who does this (default: the user's name).")
    var actor: String?

    @Option(name: .long, help: "Why; it is recorded.")
    var reason: String

    func validate() throws {
        if reason.isEmpty || actor?.isEmpty == true {
            throw ValidationError("--reason and --by need words")
        }
    }

    func act(now: Timestamp) -> TransferAct {
        TransferAct(actor: Text(actor ?? Activator.currentUser), reason: Text(reason), now: now)
    }
}

extension TransferPlan {
    fileprivate var lines: [String] {
        func count(_ table: TransferTable) -> Int64 { rows.first { $0.table == table.name }?.count ?? 0 }
        let words =
            Printer.count(count(.log), "event") + ", " + Printer.count(count(.command), "command") + ", "
            + "\(count(.queue)) unfinished, \(intake) in the intake"
        let next =
            switch step {
            case .start: "seals \(sourcePlace): nothing is decided or sent there afterwards"
            case .resume: "sealed already: goes on"
            case .bringRest: "confirmed already: brings what the intake still holds"
            }
        return ["from  \(sourcePlace): \(words)", "to    \(targetPlace)", next]
    }
}

extension TransferReport {
    fileprivate var lines: [String] {
        let equal = tables.map { table in
            "\(table.name.padding(toLength: 20, withPad: " ", startingAt: 0)) "
                + "\(table.copy.digest.description.prefix(12))  \(table.copy.rows)"
        }
        let rest = remaining > 0 ? ["\(remaining) in the old intake did not come: run this again"] : []
        guard let digest else { return [Printer.count(brought, "event") + " brought"] + rest }
        let next =
            "equal on both sides (digest \(digest.description.prefix(12))), not in force yet: next is "
            + "`sendonce transfer confirm`"
        return equal + [next] + rest
    }

    fileprivate func json(_ plan: TransferPlan) -> JSONValue {
        .object([
            JSONMember("schema", "sendonce.transfer.v1".json), JSONMember("transfer", .string(transfer)),
            JSONMember("from", .string(plan.sourcePlace)), JSONMember("to", .string(plan.targetPlace)),
            JSONMember(
                "tables",
                .array(
                    tables.map { table in
                        .object([
                            JSONMember("name", table.name.json),
                            JSONMember("rows", .integer(String(table.copy.rows))),
                            JSONMember("digest", table.copy.digest.description.json),
                        ])
                    })), JSONMember("digest", digest.map(\.description.json) ?? .null),
            JSONMember("brought", .integer(String(brought))),
            JSONMember("remaining", .integer(String(remaining))),
        ])
    }
}
