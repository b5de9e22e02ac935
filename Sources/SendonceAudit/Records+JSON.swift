// Recorded rows as JSON values with stable names, for `--output json` and for pages.
package import SendonceCore
package import SendonceStore

extension JSONValue {
    /// An object without the members that have no value, so that an absent fact is an absent name and never a
    /// null.
    static func facts(_ members: (Text, JSONValue?)...) -> JSONValue {
        .object(members.compactMap { name, value in value.map { JSONMember(name, $0) } })
    }

    static func text(_ text: Text) -> JSONValue { .string(text) }
    static func word(_ word: String) -> JSONValue { .string(Text(word)) }
    static func count(_ number: some BinaryInteger) -> JSONValue { .integer(String(number)) }

    /// RFC 3339 in UTC with microseconds.
    static func time(_ time: Timestamp) -> JSONValue { .string(Text(time.text)) }

    /// A key's parts as an array of strings; the recorded text itself should it not be in canonical form.
    static func key(_ text: Text) -> JSONValue {
        KeyParts.parse(text).map { .array($0.map(JSONValue.string)) } ?? .string(text)
    }
}

extension LoggedEvent {
    /// `payload` is the payload's own text as a JSON string, present only when asked for.
    package func json(payload: Bool) -> JSONValue {
        .facts(
            ("position", .count(position)),
            ("id", event.id.map(JSONValue.text)),
            ("type", .text(event.type)),
            ("source", event.source.isEmpty ? nil : .text(event.source)),
            ("subject", event.subject.map(JSONValue.text)),
            ("occurred_at", .time(event.occurredAt)),
            ("recorded_at", .time(recordedAt)),
            ("traceparent", event.traceparent.map(JSONValue.text)),
            ("payload_bytes", .count(event.payload.count)),
            ("payload", payload ? .word(String(decoding: event.payload, as: UTF8.self)) : nil),
            ("link", .word(link.description)))
    }
}

extension DecisionRecord {
    /// `event` is there where a backfill at `position` decided a past one. `reason` is a word of the closed
    /// list; what belongs to one reason only stands under its own name.
    package var json: JSONValue {
        .facts(
            ("position", .count(position)),
            ("event", event.map { .count($0) }),
            ("rule", rule.isEmpty ? nil : .text(rule)),
            ("item", .count(item)),
            ("reason", .word(reason.word)),
            ("winner", reason.winner.map { .count($0) }),
            ("until", reason.until.map(JSONValue.time)),
            ("part", reason.part.map(JSONValue.word)),
            ("param", reason.param.map(JSONValue.word)),
            ("detail", reason.detail.map(JSONValue.word)),
            ("key", key.map(JSONValue.key)),
            ("recipient", recipient.map(JSONValue.text)),
            ("command", (command ?? reason.command).map { .word($0.description) }))
    }
}

extension Reason {
    /// Position of the event that it lost to or repeats.
    fileprivate var winner: Int64? {
        switch self {
        case .duplicate(let winner), .withinWindow(let winner, _), .repeatedEvent(let winner): winner
        default: nil
        }
    }

    fileprivate var until: Timestamp? {
        guard case .withinWindow(_, let until) = self else { return nil }
        return until
    }

    fileprivate var part: String? {
        switch self {
        case .keyMissing(let part), .keyInvalid(let part): part
        default: nil
        }
    }

    fileprivate var param: String? {
        guard case .paramMissing(let name) = self else { return nil }
        return name
    }

    fileprivate var detail: String? {
        switch self {
        case .conditionFalse(let detail): detail
        case .recipientInvalid(let detail), .payloadInvalid(let detail), .control(let detail): detail
        default: nil
        }
    }

    fileprivate var command: CommandID? {
        guard case .cancels(let command) = self else { return nil }
        return command
    }
}

extension MessageRecord {
    package var json: JSONValue {
        .facts(
            ("number", .count(number)),
            ("command", .word(id.description)),
            ("position", .count(position)),
            ("rule", .text(rule)),
            ("key", .key(key)),
            ("slot", .text(slot)),
            ("generation", .count(generation)),
            ("rule_set", .word(ruleSet.description)),
            ("recipient", .text(recipient)),
            ("route", .text(route)),
            ("not_before", .time(notBefore)),
            ("expires_at", expiresAt.map(JSONValue.time)),
            ("on_unknown", onUnknown.map { .word($0.rawValue) }),
            ("attempts", .count(attempts)),
            ("state", .word(standing.word)),
            ("standing", standing.json))
    }
}

extension CommandStanding {
    /// Times and causes of the state; which names are present depends on it.
    package var json: JSONValue {
        switch self {
        case .queued(let queue):
            .facts(
                ("due_at", .time(queue.dueAt)),
                ("lease_end", queue.leaseEnd.map(JSONValue.time)),
                ("hold", queue.hold.map { .word($0.rawValue) }),
                ("hold_detail", queue.holdDetail.map(JSONValue.text)),
                ("held_at", queue.heldAt.map(JSONValue.time)),
                ("cancelled_by", queue.cancelledBy.map { .count($0) }),
                ("superseded_by", queue.supersededBy.map { .count($0) }))
        case .finished(_, let at, let cause):
            .facts(("finished_at", .time(at)), ("cause", cause.map { .count($0) }))
        }
    }
}

extension AttemptRecord {
    package var json: JSONValue {
        .facts(
            ("attempt", .count(attempt)),
            ("token", .count(token)),
            ("route", .text(route)),
            ("dispatcher", .text(dispatcher)),
            ("request_digest", .word(requestDigest.description)),
            ("started_at", .time(startedAt)),
            ("outcome", outcome?.json),
            ("late_answers", .array(lateAnswers.map(\.json))))
    }
}

extension OutcomeRecord {
    package var json: JSONValue {
        .facts(
            ("outcome", .word(verdict.outcome.rawValue)),
            ("finished_at", .time(finishedAt)),
            ("status", status.map { .count($0) }),
            ("code", verdict.code.isEmpty ? nil : .text(verdict.code)),
            ("words", verdict.words.isEmpty ? nil : .text(verdict.words)),
            ("message_id", verdict.messageID.map(JSONValue.text)),
            ("counts", .bool(verdict.counts)),
            ("issues", .count(issues)))
    }
}
