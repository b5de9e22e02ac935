// `sendonce messages`: commands and where they stand, newest first.
import ArgumentParser
import SendonceAudit
import SendonceCore
import SendonceSQLite
import SendonceStore

struct MessagesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "messages", abstract: "List messages and where they stand, newest first.")

    @Option(name: .long, help: "Only messages to this address.")
    var to: String?

    @Option(name: .long, help: "Only messages of this rule.")
    var rule: String?

    @Option(name: .long, help: "Only messages over this route.")
    var route: String?

    @Option(
        name: .long, help: "Only messages in this state: \(MessagesCommand.states.joined(separator: ", ")).")
    var state: String?

    @Option(name: .long, help: "Only messages held for this reason.")
    var held: HoldReason?

    @Option(name: .long, help: "Only messages before this number (for the next page).")
    var before: Int64?

    @Option(name: .long, help: "At most this many (up to 1000).")
    var limit: Int = 20

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    static let states = QueueState.allCases.map(\.rawValue) + FinishedState.allCases.map(\.rawValue)

    func validate() throws {
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 1000") }
        if let state, !MessagesCommand.states.contains(state) {
            throw ValidationError("--state must be one of: \(MessagesCommand.states.joined(separator: ", "))")
        }
    }

    func run() async throws {
        let filter = MessageFilter(
            recipient: to.map { Text(EmailAddress($0)?.description ?? $0) }, rule: rule.map { Text($0) },
            route: route.map { Text($0) }, state: state, hold: held)
        let messages = try await store.open().messages(filter, before: before, limit: limit)
        Printer.list(messages.map(\.json), table: .of(messages), named: "messages", as: output.format)
        if let last = messages.last, messages.count == limit, output.format == .table {
            Printer.message("more: --before \(last.number)")
        }
    }
}

extension TextTable {
    static func of(_ messages: [MessageRecord]) -> TextTable {
        var table = TextTable([
            .init("number", side: .right), .init("state"), .init("to", isFlexible: true), .init("rule"),
            .init("key", isFlexible: true), .init("attempts", side: .right), .init("command"),
        ])
        for message in messages {
            table.add(
                "\(message.number)", message.standing.word, message.recipient.string, message.rule.string,
                message.key.string, "\(message.attempts)", message.id.description)
        }
        return table
    }
}

extension HoldReason: ExpressibleByArgument {}
