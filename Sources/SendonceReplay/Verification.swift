// Decides everything again and compares it with what is recorded, row by row, while the live system goes on.
import Dispatch
package import SendonceCore
package import SendonceStore
import Synchronization

/// What to verify.
package struct VerificationRequest: Sendable {
    package var from: Int64 = 1
    /// nil: up to the head at the beginning.
    package var to: Int64?
    /// The log must have this link at this position.
    package var expectedHead: LogHead?
    /// Where an earlier verification ended; its digests and figures are gone on with.
    package var checkpoint: Certificate.Checkpoint?
    /// Bytes that the memory of keys may take; nil: 32 for each key, whatever that comes to. With less the
    /// log is gone through several times, each time for a share of the keys.
    package var keyMemory: Int?
    /// As many passes at least.
    package var passes = 1
    package var place: Text
    package var barriers: [String] = []
    package var secret = LedgerSecret.random()

    package init(place: Text) {
        self.place = place
    }
}

/// The positions that a verification goes through, and the commands that were decided there.
struct PositionRange: Sendable {
    var from: Int64
    var to: Int64
    /// The number of the last command that was decided before the range.
    var numberBefore: Int64 = 0
    /// The number of the last command that was decided in the range.
    var lastNumber: Int64 = 0

    /// For how many keys there should be room. The number of the last command says it, unless somebody forged
    /// it: a table that is too small grows.
    var likelyKeys: Int {
        let (most, overflow) = to.multipliedReportingOverflow(by: 4)
        return Int(min(max(0, lastNumber), max(1 << 16, overflow ? 1 << 16 : most), 1 << 33))
    }

    /// Whether a command with this number is looked at. What has a number below all belongs to the beginning.
    func judges(_ number: Int64) -> Bool {
        number <= lastNumber && (from == 1 || number > numberBefore)
    }
}

/// One run; used once, by one thread.
package struct Verification {
    let log: any RecordReader
    let request: VerificationRequest
    /// Only differences count, and only for the certificate's duration.
    let now: () -> Timestamp

    var findings = Findings()
    var assumptions: [String] = []
    var activations: [Activation] = []
    var ledger: LedgerComparison

    package init(_ log: any RecordReader, _ request: VerificationRequest, now: @escaping () -> Timestamp) {
        self.log = log
        self.request = request
        self.now = now
        ledger = LedgerComparison(request.secret)
    }

    /// Errors: only where nothing could be read; whatever is recorded wrongly is in the certificate.
    package mutating func run() throws(StoreError) -> Certificate {
        let start = now()
        let extent = try log.extent()
        let range = try bounds(extent)
        try checkExpectedHead(extent.head)
        activations = try log.activations().filter { $0.position <= range.to }
        let beginning = try begin(range)
        let repeats = try RepeatedNames(log, through: range.to)
        let passes = passCount(range, repeats)
        let planned = PlannedRules(
            activations: activations.filter { $0.position > 0 }, repeats: repeats)
        let recorded = LedgerReading(log, range, request.secret)

        var first = try pass(0, of: passes, range, beginning, planned)
        findings.add(contentsOf: first.findings)
        for index in 1..<max(passes, 1) {
            let next = try pass(index, of: passes, range, beginning, planned)
            findings.add(contentsOf: next.findings)
            first.add(next)
        }
        try checkRest(of: range, first)
        compareActivations(range, first)
        let ledger = try recorded.result()
        try compareLedger(ledger, range, beginning, planned, passes, first)
        if range.to == extent.head.position { try checkBeyond(ledger) }
        let commands = first.counts.commands - (request.checkpoint?.counts.commands ?? 0)
        let most = range.numberBefore + commands + VerificationLimits.widestHole
        try DeliveryCheck(log).check(through: min(first.number, most), &findings)
        return try certificate(range, first, ledger, duration: now() - start)
    }

    private func certificate(
        _ range: PositionRange, _ pass: ReplayPass, _ ledger: LedgerComparison.Recorded, duration: Span
    ) throws(StoreError) -> Certificate {
        var counts = pass.counts
        counts.ledger = ledger.rows
        var checkpoint = pass.checkpoint ?? request.checkpoint
        if findings.differenceCount > 0 || !pass.isComplete { checkpoint = nil }
        // What nobody has verified before it, nobody can go on with.
        if range.from > 1, request.checkpoint == nil { checkpoint = nil }
        return Certificate(
            name: try log.name(), place: request.place, from: range.from, to: range.to,
            head: LogHead(position: range.to, link: pass.chain.recorded ?? .zero),
            digests: Certificate.Digests(
                log: pass.chain.computed, recordedDecisions: pass.decisionDigest.digest,
                recomputedDecisions: pass.recomputedDigest, ledger: ledger.digest,
                commandIDs: pass.commandDigest.digest),
            counts: counts, differenceCount: findings.differenceCount, differences: findings.differences,
            promises: LogPromise.allCases.map {
                Certificate.Promise(
                    promise: $0, breaches: findings.breachCounts[$0] ?? 0, shown: findings.breaches[$0] ?? [])
            },
            assumptions: assumptions, obstacles: findings.obstacles, barriers: request.barriers,
            checkpoint: checkpoint, duration: duration)
    }

    // MARK: Passes

    /// How often the log has to be gone through, so that a share of its keys has room.
    private func passCount(_ range: PositionRange, _ repeats: RepeatedNames) -> Int {
        guard let bound = request.keyMemory else { return request.passes }
        let keys = range.likelyKeys
        let room = max(bound - repeats.footprint, KeyTable.bytesPerKey * VerificationLimits.fewestKeys)
        return max(request.passes, (keys * KeyTable.bytesPerKey + room - 1) / room)
    }

    private mutating func pass(
        _ index: Int, of count: Int, _ range: PositionRange, _ beginning: Beginning, _ planned: PlannedRules
    ) throws(StoreError) -> ReplayPass {
        let partition = KeyPartition(index: index, count: count)
        var pass = try ReplayPass(log, request, beginning, planned, partition, range)
        try pass.run(&ledger)
        return pass
    }

    /// Where the ledger differs, the log is gone through once more to say how.
    private mutating func compareLedger(
        _ recorded: LedgerComparison.Recorded, _ range: PositionRange, _ beginning: Beginning,
        _ planned: PlannedRules, _ passes: Int, _ pass: ReplayPass
    ) throws(StoreError) {
        for breach in recorded.breaches { findings.add(breach) }
        let differing = ledger.differing(from: recorded)
        guard pass.isComplete, !differing.isEmpty else { return }
        ledger.keep(LedgerComparison.shown(differing))
        for index in 0..<passes { _ = try self.pass(index, of: passes, range, beginning, planned) }
        try ledger.name(log, range: range, buckets: differing, &findings)
    }
}

/// The ledger as it is recorded, read on a thread of its own while the log is decided again.
private final class LedgerReading: Sendable {
    private let outcome = Mutex(Result<LedgerComparison.Recorded, StoreError>?.none)
    private let done = DispatchGroup()

    init(_ log: any RecordReader, _ range: PositionRange, _ secret: LedgerSecret) {
        let thread = DispatchQueue(label: "sendonce.ledger-reader", qos: .userInitiated)
        thread.async(group: done) {
            let read = Result { () throws(StoreError) in
                try LedgerComparison.read(log, range: range, secret)
            }
            self.outcome.withLock { $0 = read }
        }
    }

    /// Waits until all is read.
    func result() throws(StoreError) -> LedgerComparison.Recorded {
        done.wait()
        guard let outcome = outcome.withLock({ $0 }) else { throw .failed("the ledger was not read") }
        return try outcome.get()
    }
}
