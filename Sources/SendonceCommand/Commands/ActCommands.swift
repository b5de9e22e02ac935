// `sendonce hold`, `release`, `cancel`, `resolve`: what a person does to commands. Each is planned first,
// confirmed with its count, and recorded.
import ArgumentParser
import Foundation
import SendonceAudit
import SendonceCore
import SendonceStore

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Let commands wait until they are released.",
        discussion: ActOptions.discussion("hold --rule newsletter"))

    @OptionGroup var options: ActOptions

    func run() async throws { try await options.perform(.hold) }
}

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Let held commands go on; they pass every gate again.",
        discussion: ActOptions.discussion("release --held fence --route brevo"))

    @OptionGroup var options: ActOptions

    func run() async throws { try await options.perform(.release) }
}

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Never send commands, or never again; their keys stay claimed.",
        discussion: ActOptions.discussion("cancel --held fence"))

    @OptionGroup var options: ActOptions

    func run() async throws { try await options.perform(.cancel) }
}

struct ResolveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Say what became of commands whose outcome is not known.",
        discussion: ActOptions.discussion("resolve --accepted COMMAND"))

    @Flag(name: .long, help: "They were sent: they end as accepted.")
    var accepted = false

    @Flag(name: .long, help: "They were not sent: they may be tried again.")
    var notAccepted = false

    @OptionGroup var options: ActOptions

    func validate() throws {
        guard accepted != notAccepted else {
            throw ValidationError("say what became of them: --accepted or --not-accepted")
        }
    }

    func run() async throws {
        try await options.perform(accepted ? .resolveAccepted : .resolveNotAccepted)
    }
}

/// Which commands, who, why, and how sure.
struct ActOptions: ParsableArguments {
    @Argument(help: "Ids of commands.")
    var commands: [String] = []

    @Option(name: .long, help: "Commands held for this reason.")
    var held: HoldReason?

    @Option(name: .long, help: "Commands of this rule.")
    var rule: String?

    @Option(name: .long, help: "Commands over this route.")
    var route: String?

    @Option(name: .long, help: "Commands to this address.")
    var recipient: String?

    @Flag(name: .long, help: "All unfinished commands that the act fits.")
    var all = false

    @Option(name: .long, help: "At most this many, oldest first.")
    var limit: Int?

    @OptionGroup var person: ActPerson
    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    static func discussion(_ example: String) -> String {
        """
        Without --yes it shows how many commands it is about and the first of them, and does nothing:

          sendonce \(example)
          sendonce \(example) --yes 3 --reason "told by the shop"
        """
    }

    func validate() throws {
        let isFiltered = held != nil || rule != nil || route != nil || recipient != nil
        guard !commands.isEmpty || isFiltered || all else {
            throw ValidationError(
                "name commands by id, or by --held, --rule, --route, --recipient; or say --all")
        }
        guard commands.count <= ActLimits.ids else {
            throw ValidationError("at most \(ActLimits.ids) commands by id")
        }
        for id in commands where CommandID(id) == nil { throw ValidationError("\(id) is not a command id") }
        guard limit ?? 1 > 0 else { throw ValidationError("--limit must be at least 1") }
    }

    private var selection: CommandSelection {
        CommandSelection(
            ids: Array(Set(commands.compactMap { CommandID($0) })).sorted(), hold: held,
            rule: rule.map { Text($0) }, route: route.map { Text($0) },
            recipient: recipient.map { Text(EmailAddress($0)?.description ?? $0) }, limit: limit)
    }

    func perform(_ kind: ActKind) async throws {
        let settings = try await store.settings()
        let store = try Store.open(settings)
        try Store.naming(settings) { () throws(StoreError) in
            try store.checkAuthority()
            if let refusal = try store.homeRecord()?.refusal { throw .fenced(refusal) }
        }
        guard let confirmed = person.yes else { return try refuse(kind, try store.plan(kind, selection)) }
        let order = try person.order(kind, now: try store.now())
        guard confirmed > 0 else { return try refuse(kind, try store.plan(kind, selection)) }
        switch try store.act(order, on: selection, confirmed: confirmed) {
        case .done(let record): show(record, isRepeated: false)
        case .repeated(let record): show(record, isRepeated: true)
        case .differs: try refuse(kind, try store.plan(kind, selection))
        }
    }

    /// Shows the plan, and ends without having done anything.
    private func refuse(_ kind: ActKind, _ plan: ActPlan) throws {
        switch output.format {
        case .table: plan.lines(kind).forEach { Printer.line(Printer.visible($0, keepingLines: true)) }
        case .json, .jsonl: Printer.json(plan.json(kind))
        }
        guard plan.count > 0 else {
            throw CommandError("nothing was done: no such command can be \(kind.participle)", status: .no)
        }
        throw CommandError(
            "nothing was done: confirm with --yes \(plan.count) and a --reason", status: .refused)
    }

    private func show(_ record: ActRecord, isRepeated: Bool) {
        switch output.format {
        case .table: Printer.message(record.words(isRepeated: isRepeated))
        case .json, .jsonl: Printer.json(record.json(isRepeated: isRepeated))
        }
    }
}

/// Who does it, why, and how sure.
struct ActPerson: ParsableArguments {
    @Option(name: .long, help: "Do it, if it is about exactly so many commands.")
    var yes: Int64?

    @Option(name: .long, help: "Who does this (default: the user's name).")
    var by: String?

    @Option(name: .long, help: "Why; it is recorded.")
    var reason: String?

    @Option(name: .long, help: "A name for this act: given again, it does nothing again.")
    var request: String?

    func validate() throws {
        if reason?.isEmpty == true || by?.isEmpty == true || request?.isEmpty == true {
            throw ValidationError("--by, --reason and --request need words")
        }
        if yes != nil, reason == nil { throw ValidationError("--reason is missing: why is this done?") }
    }

    func order(_ kind: ActKind, now: Timestamp) throws -> ActOrder {
        ActOrder(
            kind: kind, request: Text(request ?? UUID().uuidString.lowercased()),
            actor: Text(by ?? Activator.currentUser), reason: Text(reason ?? ""), now: now)
    }
}

extension ActKind {
    /// As the end of a sentence.
    var participle: String {
        switch self {
        case .hold: "held"
        case .release: "released"
        case .cancel: "cancelled"
        case .resolveAccepted: "resolved as accepted"
        case .resolveNotAccepted: "resolved as not accepted"
        case .liftFence: "held behind the fence"
        }
    }
}

extension ActPlan {
    fileprivate func lines(_ kind: ActKind) -> [String] {
        guard count > 0 else { return unfitLines(kind) }
        var lines = ["\(Printer.count(count, "command")) would be \(kind.participle):"]
        lines.append(TextTable.of(sample).rendered(width: nil))
        if count > Int64(sample.count) { lines.append("and \(count - Int64(sample.count)) more") }
        if unsure > 0 { lines.append("\(unsure) of them may have been sent already") }
        return lines + unfitLines(kind)
    }

    private func unfitLines(_ kind: ActKind) -> [String] {
        unfit.sorted { $0.key < $1.key }.map { word, count in
            "\(Printer.count(count, "other")) cannot be \(kind.participle): "
                + word.replacing("_", with: " ")
        }
    }

    fileprivate func json(_ kind: ActKind) -> JSONValue {
        .object([
            JSONMember("schema", "sendonce.act.v1".json), JSONMember("act", kind.rawValue.json),
            JSONMember("done", .bool(false)), JSONMember("commands", .integer(String(count))),
            JSONMember("unsure", .integer(String(unsure))),
            JSONMember(
                "unfit",
                .object(
                    unfit.sorted { $0.key < $1.key }.map {
                        JSONMember(Text($0.key), .integer(String($0.value)))
                    })),
            JSONMember("sample", .array(sample.map(\.json))),
        ])
    }
}

extension ActRecord {
    func words(isRepeated: Bool) -> String {
        let count = Printer.count(commands, "command")
        guard isRepeated else { return "\(count) \(kind.participle), by \(actor), as act #\(number)" }
        return "done before, on \(recordedAt.shortText), by \(actor), as act #\(number): \(count) "
            + "\(kind.participle); nothing was done now"
    }

    func json(isRepeated: Bool) -> JSONValue {
        .object([
            JSONMember("schema", "sendonce.act.v1".json), JSONMember("act", kind.rawValue.json),
            JSONMember("done", .bool(true)), JSONMember("commands", .integer(String(commands))),
            JSONMember("number", .integer(String(number))), JSONMember("request", .string(request)),
            JSONMember("repeated", .bool(isRepeated)), JSONMember("by", .string(actor)),
            JSONMember("reason", .string(reason)), JSONMember("at", recordedAt.text.json),
        ])
    }
}
