// An answer as JSON: the same facts as the sentences, and all that the sentences leave out.
package import SendonceCore
import SendonceStore

extension WhyAnswer {
    /// Names and words are stable within `sendonce.why.v1`; new names may be added.
    package var json: JSONValue {
        .facts(
            ("schema", .word("sendonce.why.v1")),
            ("asked_at", .time(askedAt)),
            ("questions", .array(questions.map(\.json))),
            ("found", .bool(found)),
            ("more", .bool(hasMore)),
            ("stories", .array(stories.map(\.json))),
            ("absences", .array(absences.map(\.json))))
    }
}

extension Question {
    package var json: JSONValue {
        switch self {
        case .recipient(let address, let filter):
            .facts(
                ("kind", .word(word)), ("value", .text(address)), ("type", filter.type.map(JSONValue.text)),
                ("rule", filter.rule.map(JSONValue.text)), ("since", filter.since.map(JSONValue.time)))
        case .keyPart(let text), .event(let text), .providerMessage(let text), .subject(let text):
            .facts(("kind", .word(word)), ("value", .text(text)))
        case .position(let position): .facts(("kind", .word(word)), ("value", .count(position)))
        case .command(let id): .facts(("kind", .word(word)), ("value", .word(id.description)))
        }
    }
}

extension Story {
    /// `message` is what `relation` says: the event's own, the winner's, or the one that the event cancels.
    package var json: JSONValue {
        .facts(
            ("sentences", .array(sentences.map(JSONValue.word))),
            ("event", event.json(payload: false)),
            ("decision", decision.json),
            ("backfill", backfill?.json),
            ("relation", relation.map(JSONValue.word)),
            ("message", message?.record.json),
            ("attempts", message.map { .array($0.attempts.map(\.json)) }),
            ("acts", message.flatMap { $0.acts.isEmpty ? nil : .array($0.acts.map(\.json)) }),
            ("confirmed_duplicate", message.map { .bool($0.isConfirmedDuplicate) }),
            ("losers", message.flatMap { $0.losers.count > 0 ? $0.losers.json : nil }),
            ("repeats", repeats.count > 0 ? repeats.json : nil),
            ("next", message?.next.json))
    }

    private var relation: String? {
        guard message != nil else { return nil }
        switch decision.reason {
        case .emitted: return "own"
        case .cancels: return "cancelled"
        default: return "winner"
        }
    }
}

extension BackfillRecord {
    package var json: JSONValue {
        .facts(
            ("position", .count(event.position)), ("request", .text(backfill.request)),
            ("rule", .text(backfill.rule)), ("from", .count(backfill.range.from)),
            ("through", .count(backfill.range.through)),
            ("occurred_from", backfill.range.occurredFrom.map(JSONValue.time)),
            ("occurred_through", backfill.range.occurredThrough.map(JSONValue.time)),
            ("actor", .text(backfill.actor)), ("reason", .text(backfill.reason)),
            ("recorded_at", .time(event.recordedAt)))
    }
}

extension Losers {
    package var json: JSONValue {
        .facts(
            ("count", .count(count)), ("exact", .bool(isExact)),
            ("positions", .array(positions.map { .count($0) })))
    }
}

extension NextStep {
    /// The word of what happens next.
    package var word: String {
        switch self {
        case .nothing: "nothing"
        case .attempt: "attempt"
        case .outcome: "outcome"
        case .lapse: "lapse"
        case .repeatUnderKey: "repeat_under_key"
        case .repeatWithoutProof: "repeat_without_proof"
        case .dependsOnRoute: "depends_on_route"
        case .finish: "finish"
        case .hold: "hold"
        case .person: "person"
        }
    }

    package var json: JSONValue {
        switch self {
        case .nothing: .facts(("step", .word(word)))
        case .attempt(let number, let at), .repeatWithoutProof(let number, let at):
            .facts(("step", .word(word)), ("attempt", .count(number)), ("at", .time(at)))
        case .outcome(let attempt, let leaseEnd):
            .facts(
                ("step", .word(word)), ("attempt", .count(attempt)),
                ("lease_end", leaseEnd.map(JSONValue.time)))
        case .lapse(let attempt, let leaseEnd):
            .facts(("step", .word(word)), ("attempt", .count(attempt)), ("lease_end", .time(leaseEnd)))
        case .repeatUnderKey(let number, let at, let safeUntil):
            .facts(
                ("step", .word(word)), ("attempt", .count(number)), ("at", .time(at)),
                ("safe_until", safeUntil.map(JSONValue.time)))
        case .dependsOnRoute(let at): .facts(("step", .word(word)), ("at", .time(at)))
        case .finish(let state, let at, let cause):
            .facts(
                ("step", .word(word)), ("state", .word(state.rawValue)), ("at", .time(at)),
                ("cause", cause.map { .count($0) }))
        case .hold(let reason, let at):
            .facts(("step", .word(word)), ("hold", .word(reason.rawValue)), ("at", .time(at)))
        case .person(let acts):
            .facts(("step", .word(word)), ("acts", .array(acts.map { .word($0.rawValue) })))
        }
    }
}

extension Absence {
    /// `kind`, the sentence, and the values that it names.
    package var json: JSONValue {
        let kind = JSONMember("kind", .word(word))
        let sentence = JSONMember("sentence", .word(sentence.string))
        return .object([kind, sentence] + values.map { JSONMember($0.0, $0.1) })
    }

    private var values: [(Text, JSONValue)] {
        switch self {
        case .eventNeverAppended(let id): [("event", .text(id))]
        case .positionBeyondLog(let position, let last):
            [("position", .count(position)), ("last", .count(last))]
        case .subjectNeverAppended(let subject): [("subject", .text(subject))]
        case .commandUnknown(let id): [("command", .word(id.description))]
        case .providerMessageUnknown(let id): [("message_id", .text(id))]
        case .keyPartUnknown(let part, let similar):
            [("part", .text(part)), ("similar", .array(similar.map(JSONValue.string)))]
        case .keySearchPartial(let part, let read): [("part", .text(part)), ("read", .count(read))]
        case .recipientUnknown(let address, let similar):
            [("recipient", .text(address)), ("similar", .array(similar.map(JSONValue.string)))]
        case .recipientNotAnAddress(let text): [("recipient", .text(text))]
        case .nothingPassesFilter(let recipient): [("recipient", .text(recipient))]
        case .olderUnread(let recipient, let read):
            [("recipient", .text(recipient)), ("read", .count(read))]
        case .typeNeverAppended(let type): [("type", .text(type))]
        case .typeWithoutRule(let type, let latest): [("type", .text(type)), ("latest", .count(latest))]
        case .notYetDecided(let matches): [("events", .array(matches.map(\.json)))]
        case .intakeTooLong(let rows, let read): [("rows", .count(rows)), ("read", .count(read))]
        case .questionEmpty: []
        }
    }
}

extension IntakeMatch {
    package var json: JSONValue {
        .facts(
            ("id", id.map(JSONValue.text)), ("type", .text(type)), ("occurred_at", .time(occurredAt)),
            ("named", .bool(isNamed)))
    }
}
