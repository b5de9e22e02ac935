// `sendonce test`: one event through the rules, with the message that would go out.
import ArgumentParser
import SendonceAudit
import SendonceCore
import SendonceDelivery
import SendonceJSON
import SendonceRules
import SendonceTemplates

struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Show what the rules decide about one event, and the message.",
        discussion: """
            The file holds {"type": "order.placed", "data": {…}}, optionally with id, source, subject and time. Nothing \
            is stored and nothing can be sent: the ledger is empty, so duplicates do not show.

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
        let parsed = try RuleFiles.load(rules)
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
                    JSONMember("decisions", .array(decisions.map(\.json))),
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
                templates: try TemplateSet(parsed.source.files))
        } catch {
            throw CommandError("\(rules): \(command.rule): the message cannot be built: \(error)")
        }
    }
}
