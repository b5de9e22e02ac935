// Small builders of rules, events and ledgers, so that a test shows only what it is about.
@testable import SendonceCore

/// Collects payload paths while rules are written, as the rule file's reader does.
struct SampleRules {
    private(set) var paths: [Path] = []
    var rules: [Rule] = []

    /// A dotted path: `data.a.b` or a name of the envelope.
    mutating func field(_ dotted: String) -> FieldReference {
        let names = dotted.split(separator: ".").map(String.init)
        let root = names.first.flatMap(Path.Root.init(rawValue:)) ?? .data
        let path = Path(root, names.dropFirst().map { .member(Text($0)) })
        guard root == .data else { return FieldReference(path: path, slot: -1) }
        if let slot = paths.firstIndex(of: path) { return FieldReference(path: path, slot: slot) }
        paths.append(path)
        return FieldReference(path: path, slot: paths.count - 1)
    }

    mutating func parts(_ names: [String]) -> [KeyPart] {
        names.map { $0 == "recipient" ? .recipient : .field(field($0)) }
    }

    /// Adds a rule; `adjust` sets what the test is about.
    mutating func add(
        _ name: Text = "welcome", on event: Text = "user.joined", once: [String] = ["data.user_id"],
        to: String = "data.email", window: Window = .forever, params: [TemplateParam] = [],
        adjust: (inout Rule, inout SampleRules) -> Void = { _, _ in }
    ) {
        guard let sender = EmailAddress("shop@x.test") else { return }
        var rule = Rule(
            name: name, scope: name, event: event, recipient: field(to), key: parts(once), window: window,
            message: MessageSource(
                from: Mailbox(name: nil, address: sender), template: .provider(id: "3", params: params)),
            route: "brevo")
        adjust(&rule, &self)
        rules.append(rule)
    }

    var ruleSet: RuleSet {
        let names = rules.map { "\($0.name) \($0.window)" }.joined(separator: "\n")
        return RuleSet(digest: DigestBuilder.digest(of: Array(names.utf8)), rules: rules, payloadPaths: paths)
    }

    static func one(
        once: [String] = ["data.user_id"], to: String = "data.email", window: Window = .forever,
        params: [TemplateParam] = [], adjust: (inout Rule, inout SampleRules) -> Void = { _, _ in }
    ) -> RuleSet {
        var sample = SampleRules()
        sample.add(once: once, to: to, window: window, params: params, adjust: adjust)
        return sample.ruleSet
    }
}

/// An event with its payload as a value, so that no parser is needed.
struct SampleEvent: Sendable {
    var event: Event
    var payload: JSONValue

    init(
        _ type: Text = "user.joined", id: Text? = nil, source: Text = "", subject: Text? = nil,
        at microseconds: Int64 = 0,
        _ members: KeyValuePairs<Text, JSONValue> = [
            "user_id": .integer("42"), "email": .string("ann@x.test"),
        ]
    ) {
        payload = .object(members.map { JSONMember($0, $1) })
        event = Event(
            id: id, type: type, source: source, subject: subject, payload: Array(payload.jsonText.utf8),
            occurredAt: Timestamp(microseconds: microseconds))
    }

    func fields(under rules: RuleSet) -> Fields {
        var fields = Fields(count: rules.payloadPaths.count)
        // As the payload's reader does: only the slots that the event's type needs are looked at.
        for slot in rules.reading(of: event.type)?.slots ?? [] {
            fields.values[slot] = rules.payloadPaths[slot].steps.reduce(Optional(payload)) { value, step in
                guard case .member(let name) = step else { return nil }
                return value?.member(name)
            }
        }
        return fields
    }

    func drafts(at position: Int64 = 1, under rules: RuleSet) -> [Projector.Draft] {
        Projector.draft(event, at: position, fields: .success(fields(under: rules)), under: rules)
    }
}

/// A ledger as a store keeps it: rows, and answers by question.
struct SampleLedger {
    struct Row {
        var key: Digest
        var winner: Winner
    }

    private(set) var rows: [Row] = []

    func winners(_ question: LedgerQuestion) -> [Winner] {
        let ofKey = rows.filter { $0.key == question.key.digest }.map(\.winner).sorted {
            $0.position < $1.position
        }
        switch question.range {
        case .first: return Array(ofKey.prefix(1))
        case .latest: return Array(ofKey.suffix(1))
        case .between(let from, let end):
            return ofKey.filter { $0.occurredAt.microseconds >= from.microseconds }
                .filter { $0.occurredAt.microseconds < end.microseconds }
        }
    }

    /// Projects a batch in one go, as the live projector does, and keeps the winners.
    mutating func project(_ batch: [(position: Int64, event: SampleEvent, rules: RuleSet)]) -> [Decision] {
        let drafts = batch.map { ($0.position, $0.event.drafts(at: $0.position, under: $0.rules)) }
        var known: [LedgerQuestion: [Winner]] = [:]
        for question in drafts.flatMap({ $0.1.compactMap(\.question) }) {
            known[question] = winners(question)
        }
        var view = LedgerView(known: known)
        let decisions = drafts.flatMap { Projector.decide($0.1, at: $0.0, ledger: &view) }
        for decision in decisions {
            guard let command = decision.command else { continue }
            let winner = Winner(
                position: command.position, occurredAt: command.occurredAt, slot: command.slot,
                generation: command.generation, command: command.id)
            rows.append(Row(key: command.key.digest, winner: winner))
        }
        return decisions
    }

    /// Projects events one after the other under the same rules, from position 1.
    static func decisions(_ events: [SampleEvent], under rules: RuleSet) -> [Decision] {
        var ledger = SampleLedger()
        return ledger.project(
            events.enumerated().map { (position: Int64($0 + 1), event: $1, rules: rules) })
    }
}
