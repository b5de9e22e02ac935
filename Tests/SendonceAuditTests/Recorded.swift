// An audit port over rows in memory, with the few verbs that a test needs to record a story.
import SendonceCore
import SendonceStore

/// Rows as a store would have them. Reads follow the words of `AuditReader`.
struct Recorded: AuditReader {
    var log: [LoggedEvent] = []
    var decided: [DecisionRecord] = []
    var commands: [MessageRecord] = []
    var tried: [CommandID: [AttemptRecord]] = [:]
    var done: [CommandID: [ActRecord]] = [:]
    var waiting: [IntakeEvent] = []
    var scopesInForce: [Text: Text] = [:]

    func events(after position: Int64, type: Text?, limit: Int) -> [LoggedEvent] {
        Array(log.filter { $0.position > position && (type == nil || $0.event.type == type) }.prefix(limit))
    }

    func events(before position: Int64, type: Text?, limit: Int) -> [LoggedEvent] {
        let all = log.filter { $0.position < position && (type == nil || $0.event.type == type) }
        return Array(all.reversed().prefix(limit))
    }

    func event(at position: Int64) -> LoggedEvent? {
        log.first { $0.position == position }
    }

    func positions(ofEvent id: Text, limit: Int) -> [Int64] {
        Array(log.filter { $0.event.id == id }.map(\.position).prefix(limit))
    }

    func positions(ofSubject subject: Text, limit: Int) -> [Int64] {
        Array(log.filter { $0.event.subject == subject }.map(\.position).reversed().prefix(limit))
    }

    func decisions(at position: Int64) -> [DecisionRecord] {
        decided.filter { $0.about == position }
    }

    func decisions(losingTo winner: Int64, limit: Int) -> [DecisionRecord] {
        let losers = decided.filter { decision in
            switch decision.reason {
            case .duplicate(winner), .withinWindow(winner, _), .repeatedEvent(winner): true
            default: false
            }
        }
        return Array(losers.prefix(limit))
    }

    func refusals(of recipient: Text, rule: Text?, limit: Int) -> [DecisionRecord] {
        let refused = decided.filter { decision in
            guard decision.recipient == recipient, decision.command == nil,
                rule ?? decision.rule == decision.rule
            else { return false }
            switch decision.reason {
            case .duplicate, .withinWindow, .repeatedEvent, .emitted: return false
            default: return true
            }
        }
        return Array(refused.reversed().prefix(limit))
    }

    func messages(_ filter: MessageFilter, before number: Int64?, limit: Int) -> [MessageRecord] {
        let passing = commands.filter { message in
            (filter.recipient == nil || filter.recipient == message.recipient)
                && (filter.rule == nil || filter.rule == message.rule)
                && (filter.route == nil || filter.route == message.route)
                && (filter.state == nil || filter.state == message.standing.word)
                && message.number < number ?? .max
        }
        return Array(passing.reversed().prefix(limit))
    }

    func message(_ id: CommandID) -> MessageRecord? {
        commands.first { $0.id == id }
    }

    func message(providerID: Text) -> MessageRecord? {
        commands.first { message in
            tried[message.id, default: []].contains { $0.outcome?.verdict.messageID == providerID }
        }
    }

    func messages(keyPart: Text, limit: Int) -> [MessageRecord] {
        let quoted = JSONValue.quoted(keyPart.string)
        let having = commands.filter { message in
            let inner = message.key.string.dropFirst().dropLast()
            return inner.split(separator: ",").contains { Text(String($0)) == Text(quoted) }
        }
        return Array(having.reversed().prefix(limit))
    }

    func similarKeys(to part: Text, limit: Int) -> [Text] {
        let parts = commands.flatMap { message in
            message.key.string.dropFirst().dropLast().split(separator: ",").map {
                Text(String($0.dropFirst().dropLast()))
            }
        }
        let similar = parts.filter { $0 != part && Recorded.folded($0) == Recorded.folded(part) }
        return Array(similar.prefix(limit))
    }

    /// Without case, leading zeros, blanks and punctuation.
    private static func folded(_ text: Text) -> String {
        let kept = text.string.lowercased().filter { $0.isLetter || $0.isNumber }
        return String(kept.drop { $0 == "0" })
    }

    func attempts(of id: CommandID) -> [AttemptRecord] {
        tried[id] ?? []
    }

    func acts(on id: CommandID) -> [ActRecord] {
        done[id] ?? []
    }

    func intake(limit: Int) -> [IntakeEvent] {
        Array(waiting.prefix(limit))
    }

    func counts() -> StoreCounts {
        StoreCounts(
            intake: Int64(waiting.count), logged: Int64(log.count), commands: Int64(commands.count),
            queued: [:],
            finished: [:], oldestIntakeAt: nil, oldestHeldAt: nil, oldestDueAt: nil)
    }

    func ruleSetFiles(_ digest: Digest) -> [RuleSetFile]? { nil }

    func activation() -> Activation? {
        Activation(
            position: 1, ruleSet: .zero, scopes: scopesInForce, actor: "ann", reason: "first rules",
            recordedAt: time(0))
    }

    func scopes() -> [Text: Int64] { [:] }
    func lastScopes() -> [Text: Text] { [:] }
}

/// So many seconds after 2026-11-21 22:04:00 UTC.
func time(_ seconds: Int64) -> Timestamp {
    Timestamp(microseconds: (1_795_298_640 + seconds) * 1_000_000)
}

// MARK: - Recording

extension Recorded {
    /// Event #17 happens at second 17; it is decided a fifth of a second later.
    mutating func append(
        _ position: Int64, _ type: Text = "order.placed", id: Text? = nil, source: Text = "",
        subject: Text? = nil
    ) {
        let event = Event(
            id: id, type: type, source: source, subject: subject, payload: Array(#"{"secret":"hush"}"#.utf8),
            occurredAt: time(position))
        log.append(
            LoggedEvent(
                position: position, event: event, link: .zero,
                recordedAt: time(position) + .milliseconds(200)))
    }

    mutating func refuse(
        _ position: Int64, _ reason: Reason, rule: Text = "order-confirmation", item: Int64 = 0,
        key: [Text]? = nil,
        to recipient: Text? = nil
    ) {
        let key = key.map { Key(scope: rule, parts: $0).text }
        decided.append(
            DecisionRecord(
                position: position, rule: rule, item: item, reason: reason, key: key, recipient: recipient,
                command: nil))
    }

    /// Emits a command for an event that is in the log.
    @discardableResult
    mutating func emit(
        _ position: Int64, rule: Text = "order-confirmation", key parts: [Text] = ["42"],
        to recipient: Text = "ann@shop.test", route: Text = "brevo", slot: Text = "forever",
        generation: Int64 = 1,
        notBefore: Timestamp? = nil, expiresAt: Timestamp? = nil, onUnknown: OnUnknown? = nil,
        standing: CommandStanding, attempts: [AttemptRecord] = []
    ) -> CommandID {
        let key = Key(scope: rule, parts: parts)
        let id = CommandID(key: key.digest, slot: slot, generation: generation)
        decided.append(
            DecisionRecord(
                position: position, rule: rule, item: 0, reason: .emitted, key: key.text,
                recipient: recipient,
                command: id))
        commands.append(
            MessageRecord(
                number: Int64(commands.count + 1), id: id, position: position, rule: rule, key: key.text,
                slot: slot,
                generation: generation, ruleSet: DigestBuilder.digest(of: [1]), recipient: recipient,
                route: route,
                notBefore: notBefore ?? time(position), expiresAt: expiresAt, onUnknown: onUnknown,
                attempts: attempts.count, standing: standing))
        tried[id] = attempts
        return id
    }
}

func queued(
    _ state: QueueState, due: Int64, leaseEnd: Int64? = nil, hold: HoldReason? = nil, detail: Text? = nil,
    heldAt: Int64? = nil, cancelledBy: Int64? = nil, supersededBy: Int64? = nil
) -> CommandStanding {
    .queued(
        QueueStanding(
            state: state, dueAt: time(due), leaseEnd: leaseEnd.map(time), hold: hold, holdDetail: detail,
            heldAt: heldAt.map(time), cancelledBy: cancelledBy, supersededBy: supersededBy))
}

func attempt(
    _ number: Int, at start: Int64, _ outcome: OutcomeRecord?, late: [OutcomeRecord] = []
) -> AttemptRecord {
    AttemptRecord(
        attempt: number, token: Int64(number), route: "brevo", dispatcher: "mail-1", requestDigest: .zero,
        startedAt: time(start), outcome: outcome, lateAnswers: late)
}

func outcome(
    _ outcome: Outcome, at end: Int64, _ code: Text = "", _ words: Text = "", status: Int? = nil,
    messageID: Text? = nil, issues: Int = 1
) -> OutcomeRecord {
    OutcomeRecord(
        verdict: Verdict(outcome, messageID: messageID, code: code, words: words), status: status,
        issues: issues,
        finishedAt: time(end))
}

/// What Brevo says of an accepted message.
func acceptance(at end: Int64, _ name: Text = "<202611212204.1@smtp-relay.mailin.fr>") -> OutcomeRecord {
    outcome(.accepted, at: end, "created", status: 201, messageID: name)
}

/// Ten minutes of memory with a minute's margin, as Brevo's adapter declares it; nothing for other routes.
let brevo = Capability.refuse(KeyWindow(length: .minutes(10), margin: .minutes(1)))

func capability(_ route: Text) -> Capability? {
    switch route {
    case "brevo": brevo
    case "maildir": .idempotent
    case "plain": Capability.none
    default: nil
    }
}

extension Recorded {
    /// Event #`position` is ann's backfill of one rule over all events before it. Returns how to say that a
    /// decision about one of them was made by it.
    @discardableResult
    mutating func backfill(
        _ position: Int64, rule: Text = "order-confirmation", by actor: Text = "ann",
        because reason: Text = "rule added late"
    ) -> Backfill {
        let backfill = Backfill(
            request: "march", rule: rule, range: BackfillRange(from: 1, through: position - 1),
            ruleSet: .zero,
            actor: actor, reason: reason, part: 1, first: 1, last: position - 1)
        let event = Event(
            type: Event.backfillType, source: Event.controlSource, subject: backfill.request,
            payload: Array(backfill.payload.utf8), occurredAt: time(position))
        log.append(LoggedEvent(position: position, event: event, link: .zero, recordedAt: time(position)))
        return backfill
    }

    /// The newest decision was made by the backfill at this position.
    mutating func latestWasMade(by position: Int64) {
        guard var decision = decided.popLast() else { return }
        (decision.event, decision.position) = (decision.position, position)
        decided.append(decision)
    }
}
