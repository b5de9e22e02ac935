// A log in memory, without any store: what an exported file is to replay.
import SendonceCore
import SendonceProjection
import SendonceReading
import SendonceRules
import SendonceStore

struct PlainLog: LogReader {
    private(set) var logged: [LoggedEvent] = []
    private(set) var known: [Activation] = []
    private(set) var files: [Digest: [RuleSetFile]] = [:]
    /// The first position that is there: a file may begin later than its log.
    var first: Int64 = 1
    private var inForce: ParsedRules?

    func head() throws(StoreError) -> LogHead {
        logged.last.map { LogHead(position: $0.position, link: $0.link) } ?? .empty
    }

    func activations() throws(StoreError) -> [Activation] { known }

    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? { files[digest] }

    func events(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent] {
        Array(logged.filter { $0.position > position && $0.position >= first }.prefix(limit))
    }

    // MARK: Writing

    /// The event is taken into the log a second after it happened.
    mutating func add(_ event: Event) {
        let head = logged.last.map { LogHead(position: $0.position, link: $0.link) } ?? .empty
        let next = head.adding(event)
        logged.append(
            LoggedEvent(
                position: next.position, event: event, link: next.link,
                recordedAt: event.occurredAt + .seconds(1)))
    }

    mutating func removeLast() { logged.removeLast() }

    mutating func add(_ type: Text, _ payload: String, at seconds: Int64, id: Text? = nil) {
        add(
            Event(
                id: id, type: type, source: id == nil ? "" : "shop", payload: Array(payload.utf8),
                occurredAt: Timestamp(microseconds: seconds * 1_000_000)))
    }

    mutating func activate(_ parsed: ParsedRules, at seconds: Int64 = 0) throws {
        let change = try RuleChange.compare(
            active: inForce, activeScopes: known.last?.scopes ?? [:], new: parsed,
            historicScopes: Set(known.flatMap { $0.scopes.values }).sorted())
        let time = Timestamp(microseconds: seconds * 1_000_000)
        let activation = Activation(
            position: Int64(logged.count) + 1, ruleSet: parsed.ruleSet.digest, scopes: change.scopes,
            actor: "ann", reason: "", recordedAt: time + .seconds(1))
        files[parsed.ruleSet.digest] = parsed.source.files
        known.append(activation)
        inForce = parsed
        add(
            Event(
                type: Event.activationType, source: "sendonce", payload: Array(activation.payload.utf8),
                occurredAt: time))
    }

    /// A stored rule set behaves as if somebody had changed it.
    mutating func damage(_ digest: Digest) {
        files[digest] = [RuleSetFile(name: "rules", content: Array("version: 1\nrules: {}\n".utf8))]
    }
}

/// Rule files for comparisons.
enum WhatIfRules {
    static func rule(
        _ name: String, event: String = "order.placed", to: String = "data.email", key: String = "data.order",
        template: String = "{ provider_id: \"1\" }", extra: [String] = []
    ) -> String {
        let lines = [
            "  \(name):", "    event: \(event)", "    to: \(to)", "    once_per: [\(key)]",
            "    template: \(template)",
        ]
        return (lines + extra.map { "    " + $0 }).joined(separator: "\n")
    }

    static func parsed(_ rules: String..., templates: [String: String] = [:]) throws -> ParsedRules {
        try parsed(rules, templates: templates)
    }

    static func parsed(_ rules: [String], templates: [String: String] = [:]) throws -> ParsedRules {
        try RuleFile.parse(Array(text(rules).utf8), fileName: "rules.yaml") {
            templates[$0].map { Array($0.utf8) }
        }
    }

    static func text(_ rules: [String]) -> String {
        "version: 1\ndefaults: { route: brevo, from: shop@shop.example }\nrules:\n"
            + rules.joined(separator: "\n") + "\n"
    }
}
