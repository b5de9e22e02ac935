// `sendonce fence`: after a restore or a copy, what would have been sent, and how the log comes into force.
import ArgumentParser
import Foundation
import SendonceAudit
import SendonceCore
import SendonceFence
import SendonceStore

struct FenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fence", abstract: "After a restore or a copy: what would have been sent.",
        discussion: """
            A database that was restored or copied may believe unsent what was sent. It is noticed by what \
            this host keeps outside of it, and then nothing is decided or sent.

              sendonce fence                                       why, and what would have been sent
              sendonce fence lift --yes 3 --reason "restored"      put the log in force here; all stay held
              sendonce release --held fence                        then, for those that may go
              sendonce cancel --held fence                         for those that were sent, or shall not be
            """,
        subcommands: [Status.self, Lift.self], defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Whether the log is fenced here, and what would have been sent.",
            discussion: "Exit 0 if the log is not fenced here, 3 if it is.")

        @Option(name: .long, help: "Only messages before this number (for the next page).")
        var before: Int64?

        @Option(name: .long, help: "At most this many (up to 1000).")
        var limit: Int = 20

        @OptionGroup var store: StoreOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...1_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 1000") }
        }

        func run() async throws {
            let settings = try await store.settings()
            let store = try Store.open(settings)
            let report = try Store.naming(settings) { () throws(StoreError) in
                try FenceReport(settings, store, before: before, limit: limit)
            }
            switch output.format {
            case .table: report.lines.forEach { Printer.line(Printer.visible($0, keepingLines: true)) }
            case .json: Printer.json(report.json)
            case .jsonl: report.messages.map(\.json).forEach(Printer.json)
            }
            if report.finding.trouble != nil { throw ExitCode(ExitStatus.refused.rawValue) }
        }
    }

    struct Lift: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lift", abstract: "Put the log in force here; whatever was queued stays held.",
            discussion: """
                Make sure first that no other copy of this log sends: both would. Events that waited when \
                the fence was put up are decided, and their commands come out held too.
                """)

        @OptionGroup var person: ActPerson
        @OptionGroup var store: StoreOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let settings = try await store.settings()
            let store = try Store.open(settings)
            let (fence, finding) = try Store.naming(settings) { () throws(StoreError) in
                try store.checkAuthority()
                let fence = try settings.fence.guarding(store)
                return (fence, try fence.examine())
            }
            if let known = try person.repeated(in: store) { return show(known, isRepeated: true) }
            guard finding.trouble != nil else {
                throw CommandError("nothing was done: the log is not fenced here", status: .no)
            }
            // What was noticed only now is recorded first, with what waits in the intake at this moment.
            if case .fenced = finding {} else { try fence.putUp(finding) }
            let plan = try store.plan(.liftFence, CommandSelection())
            guard let confirmed = person.yes, confirmed == plan.count else {
                throw CommandError(
                    "nothing was lifted: \(Printer.count(plan.count, "command")) would stay held; make sure "
                        + "that no other copy of this log sends, then confirm with --yes \(plan.count) and a "
                        + "--reason", status: .refused)
            }
            let order = try person.order(.liftFence, now: try store.now())
            switch try store.lift(fence.lifted(by: order), order, confirmed: confirmed) {
            case .done(let act): show(act, isRepeated: false)
            case .repeated(let act): show(act, isRepeated: true)
            case .differs(let count):
                throw CommandError(
                    "nothing was lifted: it is \(Printer.count(count, "command")) now", status: .refused)
            }
        }

        private func show(_ act: ActRecord, isRepeated: Bool) {
            switch output.format {
            case .table:
                Printer.message(act.words(isRepeated: isRepeated))
                Printer.message(
                    "next: `sendonce release --held fence` for what may go, `sendonce cancel --held fence` "
                        + "for the rest, and `sendonce run`")
            case .json, .jsonl: Printer.json(act.json(isRepeated: isRepeated))
            }
        }
    }
}

extension ActPerson {
    /// The act of this name, if it was done before.
    fileprivate func repeated(in store: AnyStore) throws -> ActRecord? {
        guard let request else { return nil }
        guard let known = try store.act(named: Text(request)) else { return nil }
        guard known.kind == .liftFence else {
            throw CommandError("the request \(request) was used for another act (\(known.kind.rawValue))")
        }
        return known
    }
}

/// How the log stands here, read and not changed.
struct FenceReport {
    let finding: FenceFinding
    let home: Home
    let witness: String?
    let witnessTrouble: String?
    /// Commands that would have been sent.
    let queued: Int64
    /// Undecided events.
    let intake: Int64
    let messages: [MessageRecord]

    init(_ settings: Settings, _ store: AnyStore, before: Int64?, limit: Int) throws(StoreError) {
        let fence = try settings.fence.guarding(store)
        finding = try fence.examine()
        home = fence.home
        witness = fence.witnessPath
        witnessTrouble = settings.fence.isWitnessWanted ? settings.fence.witnessTrouble : "witness: none"
        guard finding.trouble != nil else {
            (queued, intake, messages) = (0, 0, [])
            return
        }
        queued = try store.plan(.liftFence, CommandSelection()).count
        intake = try store.intakeCount()
        var found: [MessageRecord] = []
        var place = before
        // Unfinished ones may lie far apart; what is held for another reason would not have been sent.
        while found.count < limit {
            let page = try store.unfinished(before: place, limit: limit)
            guard let last = page.last else { break }
            found += page.filter(\.isSuspect)
            place = last.number
        }
        messages = Array(found.prefix(limit))
    }

    var lines: [String] {
        guard let trouble = finding.trouble else { return [standing] + witnessLines }
        var lines = ["FENCED: \(trouble)", "here: \(home.place)"]
        lines.append(
            "would have been sent: \(Printer.count(queued, "command")), and what comes of "
                + "\(Printer.count(intake, "undecided event"))")
        if !messages.isEmpty { lines.append(TextTable.of(messages).rendered(width: nil)) }
        if queued > Int64(messages.count), let last = messages.last {
            lines.append("more: --before \(last.number)")
        }
        lines.append(
            "No provider here can be asked whether a message was sent: look there for the command's id, "
                + "which each message carries.")
        return lines + [
            "Next: make sure that no other copy of this log sends, then `sendonce fence lift`, which keeps "
                + "all of it held."
        ]
    }

    private var standing: String {
        switch finding {
        case .empty: "not fenced: the log is empty, so nothing was ever sent from it"
        case .inForce(let record):
            "not fenced: in force at \(record.place) since \(record.recordedAt.shortText)"
        default: "not fenced: the log was never put in force; the first `sendonce run` does"
        }
    }

    private var witnessLines: [String] {
        if let witnessTrouble { return ["a restored backup would not be noticed: \(witnessTrouble)"] }
        return witness.map { ["what this host has seen: \($0)"] } ?? []
    }

    var json: JSONValue {
        let state: String =
            switch finding {
            case .empty: "empty"
            case .unbound: "unbound"
            case .inForce: "in_force"
            case .fenced: "fenced"
            case .copied: "copied"
            case .rewound: "rewound"
            }
        return .object([
            JSONMember("schema", "sendonce.fence.v1".json), JSONMember("state", state.json),
            JSONMember("fenced", .bool(finding.trouble != nil)),
            JSONMember("reason", finding.trouble.map(\.json) ?? .null),
            JSONMember("home", home.digest.description.json), JSONMember("place", .string(home.place)),
            JSONMember("witness", witness.map(\.json) ?? .null),
            JSONMember("commands", .integer(String(queued))), JSONMember("intake", .integer(String(intake))),
            JSONMember("messages", .array(messages.map(\.json))),
        ])
    }
}

extension AuditReader {
    /// Messages that are in the queue, newest first.
    fileprivate func unfinished(before number: Int64?, limit: Int) throws(StoreError) -> [MessageRecord] {
        var found: [MessageRecord] = []
        for state in QueueState.allCases {
            found += try messages(MessageFilter(state: state.rawValue), before: number, limit: limit)
        }
        return Array(found.sorted { $0.number > $1.number }.prefix(limit))
    }
}

extension MessageRecord {
    /// Whether it would have been sent, had there been no fence.
    fileprivate var isSuspect: Bool {
        guard case .queued(let queue) = standing else { return false }
        return queue.state != .held || queue.hold == .fence
    }
}
