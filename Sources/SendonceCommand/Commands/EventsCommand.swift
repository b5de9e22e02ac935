// `sendonce events`: the log, newest first.
import ArgumentParser
import SendonceAudit
import SendonceCore
import SendonceStore

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "List events of the log with their decisions, newest first.")

    @Option(name: .long, help: "Only events of this type.")
    var type: String?

    @Option(name: .long, help: "Only events before this position (for the next page).")
    var before: Int64?

    @Option(name: .long, help: "At most this many (up to 1000).")
    var limit: Int = 20

    @Flag(name: .long, help: "With the payloads.")
    var payload = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 1000") }
    }

    func run() async throws {
        let store = try await store.open()
        let events = try store.events(before: before ?? .max, type: type.map { Text($0) }, limit: limit)
        var rows: [JSONValue] = []
        var table = TextTable(columns: ["position", "time", "type", "id", "decisions"])
        for event in events {
            let decisions = try store.decisions(at: event.position)
            rows.append(event.json(decisions: decisions, withPayload: payload))
            var cells = [
                "\(event.position)", event.event.occurredAt.shortText, event.event.type.string,
                event.event.id?.string ?? "",
                decisions.map { [$0.rule.string, $0.reason.word].filter { !$0.isEmpty }.joined(separator: ": ") }
                    .joined(separator: ", "),
            ]
            if payload { cells[4] += "  " + String(decoding: event.event.payload, as: UTF8.self) }
            table.add(cells)
        }
        Printer.list(rows, table: table, named: "events", as: output.format)
        if let last = events.last, events.count == limit, output.format == .table {
            Printer.message("more: --before \(last.position)")
        }
    }
}
