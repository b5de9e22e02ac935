// Decides everything again and compares it with what is recorded, row by row, while the live system goes on.
package import SendonceCore
package import SendonceStore

/// What to verify.
package struct VerificationRequest: Sendable {
    package var from: Int64 = 1
    /// nil: up to the head at the beginning.
    package var to: Int64?
    /// The log must have this link at this position.
    package var expectedHead: LogHead?
    /// Where an earlier verification ended; its digests and figures are gone on with.
    package var checkpoint: Certificate.Checkpoint?
    /// Bytes that the memory of keys may take; nil: 32 for each key, whatever that comes to.
    package var memory: Int?
    package var place: Text
    package var barriers: [String] = []

    package init(place: Text) {
        self.place = place
    }
}

/// One run; used once, by one thread.
package struct Verification {
    let log: any RecordReader
    let request: VerificationRequest
    /// Time since some fixed moment; only differences count, and only for the certificate's duration.
    let now: () -> Timestamp

    var findings = Findings()
    var counts = Certificate.Counts()
    var assumptions: [String] = []
    var replayer: Replayer
    var decisionDigest = BlockDigest()
    /// The digest of what follows from the log, from where it first differed from what is recorded.
    var fork: BlockDigest?
    var commandDigest = BlockDigest()
    var checkpoint: Certificate.Checkpoint?
    /// The number of the last command that was compared.
    var number: Int64 = 0
    /// Where deciding ended, because nobody could go on.
    var stoppedAt: Int64?
    /// The commands that follow from the events of a page.
    var emitted: [Emitted] = []
    let recomputedDecisions = RowBuffer()
    let recomputedCommands = RowBuffer()
    var ledger = LedgerComparison()
    var activations: [Activation] = []

    package init(_ log: any RecordReader, _ request: VerificationRequest, now: @escaping () -> Timestamp) {
        self.log = log
        self.request = request
        self.now = now
        replayer = Replayer(log)
    }

    /// Errors: only where nothing could be read; whatever is recorded wrongly is in the certificate.
    package mutating func run() throws(StoreError) -> Certificate {
        let start = now()
        let head = try log.head()
        let range = try bounds(head)
        try checkExpectedHead(head)
        activations = try log.activations().filter { $0.position <= range.to }
        var chain = try begin(range)
        replayer.repeats = try RepeatedNames(log, through: range.to)
        try readPages(range, &chain)
        try checkTail(after: range.to, isHead: range.to == head.position)
        try compareActivations(range)
        let ledgerDigest = try ledger.compare(log, range: range, self.isComplete, &findings, &counts)
        try DeliveryCheck(log).check(through: number, &findings)
        return Certificate(
            name: try log.name(), place: request.place, from: range.from, to: range.to,
            head: LogHead(position: range.to, link: chain.recorded ?? .zero),
            digests: Certificate.Digests(
                log: chain.computed, recordedDecisions: decisionDigest.digest,
                recomputedDecisions: recomputedDigest, ledger: ledgerDigest, commandIDs: commandDigest.digest),
            counts: counts, differenceCount: findings.differenceCount, differences: findings.differences,
            promises: LogPromise.allCases.map {
                Certificate.Promise(
                    promise: $0, breaches: findings.breachCounts[$0] ?? 0, shown: findings.breaches[$0] ?? [])
            },
            assumptions: assumptions, obstacles: findings.obstacles, barriers: request.barriers,
            checkpoint: checkpoint, duration: now() - start)
    }
}
