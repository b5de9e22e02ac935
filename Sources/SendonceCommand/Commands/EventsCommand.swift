// `sendonce events`: the log, newest first.
import ArgumentParser
import SendonceAudit
import SendonceCore
import SendonceSQLite
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
        var table = TextTable([
            .init("position", side: .right), .init("time"), .init("type"), .init("id"),
            .init("decisions", isFlexible: true),
        ])
        for event in events {
            let decisions = try store.decisions(at: event.position)
            rows.append(event.json(payload: payload, decisions: decisions))
            var words = decisions.map { decision in
                [decision.rule.string, decision.reason.word].filter { !$0.isEmpty }.joined(separator: ": ")
                    + (decision.event == nil ? "" : " (backfill #\(decision.position))")
            }.joined(separator: ", ")
            if payload { words += "  " + String(decoding: event.event.payload, as: UTF8.self) }
            table.add(
                "\(event.position)", event.event.occurredAt.shortText, event.event.type.string,
                event.event.id?.string ?? "", words)
        }
        Printer.list(rows, table: table, named: "events", as: output.format)
        if let last = events.last, events.count == limit, output.format == .table {
            Printer.message("more: --before \(last.position)")
        }
    }
}

extension LoggedEvent {
    /// The event with what was decided about it.
    fileprivate func json(payload: Bool, decisions: [DecisionRecord]) -> JSONValue {
        guard case .object(let members) = json(payload: payload) else { return json(payload: payload) }
        return .object(members + [JSONMember("decisions", .array(decisions.map(\.json)))])
    }
}
