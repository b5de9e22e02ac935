// The port of those who ask why: log, decisions, attempts, outcomes and finished states, read and never
// written.
package import SendonceCore

/// One row of `outbox_decision`, as recorded.
package struct DecisionRecord: Hashable, Sendable {
    /// Where it was made.
    package var position: Int64
    /// The past event that a backfill at `position` decided; nil where the event at `position` is meant.
    package var event: Int64?
    package var rule: Text
    package var item: Int64
    package var reason: Reason
    /// The key's canonical text, where one could be made.
    package var key: Text?
    package var recipient: Text?
    package var command: CommandID?

    package init(
        position: Int64, event: Int64? = nil, rule: Text, item: Int64, reason: Reason, key: Text?,
        recipient: Text?, command: CommandID?
    ) {
        self.position = position
        self.event = event
        self.rule = rule
        self.item = item
        self.reason = reason
        self.key = key
        self.recipient = recipient
        self.command = command
    }

    /// Position of the event that was decided.
    package var about: Int64 { event ?? position }
}

/// Where a command stands, read from the queue or from how it finished.
package enum CommandStanding: Hashable, Sendable {
    case queued(QueueStanding)
    case finished(FinishedState, at: Timestamp, cause: Int64?)

    /// The state's word, as SQL and the command line have it.
    package var word: String {
        switch self {
        case .queued(let queue): queue.state.rawValue
        case .finished(let state, _, _): state.rawValue
        }
    }
}

/// One row of `outbox_queue`.
package struct QueueStanding: Hashable, Sendable {
    package var state: QueueState
    package var dueAt: Timestamp
    package var leaseEnd: Timestamp?
    package var hold: HoldReason?
    package var holdDetail: Text?
    package var heldAt: Timestamp?
    package var cancelledBy: Int64?
    package var supersededBy: Int64?

    package init(
        state: QueueState, dueAt: Timestamp, leaseEnd: Timestamp?, hold: HoldReason?, holdDetail: Text?,
        heldAt: Timestamp?, cancelledBy: Int64?, supersededBy: Int64?
    ) {
        self.state = state
        self.dueAt = dueAt
        self.leaseEnd = leaseEnd
        self.hold = hold
        self.holdDetail = holdDetail
        self.heldAt = heldAt
        self.cancelledBy = cancelledBy
        self.supersededBy = supersededBy
    }
}

/// A command with where it stands.
package struct MessageRecord: Sendable {
    /// Counts commands in the order in which they were emitted; pages go by it.
    package var number: Int64
    package var id: CommandID
    package var position: Int64
    package var rule: Text
    package var key: Text
    package var slot: Text
    package var generation: Int64
    package var ruleSet: Digest
    package var recipient: Text
    package var route: Text
    package var notBefore: Timestamp
    package var expiresAt: Timestamp?
    package var onUnknown: OnUnknown?
    package var attempts: Int
    package var standing: CommandStanding

    package init(
        number: Int64, id: CommandID, position: Int64, rule: Text, key: Text, slot: Text, generation: Int64,
        ruleSet: Digest, recipient: Text, route: Text, notBefore: Timestamp, expiresAt: Timestamp?,
        onUnknown: OnUnknown?, attempts: Int, standing: CommandStanding
    ) {
        self.number = number
        self.id = id
        self.position = position
        self.rule = rule
        self.key = key
        self.slot = slot
        self.generation = generation
        self.ruleSet = ruleSet
        self.recipient = recipient
        self.route = route
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.onUnknown = onUnknown
        self.attempts = attempts
        self.standing = standing
    }
}

/// An attempt with its outcome, if it has one yet.
package struct AttemptRecord: Hashable, Sendable {
    package var attempt: Int
    package var token: Int64
    package var route: Text
    package var dispatcher: Text
    package var requestDigest: Digest
    package var startedAt: Timestamp
    package var outcome: OutcomeRecord?
    /// What a dispatcher reported after it had lost the command.
    package var lateAnswers: [OutcomeRecord]

    package init(
        attempt: Int, token: Int64, route: Text, dispatcher: Text, requestDigest: Digest,
        startedAt: Timestamp,
        outcome: OutcomeRecord?, lateAnswers: [OutcomeRecord] = []
    ) {
        self.attempt = attempt
        self.token = token
        self.route = route
        self.dispatcher = dispatcher
        self.requestDigest = requestDigest
        self.startedAt = startedAt
        self.outcome = outcome
        self.lateAnswers = lateAnswers
    }
}

package struct OutcomeRecord: Hashable, Sendable {
    package var verdict: Verdict
    package var status: Int?
    package var issues: Int
    package var finishedAt: Timestamp

    package init(verdict: Verdict, status: Int?, issues: Int, finishedAt: Timestamp) {
        self.verdict = verdict
        self.status = status
        self.issues = issues
        self.finishedAt = finishedAt
    }
}

/// Which messages to list. All that is given must hold.
package struct MessageFilter: Hashable, Sendable {
    package var recipient: Text?
    package var rule: Text?
    package var route: Text?
    /// A word of `QueueState` or `FinishedState`.
    package var state: String?
    package var hold: HoldReason?

    package init(
        recipient: Text? = nil, rule: Text? = nil, route: Text? = nil, state: String? = nil,
        hold: HoldReason? = nil
    ) {
        self.recipient = recipient
        self.rule = rule
        self.route = route
        self.state = state
        self.hold = hold
    }
}

/// Figures for `doctor` and for the last line of `run --once`.
package struct StoreCounts: Hashable, Sendable {
    package var intake: Int64
    package var logged: Int64
    package var commands: Int64
    package var queued: [String: Int64]
    package var finished: [String: Int64]
    package var oldestIntakeAt: Timestamp?
    package var oldestHeldAt: Timestamp?
    package var oldestDueAt: Timestamp?

    package init(
        intake: Int64, logged: Int64, commands: Int64, queued: [String: Int64], finished: [String: Int64],
        oldestIntakeAt: Timestamp?, oldestHeldAt: Timestamp?, oldestDueAt: Timestamp?
    ) {
        self.intake = intake
        self.logged = logged
        self.commands = commands
        self.queued = queued
        self.finished = finished
        self.oldestIntakeAt = oldestIntakeAt
        self.oldestHeldAt = oldestHeldAt
        self.oldestDueAt = oldestDueAt
    }
}

/// The right to read everything that was recorded. Reads are short; lists go page by page.
package protocol AuditReader: RuleSetReader {
    /// Events with a position above `after` (ascending), optionally of one type.
    func events(after position: Int64, type: Text?, limit: Int) throws(StoreError) -> [LoggedEvent]
    /// Events with a position below `before` (descending), optionally of one type.
    func events(before position: Int64, type: Text?, limit: Int) throws(StoreError) -> [LoggedEvent]
    func event(at position: Int64) throws(StoreError) -> LoggedEvent?
    /// Positions of events whose producer gave this id, whatever the source; ascending.
    func positions(ofEvent id: Text, limit: Int) throws(StoreError) -> [Int64]
    /// Positions of events with this subject, newest first.
    func positions(ofSubject subject: Text, limit: Int) throws(StoreError) -> [Int64]
    /// Decisions about the event at this position: its own, then those of backfills, oldest first. What a
    /// backfill's event decided about others is not among them.
    func decisions(at position: Int64) throws(StoreError) -> [DecisionRecord]
    /// Decisions that lost to the winner at this position, in the order in which they were made.
    func decisions(losingTo winner: Int64, limit: Int) throws(StoreError) -> [DecisionRecord]
    /// Decisions without a command and without a winner that name this recipient, newest first, optionally of
    /// one rule.
    func refusals(of recipient: Text, rule: Text?, limit: Int) throws(StoreError) -> [DecisionRecord]

    /// Commands below a number (nil: from the newest), newest first.
    func messages(_ filter: MessageFilter, before number: Int64?, limit: Int) throws(StoreError)
        -> [MessageRecord]
    func message(_ id: CommandID) throws(StoreError) -> MessageRecord?
    func message(providerID: Text) throws(StoreError) -> MessageRecord?
    /// Commands whose key has this part, newest first. The first part is found by index; a later one by
    /// reading at most
    /// `AuditLimits.scannedKeys` keys of the ledger, newest first.
    func messages(keyPart: Text, limit: Int) throws(StoreError) -> [MessageRecord]
    /// Key parts that resemble the given one: equal but for case, leading zeros, blanks or punctuation.
    func similarKeys(to part: Text, limit: Int) throws(StoreError) -> [Text]
    func attempts(of id: CommandID) throws(StoreError) -> [AttemptRecord]
    /// What people did to the command, oldest first.
    func acts(on id: CommandID) throws(StoreError) -> [ActRecord]

    /// Intake rows that are not in the log yet, oldest first.
    func intake(limit: Int) throws(StoreError) -> [IntakeEvent]
    func counts() throws(StoreError) -> StoreCounts
}

package enum AuditLimits {
    /// Keys that a search for a later part reads: about a tenth of a second.
    package static let scannedKeys = 200_000
}

/// The right to add an event, as an application does it with its own INSERT.
package protocol IntakeWriter: Sendable {
    /// One durable transaction. Returns the intake row's number.
    func append(_ event: NewEvent) throws(StoreError) -> Int64
}

/// An event as the application gives it; what is nil takes the intake's default.
package struct NewEvent: Hashable, Sendable {
    package var id: Text?
    package var type: Text
    package var source: Text?
    package var subject: Text?
    package var payload: [UInt8]
    /// Time as text, as an application writes it; the intake's CHECK judges it.
    package var occurredAt: Text?
    package var traceparent: Text?

    package init(
        id: Text? = nil, type: Text, source: Text? = nil, subject: Text? = nil, payload: [UInt8],
        occurredAt: Text? = nil, traceparent: Text? = nil
    ) {
        self.id = id
        self.type = type
        self.source = source
        self.subject = subject
        self.payload = payload
        self.occurredAt = occurredAt
        self.traceparent = traceparent
    }
}
