// What a person's backfill asks for, as its events in the log say it. A rule acts on events after its
// activation only; a backfill lets it decide past ones, a bounded number with each event of the log.

/// Which past events a backfill is about.
package struct BackfillRange: Hashable, Sendable {
    /// First and last position, both included.
    package var from: Int64
    package var through: Int64
    /// Where given, only events that happened then or later, by their own time.
    package var occurredFrom: Timestamp?
    /// Where given, only events that happened then or earlier.
    package var occurredThrough: Timestamp?

    package init(
        from: Int64, through: Int64, occurredFrom: Timestamp? = nil, occurredThrough: Timestamp? = nil
    ) {
        self.from = from
        self.through = through
        self.occurredFrom = occurredFrom
        self.occurredThrough = occurredThrough
    }

    package func contains(_ position: Int64, _ occurredAt: Timestamp) -> Bool {
        guard position >= from, position <= through else { return false }
        if let occurredFrom, occurredAt < occurredFrom { return false }
        if let occurredThrough, occurredAt > occurredThrough { return false }
        return true
    }
}

/// How far a request has come, this event of it included.
package struct BackfillTotals: Hashable, Sendable {
    /// Past events that were decided, or found to have won before.
    package var events: Int64 = 0
    /// Commands that were emitted.
    package var emitted: Int64 = 0
    /// Of these, the ones that were not expired, cancelled or superseded when they were emitted. A request
    /// stops before it exceeds the number that a person confirmed.
    package var sendable: Int64 = 0

    package init(events: Int64 = 0, emitted: Int64 = 0, sendable: Int64 = 0) {
        self.events = events
        self.emitted = emitted
        self.sendable = sendable
    }
}

/// One event of a backfill: the request, and the place of this event in it.
package struct Backfill: Hashable, Sendable {
    /// Names the request; the subject of all its events. Given again, it goes on where it stopped.
    package var request: Text
    package var rule: Text
    package var range: BackfillRange
    /// The rule set that was in force when the request began. It ends where another one is.
    package var ruleSet: Digest
    package var actor: Text
    package var reason: Text
    /// Counts the request's events from 1.
    package var part: Int64
    /// First and last position that this event is about. Together the parts are the range, without holes.
    package var first: Int64
    package var last: Int64
    package var totals: BackfillTotals

    package init(
        request: Text, rule: Text, range: BackfillRange, ruleSet: Digest, actor: Text, reason: Text,
        part: Int64, first: Int64, last: Int64, totals: BackfillTotals = BackfillTotals()
    ) {
        self.request = request
        self.rule = rule
        self.range = range
        self.ruleSet = ruleSet
        self.actor = actor
        self.reason = reason
        self.part = part
        self.first = first
        self.last = last
        self.totals = totals
    }

    package var isLast: Bool { last >= range.through }

    /// Whether the other is a part of the same request, whoever gave it and why.
    package func continues(_ other: Backfill) -> Bool {
        request == other.request && rule == other.rule && range == other.range && ruleSet == other.ruleSet
    }

    /// What the log's own decision about the event says that it did.
    package func words(_ conclusion: BackfillConclusion) -> String {
        var counts = Reason.words.compactMap { word in
            let count = conclusion.decisions.count { $0.reason.word == word }
            return count > 0 ? "\(count) \(word)" : nil
        }
        if conclusion.wonBefore > 0 { counts.append("\(conclusion.wonBefore) emitted before") }
        let result = counts.isEmpty ? "nothing to decide" : counts.joined(separator: ", ")
        let whole = first == range.from && isLast ? "" : " of #\(range.from) to #\(range.through)"
        return "request \(request) by \(actor): rule \(rule) decided events #\(first) to #\(last)\(whole): "
            + "\(result) (\(reason))"
    }
}

// MARK: - Payload

extension Backfill {
    /// The payload of the request's event: with the log before it and the ledger, all that a replay needs.
    package var payload: String {
        func count(_ number: Int64) -> JSONValue { .integer(String(number)) }
        var members = [
            JSONMember("request", .string(request)), JSONMember("rule", .string(rule)),
            JSONMember("rule_set", .string(Text(ruleSet.description))),
            JSONMember("from", count(range.from)), JSONMember("through", count(range.through)),
        ]
        for (name, time) in [
            ("occurred_from", range.occurredFrom), ("occurred_through", range.occurredThrough),
        ] {
            if let time { members.append(JSONMember(Text(name), .string(Text(time.text)))) }
        }
        members += [
            JSONMember("actor", .string(actor)), JSONMember("reason", .string(reason)),
            JSONMember("part", count(part)), JSONMember("first", count(first)),
            JSONMember("last", count(last)), JSONMember("events", count(totals.events)),
            JSONMember("emitted", count(totals.emitted)), JSONMember("sendable", count(totals.sendable)),
        ]
        return JSONValue.object(members).jsonText
    }

    /// Reads the payload back; nil if any of it cannot be read, which only a changed log can hold.
    package init?(payload: JSONValue) {
        func text(_ name: Text) -> Text? {
            guard case .string(let text) = payload.member(name) else { return nil }
            return text
        }
        func count(_ name: Text) -> Int64? {
            guard case .integer(let digits) = payload.member(name) else { return nil }
            return Int64(digits)
        }
        func time(_ name: Text) -> Timestamp? { text(name).flatMap { Timestamp($0.string) } }
        // A bound that cannot be read is not one that was left out: without it more would be decided.
        for bound in ["occurred_from", "occurred_through"] as [Text] where payload.member(bound) != nil {
            guard time(bound) != nil else { return nil }
        }
        guard let request = text("request"), let rule = text("rule"), let actor = text("actor"),
            let reason = text("reason"), let ruleSet = text("rule_set"),
            let digest = Digest(hexadecimal: ruleSet.string), let from = count("from"),
            let through = count("through"), let part = count("part"), let first = count("first"),
            let last = count("last"), let events = count("events"), let emitted = count("emitted"),
            let sendable = count("sendable"), from >= 1, from <= first, first <= last, last <= through
        else { return nil }
        self.init(
            request: request, rule: rule,
            range: BackfillRange(
                from: from, through: through,
                occurredFrom: time("occurred_from"), occurredThrough: time("occurred_through")),
            ruleSet: digest, actor: actor, reason: reason, part: part, first: first, last: last,
            totals: BackfillTotals(events: events, emitted: emitted, sendable: sendable))
    }
}
