// `sendonce rebuild`: decisions, ledger, commands and queue again from the log, into a database beside the
// old one.
import ArgumentParser
import Foundation
import SendonceCore
import SendonceRebuild
import SendonceStore
import SendonceTransfer

struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make decisions, ledger, commands and queue again from the log, in a new database.",
        discussion: """
            For a database whose log is whole and whose other tables are damaged, lost, or, after an import, \
            empty. Stop `sendonce run` and the writers, make the tables of a new database with `sendonce \
            migrate up`, then:

              sendonce rebuild --from shop.sqlite --to new.sqlite --reason "decisions were lost"
              sendonce rebuild confirm --from shop.sqlite --to new.sqlite --reason "looks right"

            Before anything is changed, every link of the log is recomputed; a broken one ends it. Then the \
            old place is sealed, and nothing is decided or sent in either before the new one is confirmed; \
            take-back puts the old one in force again. Each event is decided as it was, under the rules that \
            were in force then, and gives the same commands with the same ids.

            What only the delivery knows is copied from the old place as far as it is there: attempts, \
            outcomes, ends, holds and people's acts. What has ended stays so; what was tried stands as the \
            old queue says, or is held (unknown_outcome). A command without a recorded attempt comes back \
            held (restored) and is never sent by itself: `sendonce release --held restored`.

            Interrupted, the same command goes on; each batch is one transaction. Run once more after the \
            confirmation, it brings events that were still written to the old place. After an import, \
            confirm with --source-lost: only you can say that the log's original is not in force.

            Exit 1: the new database is made, and rows of the old one were otherwise or could not come.
            """,
        subcommands: [Build.self, TransferCommand.Confirm.self, TransferCommand.TakeBack.self],
        defaultSubcommand: Build.self)

    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "build", abstract: "Check, seal and build; or go on; or bring the rest.")

        @OptionGroup var places: TransferPlaces
        @OptionGroup var person: TransferPerson
        @Option(name: .long, help: "Confirm the start with the number of events that the plan names.")
        var yes: Int64?
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let source = try await places.source()
            let target = try await places.target()
            let act = person.act(now: try source.now())
            let rebuild = Rebuild(from: source, to: target)
            let progress = ProgressLine()
            defer { progress.clear() }
            let plan = try rebuild.plan(now: act.now) { progress.show("\($0): \($1)") }
            progress.clear()
            if output.format == .table { plan.lines.forEach { Printer.line(Printer.visible($0)) } }
            if case .start = plan.step, yes != plan.events {
                throw CommandError(
                    "nothing was done: confirm with --yes \(plan.events)", status: .refused)
            }
            let report = try rebuild.run(act, name: Text(UUID().uuidString.lowercased()), planned: plan) {
                progress.show("\($0): \($1)")
            }
            progress.clear()
            switch output.format {
            case .table: report.lines(plan).forEach { Printer.line(Printer.visible($0)) }
            case .json, .jsonl: Printer.json(report.json(plan))
            }
            guard report.isWhole else {
                throw CommandError(
                    "the old place had rows that are otherwise here, or not here: look at them before you "
                        + "confirm", status: .no)
            }
        }
    }
}

extension RebuildPlan {
    fileprivate var lines: [String] {
        let words =
            Printer.count(events, "event") + " with whole links; recorded beside it: "
            + Printer.count(count(.decision), "decision") + ", " + Printer.count(count(.command), "command")
            + ", " + Printer.count(count(.attempt), "attempt") + ", \(count(.finish)) finished, \(intake) "
            + "in the intake"
        let next =
            switch step {
            case .start where isImport: "an import: in force nowhere"
            case .start: "seals \(sourcePlace): nothing is decided or sent there afterwards"
            case .resume: "begun already: goes on"
            case .bringRest: "confirmed already: brings what the intake still holds"
            }
        return ["from  \(sourcePlace): \(words)", "to    \(targetPlace)", next]
    }
}

extension RebuildReport {
    private static func padded(_ name: String) -> String {
        name.padding(toLength: 20, withPad: " ", startingAt: 0)
    }

    fileprivate func lines(_ plan: RebuildPlan) -> [String] {
        let rest = remaining > 0 ? ["\(remaining) in the old intake did not come: run this again"] : []
        guard let digest else { return [Printer.count(brought, "event") + " brought"] + rest }
        var lines = tables.map { table in
            let old = table.isEqual ? "as before" : "\(table.source.rows) before"
            return "\(Self.padded(table.name)) \(table.copy.digest.description.prefix(12))  "
                + "\(table.copy.rows)  \(old)"
        }
        lines += differences.map { table in
            "\(table.table): \(table.restored) missing there, \(table.changed) otherwise, \(table.gone) that "
                + "do not follow from the log" + Self.named(table.first)
        }
        lines += lost.map {
            "\($0.table): \($0.rows) belong to nothing and did not come\(Self.named($0.first))"
        }
        if renumbered > 0 { lines.append("\(renumbered) commands stand under another number") }
        lines.append(
            "commands: \(commands.finished) finished, \(commands.ended) finished by their outcome, "
                + "\(commands.kept) as they were, \(commands.restored) held (restored), \(commands.unsure) "
                + "held (unknown_outcome)")
        let confirm = plan.isImport ? "confirm --source-lost" : "confirm"
        lines.append(
            "built (digest \(digest.description.prefix(12))), not in force yet: next is `sendonce rebuild "
                + "\(confirm)`")
        return lines + rest
    }

    private static func named(_ keys: [String]) -> String {
        keys.isEmpty ? "" : ", such as \(keys.joined(separator: ", "))"
    }

    fileprivate func json(_ plan: RebuildPlan) -> JSONValue {
        func count(_ number: Int64) -> JSONValue { .integer(String(number)) }
        func side(_ side: TableDigest) -> JSONValue {
            .object([
                JSONMember("rows", count(side.rows)), JSONMember("digest", side.digest.description.json),
            ])
        }
        return .object([
            JSONMember("schema", "sendonce.rebuild.v1".json), JSONMember("rebuild", .string(transfer)),
            JSONMember("from", .string(plan.sourcePlace)), JSONMember("to", .string(plan.targetPlace)),
            JSONMember(
                "tables",
                .array(
                    tables.map { table in
                        .object([
                            JSONMember("name", table.name.json), JSONMember("before", side(table.source)),
                            JSONMember("after", side(table.copy)),
                        ])
                    })),
            JSONMember(
                "differences",
                .array(
                    differences.map { table in
                        .object([
                            JSONMember("table", table.table.json),
                            JSONMember("missing", count(table.restored)),
                            JSONMember("changed", count(table.changed)),
                            JSONMember("gone", count(table.gone)),
                            JSONMember("first", .array(table.first.map(\.json))),
                        ])
                    })),
            JSONMember(
                "lost",
                .array(
                    lost.map { table in
                        .object([
                            JSONMember("table", table.table.json), JSONMember("rows", count(table.rows)),
                            JSONMember("first", .array(table.first.map(\.json))),
                        ])
                    })),
            JSONMember("renumbered", count(renumbered)),
            JSONMember(
                "commands",
                .object([
                    JSONMember("finished", count(commands.finished)),
                    JSONMember("finished_by_outcome", count(commands.ended)),
                    JSONMember("kept", count(commands.kept)),
                    JSONMember("held_restored", count(commands.restored)),
                    JSONMember("held_unknown_outcome", count(commands.unsure)),
                ])), JSONMember("digest", digest.map(\.description.json) ?? .null),
            JSONMember("brought", count(Int64(brought))), JSONMember("remaining", count(remaining)),
        ])
    }
}
