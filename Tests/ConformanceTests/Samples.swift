// Events, commands and batches that tests write, made as the projector makes them.
import SendonceCore
import SendonceStore

/// Gives positions, links and commands like the projector does, for tests that need rows rather than
/// decisions.
struct Sample {
    static let ruleSet = DigestBuilder.digest(of: Array("rule set".utf8))

    static func event(_ type: Text = "order.placed", id: Text? = nil, source: Text = "", subject: Text? = nil)
        -> Event
    {
        Event(
            id: id, type: type, source: source, subject: subject, payload: Array(#"{"order_id":42}"#.utf8),
            occurredAt: .start)
    }

    static func command(
        _ parts: Text..., at position: Int64, rule: Text = "confirmation", slot: Text = "forever",
        route: Text = "a",
        recipient: String = "ann@x.test", occurredAt: Timestamp = .start, notBefore: Timestamp = .start,
        expiresAt: Timestamp? = nil, supersedes: Digest? = nil
    ) throws -> Command {
        let key = Key(scope: rule, parts: parts)
        return Command(
            id: CommandID(key: key.digest, slot: slot, generation: 1), position: position, rule: rule,
            item: 0,
            key: key, slot: slot, generation: 1, ruleSet: ruleSet,
            recipient: try EmailAddress.sample(recipient),
            route: route, occurredAt: occurredAt, notBefore: notBefore, expiresAt: expiresAt, onUnknown: nil,
            supersedeDigest: supersedes)
    }

    static func emitted(_ command: Command) -> Decision {
        Decision(
            position: command.position, rule: command.rule, item: command.item, reason: .emitted,
            key: command.key,
            recipient: Text(command.recipient.description), command: command)
    }
}

extension ProjectionStore {
    /// Logs one event for each list of decisions, at the next positions. Returns the last head.
    @discardableResult
    func log(_ events: [Event], decide: (Int64) throws -> [Decision]) throws -> LogHead {
        let before = try project { (open: any ProjectionTransaction) throws(StoreError) in try open.head() }
        var head = before
        var batch = ProjectedBatch()
        for event in events {
            head = head.adding(event)
            batch.events.append(
                LoggedEvent(position: head.position, event: event, link: head.link, recordedAt: .start))
            batch.decisions += try decide(head.position)
        }
        let complete = batch
        try project { (open: any ProjectionTransaction) throws(StoreError) in try open.write(complete) }
        return head
    }

    /// One event with one emitted command.
    @discardableResult
    func emit(_ make: (Int64) throws -> Command) throws -> Command {
        var made: Command?
        try log([Sample.event()]) { position in
            let command = try make(position)
            made = command
            return [Sample.emitted(command)]
        }
        guard let made else { throw StoreError.failed("no command was made") }
        return made
    }
}

extension EmailAddress {
    static func sample(_ text: String) throws -> EmailAddress {
        guard let address = EmailAddress(text) else { throw StoreError.failed("not an address: \(text)") }
        return address
    }
}

extension Sample {
    static let request = DigestBuilder.digest(of: Array("request".utf8))
}

extension CommandQueue {
    /// Begins an attempt on everything of route `a` that is due, with a lease of a minute.
    func claimAll(now: Timestamp = .start, limit: Int = 100) throws -> ClaimReport {
        try claim([RouteShare(route: "a", commands: limit)], now: now, lease: .minutes(1), dispatcher: "test")
        { _ in
            .attempt(request: Sample.request)
        }
    }
}

extension ClaimedCommand {
    func settlement(_ verdict: Verdict, _ step: DeliveryStep, status: Int? = nil) -> Settlement {
        Settlement(
            number: due.number, attempt: attempt, token: token, verdict: verdict, step: step,
            status: status,
            issues: 1, finishedAt: .start)
    }
}

extension AuditReader {
    /// The queue row of a command; nil if it is finished.
    func queued(_ command: Command) throws -> QueueStanding? {
        guard case .queued(let standing) = try message(command.id)?.standing else { return nil }
        return standing
    }
}

extension ProjectionStore {
    /// Logs an event that cancels the command.
    func cancel(_ command: Command) throws {
        try log([Sample.event("order.returned")]) { position in
            [
                Decision(
                    position: position, rule: command.rule, reason: .cancels(command: command.id),
                    key: command.key)
            ]
        }
    }
}
