// A projector that can die in the middle of its transaction, or right after it was committed.
import SendonceCore
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Synchronization

struct ProjectorProcess {
    var projector: LiveProjector?
    var store: ObservedProjection?
}

enum ProjectorDeath {
    case beforeCommit, afterCommit
}

/// Passes everything on, and dies on order.
final class ObservedProjection: ProjectionStore, RuleSetReader {
    let death = Mutex<ProjectorDeath?>(nil)
    private let base: SQLiteStore
    private let mechanism: Mechanism?

    init(_ base: SQLiteStore, without mechanism: Mechanism?) {
        self.base = base
        self.mechanism = mechanism
    }

    func project<Result>(
        _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let death = self.death.withLock { death in
            defer { death = nil }
            return death
        }
        let rollsBack = mechanism != .rollback
        let outcome = try base.project { transaction throws(StoreError) -> Swift.Result<Result, StoreError> in
            do throws(StoreError) {
                return .success(
                    try body(
                        ObservedTransaction(
                            base: transaction, dies: death == .beforeCommit,
                            forgetsWinners: mechanism == .ledger)))
            } catch {
                if rollsBack { throw error }
                return .failure(error)
            }
        }
        let result = try outcome.get()
        if death == .afterCommit { throw .unavailable("simulated") }
        return result
    }

    func hasIntake() throws(StoreError) -> Bool { try base.hasIntake() }
    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? { try base.ruleSetFiles(digest) }
    func activation() throws(StoreError) -> Activation? { try base.activation() }
    func scopes() throws(StoreError) -> [Text: Int64] { try base.scopes() }
    func lastScopes() throws(StoreError) -> [Text: Text] { try base.lastScopes() }
}

private struct ObservedTransaction: ProjectionTransaction {
    let base: any ProjectionTransaction
    let dies: Bool
    let forgetsWinners: Bool

    func head() throws(StoreError) -> LogHead { try base.head() }
    func activation() throws(StoreError) -> Activation? { try base.activation() }
    func take(events: Int, bytes: Int) throws(StoreError) -> [IntakeEvent] {
        try base.take(events: events, bytes: bytes)
    }
    func positions(of names: [EventName]) throws(StoreError) -> [EventName: Int64] {
        try base.positions(of: names)
    }
    func winners(_ questions: [LedgerQuestion]) throws(StoreError) -> [LedgerQuestion: [Winner]] {
        forgetsWinners ? [:] : try base.winners(questions)
    }

    /// Dies between the writing of events and of their decisions.
    func write(_ batch: ProjectedBatch) throws(StoreError) {
        guard dies else { return try base.write(batch) }
        var half = batch
        half.decisions = []
        try base.write(half)
        throw .unavailable("simulated")
    }

    func write(
        _ activation: Activation, event: LoggedEvent, decision: Decision, files: [RuleSetFile]
    ) throws(StoreError) {
        try base.write(activation, event: event, decision: decision, files: files)
    }
}
