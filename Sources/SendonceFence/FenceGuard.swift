// Whether a log may be worked on here: its home and what this host has seen of it, compared with the database
// before anything is decided or sent.
package import SendonceCore
package import SendonceStore
import Synchronization

/// What stands between a process and a database that may be a copy.
package enum FenceFinding: Hashable, Sendable {
    /// No event is in the log: nothing can have been sent from it.
    case empty
    /// The log was never put in force anywhere.
    case unbound
    case inForce(HomeRecord)
    /// Recorded already.
    case fenced(HomeRecord)
    /// The log is in force at another home; this is a copy of its database, or it was moved.
    case copied(from: HomeRecord)
    /// The database lacks what this host has seen: an older one was put in its place.
    case rewound(Missing)

    /// What was noticed, as the reason of a fence; nil where nothing was.
    package var trouble: String? {
        switch self {
        case .empty, .unbound, .inForce: nil
        case .fenced(let record): record.reason.string
        case .copied(let record):
            "copied or moved from \(record.place), where it was put in force on "
                + record.recordedAt.shortText
        case .rewound(let missing): "restored or rewound: \(missing.words)"
        }
    }
}

/// Guards one store for one process.
package final class FenceGuard: Sendable {
    private let store: any FenceKeeper
    private let directory: String?
    private let actor: Text
    private let state = Mutex(State())
    package let home: Home
    package let identity: DatabaseIdentity

    private struct State {
        var file: WitnessFile?
        var witness: Witness?
        var isArmed = false
        var isWitnessNew = false
    }

    /// `surroundings` names the machine or the deployment. Without a `directory` nothing is remembered, and
    /// only copies are noticed.
    package init(
        _ store: any FenceKeeper, surroundings: Text?, directory: String?, actor: Text
    ) throws(StoreError) {
        self.store = store
        self.directory = directory
        self.actor = actor
        identity = try store.identity()
        home = Home(identity, surroundings: surroundings)
    }

    /// Looks, and changes nothing but the directory of witnesses.
    package func examine() throws(StoreError) -> FenceFinding {
        let ends = try store.logEnds()
        // Before the record: who puts a log in force records it first, and then remembers it here. The other
        // way round, what a colleague does at this moment would look like a database that went back.
        let remembered = Result { () throws(StoreError) in try ends.flatMap(witness) }
        let record = try store.homeRecord()
        if let record, record.state == .fenced { return .fenced(record) }
        guard ends != nil else { return .empty }
        if let record, record.home != home.digest { return .copied(from: record) }
        if let witness = try remembered.get(), let missing = try missing(of: witness, record) {
            return .rewound(missing)
        }
        return record.map { .inForce($0) } ?? .unbound
    }

    private func missing(of witness: Witness, _ record: HomeRecord?) throws(StoreError) -> Missing? {
        guard let record, record.recordedAt >= witness.boundAt else { return .binding(witness.boundAt) }
        // A person put the log in force since: what was seen before counts no more.
        guard record.recordedAt == witness.boundAt else { return nil }
        return try store.missing(of: witness.seen)
    }

    /// Lets work begin, or records the fence and throws `.fenced`. A log that was never in force is put in
    /// force here. Nothing is remembered of an empty log: it is called again then.
    package func enter() throws(StoreError) {
        var finding = try examine()
        let isFirst = finding == .unbound
        if isFirst {
            try store.bind(
                HomeRecord(
                    state: .bound, home: home.digest, place: home.place, actor: actor, reason: "first start",
                    recordedAt: try store.now()))
            // Another process, at another home, may have been first.
            finding = try examine()
        }
        switch finding {
        case .empty: return
        case .inForce(let record): try arm(record, isFirst: isFirst)
        case .unbound: throw .failed("the home of the log was not recorded")
        case .fenced(let record): throw .fenced(record.refusal ?? HomeRecord.cure)
        case .copied, .rewound: throw .fenced(try putUp(finding))
        }
    }

    /// Records the fence, if something is wrong and it is not recorded yet. Returns the words of a refusal.
    @discardableResult
    package func putUp(_ finding: FenceFinding) throws(StoreError) -> String {
        let record = HomeRecord(
            state: .fenced, home: home.digest, place: home.place, actor: actor,
            reason: Text(finding.trouble ?? ""), recordedAt: try store.now())
        try store.fence(record)
        return try store.homeRecord()?.refusal ?? record.refusal ?? HomeRecord.cure
    }

    // MARK: The witness

    /// Where the witness of this log is kept; nil before the log has an event, and where none is kept.
    package var witnessPath: String? { state.withLock { $0.file?.path } }
    package var isArmed: Bool { state.withLock { $0.isArmed } }
    /// Whether this host remembered nothing of a log that had been in force before it began.
    package var isWitnessNew: Bool { state.withLock { $0.isWitnessNew } }

    /// Puts the file of this log beside `state`, whoever asks first.
    private func witness(of ends: LogEnds) throws(StoreError) -> Witness? {
        guard let directory else { return nil }
        do throws(WitnessError) {
            let file = try WitnessFile(in: directory, log: ends.name, home: home.digest)
            state.withLock { $0.file = file }
            // A file of the same name with another log in it would be chance, or somebody's doing.
            return try file.read().flatMap { $0.log == ends.name && $0.home == home.digest ? $0 : nil }
        } catch {
            throw .unavailable("the witness cannot be kept: \(error.words)")
        }
    }

    private func arm(_ record: HomeRecord, isFirst: Bool) throws(StoreError) {
        guard let ends = try store.logEnds() else { return }
        let found = try witness(of: ends)
        let known = found.flatMap { $0.boundAt == record.recordedAt ? $0 : nil }
        var witness =
            known
            ?? Witness(
                log: ends.name, home: home.digest, boundAt: record.recordedAt, seen: Sighting(head: ends.head)
            )
        witness.seen.add(ends.head)
        try store.watch(identity, witness.seen)
        state.withLock {
            $0.witness = witness
            $0.isArmed = true
            $0.isWitnessNew = found == nil && !isFirst
        }
        try write(witness.seen)
    }

    /// Remembers a claim, with the end of the log, before its first byte may leave.
    ///
    /// Errors: `.unavailable` if it could not be written down.
    package func remember(_ claim: ClaimMark) throws(StoreError) {
        store.saw(claim)
        guard var seen = store.sighting() else { return }
        seen.claims = [claim]
        try write(seen)
    }

    /// Adds to what the file holds: other processes of this host write there too.
    private func write(_ seen: Sighting) throws(StoreError) {
        let (file, own) = state.withLock { ($0.file, $0.witness) }
        guard let file, let own else { return }
        do throws(WitnessError) {
            try file.update { known in
                guard var witness = known, witness.boundAt == own.boundAt, witness.home == own.home,
                    witness.log == own.log
                else {
                    return Witness(log: own.log, home: own.home, boundAt: own.boundAt, seen: seen)
                }
                witness.seen.add(seen.head)
                for claim in seen.claims where !witness.seen.claims.contains(claim) {
                    witness.seen.add(claim)
                }
                return witness
            }
        } catch {
            throw .unavailable("the witness cannot be written, so nothing is sent: \(error.words)")
        }
    }
}
