// `sendonce why`: why a message was or was not sent, from what was recorded.
import ArgumentParser
import SendonceAudit
import SendonceCore
import SendonceDelivery
import SendonceSQLite
import SendonceStore

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say why a message was or was not sent.",
        discussion: """
              sendonce why ann@shop.example       everything about an address
              sendonce why 42                     everything about an order number (any part of a key)
              sendonce why '#17'                  one event, by its position
              sendonce why 3f0c…-…                one command, by its id
              sendonce why '<…@…>'                one message, by the provider's id

            Exit 1 if nothing is known of it.
            """)

    @Argument(
        help: "An address, a key part, #POSITION, an event id, a command id or a provider's message id.")
    var about: String?

    @Option(name: .long, help: "A recipient's address.")
    var to: String?

    @Option(name: .long, help: "A part of a key, for example an order number.")
    var key: String?

    @Option(name: .long, help: "An event: the producer's id, or #POSITION.")
    var event: String?

    @Option(name: .long, help: "A command id.")
    var command: String?

    @Option(name: .long, help: "The provider's message id.")
    var message: String?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard [about, to, key, event, command, message].compactMap({ $0 }).count == 1 else {
            throw ValidationError("name one thing to ask about, for example: sendonce why ann@shop.example")
        }
    }

    func run() async throws {
        let settings = try await store.settings()
        let audit = try Store.open(settings)
        for refusal in [try audit.authority()?.refusal, try audit.homeRecord()?.refusal] {
            if let refusal { Printer.message(Printer.visible(refusal)) }
        }
        let answer = try Why.answer(
            try questions(), in: audit, now: SystemClock.now(),
            providerCapability: { name in
                settings.routes.first { $0.name == name }?.kind.provider.capability
            })
        switch output.format {
        case .table: Printer.text(answer.text)
        case .json, .jsonl: Printer.json(answer.json)
        }
        if !answer.found { throw ExitCode(ExitStatus.no.rawValue) }
    }

    private func questions() throws -> [Question] {
        if let to { return [.recipient(Text(EmailAddress(to)?.description ?? to), RecipientFilter())] }
        if let key { return [.keyPart(Text(key))] }
        if let event {
            if event.hasPrefix("#"), let position = Int64(event.dropFirst()) { return [.position(position)] }
            return [.event(Text(event))]
        }
        if let command {
            guard let id = CommandID(command) else {
                throw CommandError("\(command) is not a command id", status: .usage)
            }
            return [.command(id)]
        }
        if let message { return [.providerMessage(Text(message))] }
        return Question.guess(about ?? "")
    }
}
