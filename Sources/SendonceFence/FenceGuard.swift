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
        /// As it was read last.
        var found: Witness?
        /// As this process began with it.
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
        if witness.isVoid(by: record) { return nil }
        if record?.recordedAt != witness.boundAt {
            guard record?.isLift != true, try hasMoved(since: witness.boundAt) else {
                return .binding(witness.boundAt)
            }
        }
        return try store.missing(of: witness.seen)
    }

    /// Whether a person confirmed this database as the log's new place since. Homes stay behind where a log
    /// moves away, so what is known of this one is lacking; all that was seen of the log came along.
    private func hasMoved(since time: Timestamp) throws(StoreError) -> Bool {
        guard let authority = try store.authority(), authority.state == .inForce else { return false }
        return authority.recordedAt > time
    }

    /// Lets work begin, or records the fence and throws `.fenced`. A log that was never in force is put in
    /// force here. Nothing is remembered of an empty log: it is called again then.
    package func enter() throws(StoreError) {
        var finding = try examine()
        let isFirst = finding == .unbound
        if isFirst {
            try store.bind(record(.bound, actor: actor, reason: "first start", at: try store.now()))
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
        let now = try store.now()
        let record = record(.fenced, actor: actor, reason: Text(finding.trouble ?? ""), at: now)
        try store.fence(record, now: now)
        return try store.homeRecord()?.refusal ?? record.refusal ?? HomeRecord.cure
    }

    /// With what a person puts the log in force here again.
    package func lifted(by order: ActOrder) -> HomeRecord {
        record(.bound, actor: order.actor, reason: order.reason, at: order.now)
    }

    /// Later than all that this host knows of the log: else what a person does after a clock was put right
    /// would look older than what they do it about.
    private func record(_ state: HomeState, actor: Text, reason: Text, at time: Timestamp) -> HomeRecord {
        HomeRecord(
            state: state, home: home.digest, place: home.place, actor: actor, reason: reason, recordedAt: time
        ).following(self.state.withLock { $0.found?.boundAt })
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
            // A file of the same name with another log in it would be chance, or somebody's doing.
            let found = try file.read().flatMap { $0.log == ends.name && $0.home == home.digest ? $0 : nil }
            state.withLock {
                $0.file = file
                $0.found = found
            }
            return found
        } catch {
            throw .unavailable("the witness cannot be kept: \(error.words)")
        }
    }

    private func arm(_ record: HomeRecord, isFirst: Bool) throws(StoreError) {
        guard let ends = try store.logEnds() else { return }
        let found = state.withLock { $0.found }
        var seen = Sighting(head: ends.head)
        if let found, !found.isVoid(by: record) { seen = found.seen }
        seen.add(ends.head)
        let witness = Witness(log: ends.name, home: home.digest, boundAt: record.recordedAt, seen: seen)
        try store.watch(Expectation(identity, boundAt: record.recordedAt, seen))
        state.withLock {
            $0.witness = witness
            $0.isArmed = true
            $0.isWitnessNew = found == nil && !isFirst
        }
        try write(seen, replacing: found?.boundAt)
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

    /// Adds to what the file holds: other processes of this host write there too. What belongs to another act
    /// than this process knows stays, but for the one that was found and judged: whoever put the log in force
    /// anew knows better.
    private func write(_ seen: Sighting, replacing judged: Timestamp? = nil) throws(StoreError) {
        let (file, own) = state.withLock { ($0.file, $0.witness) }
        guard let file, let own else { return }
        do throws(WitnessError) {
            try file.update { known in
                let new = Witness(log: own.log, home: own.home, boundAt: own.boundAt, seen: seen)
                guard var witness = known, witness.home == own.home, witness.log == own.log else {
                    return new
                }
                guard witness.boundAt == own.boundAt else {
                    return witness.boundAt == judged ? new : witness
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
