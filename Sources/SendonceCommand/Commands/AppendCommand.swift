// `sendonce append`: the same INSERT that an application does, for trying things out.
import ArgumentParser
import Foundation
import SendonceCore
import SendonceStore

struct AppendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append", abstract: "Write one event, as an application does with one INSERT.",
        discussion:
            "  sendonce append order.placed --data '{\"order_id\": 42, \"email\": \"ann@shop.example\"}'")

    @Argument(help: "The event's type, for example order.placed.")
    var type: String

    @Option(name: .long, help: "The payload: JSON text, @FILE, or - for standard input.")
    var data: String = "{}"

    @Option(name: .long, help: "The producer's id of the event; a second event with it is found as repeated.")
    var id: String?

    @Option(name: .long, help: "Where the event comes from.")
    var source: String?

    @Option(name: .long, help: "What the event is about.")
    var subject: String?

    @Option(name: .long, help: "When it happened, RFC 3339 (default: now).")
    var occurredAt: String?

    @OptionGroup var store: StoreOptions

    func run() async throws {
        let event = NewEvent(
            id: id.map { Text($0) }, type: Text(type), source: source.map { Text($0) },
            subject: subject.map { Text($0) }, payload: try Input.bytes(data),
            occurredAt: occurredAt.map { Text($0) })
        let settings = try await store.settings()
        let intake = try Store.open(settings)
        do throws(StoreError) {
            let sequence = try intake.append(event)
            Printer.line("appended as row \(sequence) of the intake")
        } catch {
            throw AppendCommand.refusal(error)
                ?? CommandError("\(settings.database.words): \(error.description)")
        }
    }

    /// The intake's checks are named as sentences; nil if it was not one of them that failed.
    private static func refusal(_ error: StoreError) -> CommandError? {
        guard case .conflict(let words) = error else { return nil }
        let name = Self.nameBeginnings.lazy.compactMap { words.firstRange(of: $0)?.upperBound }.first
            .map { words[$0...].prefix { $0 != " " && $0 != "\"" } }
        let sentence: String
        if words.contains("type json") {
            sentence = "payload must be a json object"
        } else if words.contains("timestamp") || name?.hasPrefix("occurred_at_must_be_a_time") == true {
            sentence = "occurred_at must be a time such as 2026-11-21T22:04:05Z"
        } else if let name {
            sentence = String(name).replacing("_", with: " ")
        } else {
            return nil
        }
        return CommandError("the event is refused: \(sentence)")
    }

    /// What stands before a check's name in SQLite's words and in PostgreSQL's.
    private static let nameBeginnings = [
        "CHECK constraint failed: ", "violates check constraint \"",
    ]
}

/// Where a value on the command line comes from.
enum Input {
    /// `-` is standard input, `@FILE` a file, anything else the text itself.
    static func bytes(_ argument: String) throws -> [UInt8] {
        if argument == "-" { return [UInt8](try FileHandle.standardInput.readToEnd() ?? Data()) }
        guard argument.hasPrefix("@") else { return Array(argument.utf8) }
        return try file(String(argument.dropFirst()))
    }

    static func file(_ path: String) throws -> [UInt8] {
        // A handle reads pipes and devices too.
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.readToEnd() ?? Data()
        else { throw CommandError("\(path): the file cannot be read") }
        return [UInt8](data)
    }
}
