// `sendonce test`: one event through the rules, with the message that would go out.
import ArgumentParser
import SendonceAudit
import SendonceCore
import SendonceDelivery
import SendonceJSON
import SendonceRuleFiles
import SendonceRules
import SendonceStore
import SendonceTemplates

struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Show what the rules decide about one event, and the message.",
        discussion: """
            The file holds {"type": "order.placed", "data": {…}}, optionally with id, source, subject and \
            time. Nothing is stored and nothing can be sent: the ledger is empty, so duplicates do not show.

              sendonce test event.json --rules rules.yaml
            """)

    @Argument(help: "The event, as JSON: FILE, or - for standard input.")
    var event: String

    @Option(name: .long, help: "The rule file (default: rules.yaml).")
    var rules: String = "rules.yaml"

    @Option(name: .long, help: "Exit 1 unless some rule decides this (for example emitted).")
    var expect: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let expect, !Reason.words.contains(expect) {
            throw ValidationError("--expect must be one of: \(Reason.words.joined(separator: ", "))")
        }
    }

    func run() async throws {
        let parsed = try MessageCheck.checked(try RuleFiles.load(rules))
        let event = try TestEvent.read(event == "-" ? Input.bytes("-") : Input.file(event), name: event)
        let decisions = Rehearsal(parsed.ruleSet).decisions(for: event)
        let previews = try decisions.compactMap { decision in
            try decision.command.map { try preview($0, parsed: parsed, event: event) }
        }
        switch output.format {
        case .table: show(decisions, previews)
        case .json, .jsonl:
            Printer.json(
                .object([
                    JSONMember("schema", "sendonce.test.v1".json),
                    JSONMember("decisions", .array(decisions.map { DecisionRecord($0).json })),
                    JSONMember("messages", .array(previews.map(\.json))),
                ]))
        }
        if let expect, !decisions.contains(where: { $0.reason.word == expect }) {
            Printer.message("expected \(expect), got \(decisions.map(\.reason.word).joined(separator: ", "))")
            throw ExitCode(ExitStatus.no.rawValue)
        }
    }

    private func show(_ decisions: [Decision], _ previews: [Message]) {
        for decision in decisions {
            let rule = decision.rule.isEmpty ? "" : "\(decision.rule): "
            let key = decision.key.map { " key \($0.text)" } ?? ""
            let to = decision.recipient.map { " to \($0)" } ?? ""
            Printer.line(Printer.visible("\(rule)\(decision.reason.sentence)\(key)\(to)"))
        }
        for message in previews {
            Printer.line("")
            Printer.line(Printer.visible(message.preview, keepingLines: true))
        }
    }

    private func preview(_ command: Command, parsed: ParsedRules, event: Event) throws -> Message {
        guard let rule = parsed.ruleSet.rule(named: command.rule) else {
            throw CommandError("no rule \(command.rule)")
        }
        do {
            return try MessageBuilder.message(
                for: command, rule: rule, event: event, document: try PayloadReader.document(event.payload),
                templates: TemplateSet(files: parsed.source.templateTexts))
        } catch {
            throw CommandError("\(rules): \(command.rule): the message cannot be built: \(error)")
        }
    }
}

extension DecisionRecord {
    /// A decision that was not recorded, in the form of one that was.
    fileprivate init(_ decision: Decision) {
        self.init(
            position: decision.position, rule: decision.rule, item: decision.item, reason: decision.reason,
            key: decision.key?.text, recipient: decision.recipient, command: decision.command?.id)
    }
}

extension Reason {
    /// The closed word, with what it names.
    fileprivate var sentence: String {
        switch self {
        case .keyMissing(let part), .keyInvalid(let part): "\(word) \(part)"
        case .paramMissing(let name): "\(word) \(name)"
        case .recipientInvalid(let detail), .payloadInvalid(let detail), .control(let detail):
            "\(word): \(detail)"
        case .conditionFalse(let detail): detail.map { "\(word): \($0)" } ?? word
        default: word
        }
    }
}

extension Message {
    /// The message as a person wants to see it before it goes out.
    fileprivate var preview: String {
        var lines = ["from: \(from.name.map { "\($0) " } ?? "")<\(from.address)>", "to: \(to)"]
        switch content {
        case .template(let id, let params): lines.append("provider template \(id) with \(params.jsonText)")
        case .rendered(let subject, let html, let text):
            lines.append("subject: \(subject)")
            if let text { lines.append("--- text\n\(text)") }
            if let html { lines.append("--- html\n\(html)") }
        }
        return lines.joined(separator: "\n")
    }

    fileprivate var json: JSONValue {
        var members = [
            JSONMember("command", command.description.json), JSONMember("to", to.description.json),
            JSONMember("from", from.address.description.json),
        ]
        switch content {
        case .template(let id, let params):
            members += [JSONMember("provider_template", .string(id)), JSONMember("params", params)]
        case .rendered(let subject, let html, let text):
            members += [
                JSONMember("subject", .string(subject)),
                JSONMember("html", html.map { .string($0) } ?? .null),
                JSONMember("text", text.map { .string($0) } ?? .null),
            ]
        }
        return .object(members)
    }
}

/// The event of `sendonce test`, read from JSON.
enum TestEvent {
    private static let known: [Text] = ["type", "data", "id", "source", "subject", "time"]

    static func read(_ bytes: [UInt8], name: String) throws -> Event {
        let document: JSONValue
        do {
            document = try PayloadReader.document(bytes)
        } catch {
            throw CommandError("\(name): \(error.description)")
        }
        guard case .object(let members) = document else {
            throw CommandError("\(name): the event must be a JSON object with type and data")
        }
        if let stranger = members.first(where: { !known.contains($0.name) }) {
            throw CommandError(
                "\(name): unknown member \(stranger.name); known are type, data, id, source, subject, time")
        }
        guard let type = try text("type", in: document, of: name), let data = document.member("data") else {
            throw CommandError("\(name): type or data is missing")
        }
        let time = try text("time", in: document, of: name)
        guard let occurredAt = time.map({ Timestamp($0.string) }) ?? SystemClock.now() else {
            throw CommandError("\(name): time is not RFC 3339, for example 2026-11-21T22:04:05Z")
        }
        return Event(
            id: try text("id", in: document, of: name), type: type,
            source: try text("source", in: document, of: name) ?? "",
            subject: try text("subject", in: document, of: name), payload: Array(data.jsonText.utf8),
            occurredAt: occurredAt)
    }

    private static func text(_ member: Text, in document: JSONValue, of name: String) throws -> Text? {
        switch document.member(member) {
        case nil: return nil
        case .string(let text): return text
        default: throw CommandError("\(name): \(member) must be a text")
        }
    }
}
