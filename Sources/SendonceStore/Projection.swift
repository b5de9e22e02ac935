// The port of the projector: one transaction that takes events from the intake and writes what was decided.
package import SendonceCore

/// A committed event that is not yet in the log.
package struct IntakeEvent: Sendable {
    /// The intake row's own number, used only to delete it.
    package var sequence: Int64
    package var event: Event

    package init(sequence: Int64, event: Event) {
        self.sequence = sequence
        self.event = event
    }
}

/// What a projector transaction writes at once: some events with all that was concluded from them.
package struct ProjectedBatch: Sendable {
    package var events: [LoggedEvent] = []
    /// In the order of positions. An emitted decision carries its command.
    package var decisions: [Decision] = []
    /// Intake rows that were moved.
    package var moved: [Int64] = []
    /// Emitted commands that a newer event supersedes already, with its position. Others are compared with
    /// what is queued.
    package var superseded: [CommandID: Int64] = [:]
    /// No command of the batch is due before this; nil: each at its own time. What past events send queues up
    /// behind what is due already, and is not months late from its first moment. Nor does it lie so far back
    /// that a dispatcher would have to search for it.
    package var earliestDue: Timestamp?

    package init() {}
}

/// A producer's name for an event.
package struct EventName: Hashable, Sendable {
    package var source: Text
    package var id: Text

    package init(source: Text, id: Text) {
        self.source = source
        self.id = id
    }
}

/// An activation as the log records it.
package struct Activation: Hashable, Sendable {
    package var position: Int64
    package var ruleSet: Digest
    /// Rule name to the scope of its keys; the digest alone does not say what a rule was called before.
    package var scopes: [Text: Text]
    package var actor: Text
    package var reason: Text
    package var recordedAt: Timestamp

    package init(
        position: Int64, ruleSet: Digest, scopes: [Text: Text], actor: Text, reason: Text,
        recordedAt: Timestamp
    ) {
        self.position = position
        self.ruleSet = ruleSet
        self.scopes = scopes
        self.actor = actor
        self.reason = reason
        self.recordedAt = recordedAt
    }
}

/// One open projector transaction. The store lets one exist at a time for a log; whatever is read here stays
/// true until the transaction ends.
package protocol ProjectionTransaction {
    func head() throws(StoreError) -> LogHead
    func activation() throws(StoreError) -> Activation?

    /// The oldest intake rows: at most `events` of them and, but for the first, at most `bytes` of payload.
    func take(events: Int, bytes: Int) throws(StoreError) -> [IntakeEvent]

    /// The lowest position of each name that is in the log already.
    func positions(of names: [EventName]) throws(StoreError) -> [EventName: Int64]

    func winners(_ questions: [LedgerQuestion]) throws(StoreError) -> [LedgerQuestion: [Winner]]

    /// Writes log, decisions, ledger, commands and queue rows, marks queued commands that were cancelled or
    /// superseded, and deletes the moved intake rows. What was written before in the transaction is seen.
    func write(_ batch: ProjectedBatch) throws(StoreError)

    /// Records an activation: the log event with its decision, and the rule set's files if they are new.
    func write(_ activation: Activation, event: LoggedEvent, decision: Decision, files: [RuleSetFile])
        throws(StoreError)
}

/// The right to project: to give positions and to emit commands.
package protocol ProjectionStore: Sendable {
    /// Runs `body` in one transaction and commits it durably, or rolls all of it back if it throws.
    /// Synchronous on purpose: nothing can be awaited between begin and commit.
    func project<Result>(_ body: (any ProjectionTransaction) throws(StoreError) -> Result) throws(StoreError)
        -> Result

    /// The same for a person's act, which is rare and does not wait until this process is the one that
    /// projects: it goes between two transactions of whoever does.
    func act<Result>(_ body: (any ProjectionTransaction) throws(StoreError) -> Result) throws(StoreError)
        -> Result

    /// Whether the intake holds anything. Cheap; takes no write lock.
    func hasIntake() throws(StoreError) -> Bool

    /// Gives back the right to project, so that another process need not wait until it runs out.
    func resign() throws(StoreError)
}

extension ProjectionStore {
    /// Where one process at a time can write, an act is a transaction like any other.
    package func act<Result>(
        _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try project(body)
    }

    /// Such a right ends with the transaction.
    package func resign() throws(StoreError) {}
}

/// The right to read the files of rule sets that were ever active.
package protocol RuleSetFileReader: Sendable {
    /// In the order of their names; nil if there is no rule set of this digest.
    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]?
}

/// The right to read rule sets that were ever active, and which of them is in force.
package protocol RuleSetReader: RuleSetFileReader {
    func activation() throws(StoreError) -> Activation?
    /// Every scope that an activation ever gave to a rule, with the number of keys that the ledger holds for
    /// it.
    func scopes() throws(StoreError) -> [Text: Int64]
    /// The scope that the latest activation of each rule's name gave it, also of rules that are gone.
    func lastScopes() throws(StoreError) -> [Text: Text]
}
