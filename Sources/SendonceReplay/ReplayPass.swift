// Once through the log: page by page, each event decided again, each row compared.
import SendonceCore
import SendonceReading
import SendonceStore

/// What holds before the first position.
struct Beginning {
    var chain = ChainCheck(after: 0, link: .zero)
    var rules: RulesInForce?
    /// Why nothing can be decided from there on.
    var obstacle: Obstacle?
}

/// One pass, for one share of the keys. Belongs to one thread, for which others read and draft ahead.
struct ReplayPass {
    let log: any RecordReader
    /// The rules that the threads that read ahead draft by.
    let planned: PlannedRules
    let range: PositionRange
    let partition: KeyPartition

    var replayer: Replayer
    var findings = Findings()
    var counts: Certificate.Counts
    /// Decisions of each reason since `counts` was brought up to date, in the order of `Reason.words`.
    var tally = [Int64](repeating: 0, count: Reason.words.count)
    var chain: ChainCheck
    var decisionDigest: BlockDigest
    /// The digest of what follows from the log, from where it first differed from what is recorded.
    var fork: BlockDigest?
    var commandDigest: BlockDigest
    var checkpoint: Certificate.Checkpoint?
    /// The number of the last command that was compared.
    var number: Int64
    /// Where deciding ended, because nobody could go on.
    var stoppedAt: Int64?
    /// Whether some row differed that was judged here.
    var hasDifferences = false

    /// What follows from the events of a page: decisions, commands, and rows of the ledger for those
    /// commands that were judged here.
    let decisions = RowBuffer(capacity: 1 << 17)
    let commands = RowBuffer(capacity: 1 << 17)
    let winners = RowBuffer(capacity: 1 << 17)
    /// Whether each of `decisions` was judged here; empty where all were.
    var judged: [Bool] = []
    /// The place in `commands` of each of `winners`.
    var winning: [Int] = []
    /// Drafts of pages that nobody drafted before, or under other rules.
    let drafts = Drafts()
    /// One decision's row, before it is known whether it is judged here.
    let single = RowBuffer(capacity: 1 << 10)

    init(
        _ log: any RecordReader, _ request: VerificationRequest, _ beginning: Beginning,
        _ planned: PlannedRules, _ partition: KeyPartition, _ range: PositionRange
    ) throws(StoreError) {
        self.log = log
        self.planned = planned
        self.range = range
        self.partition = partition
        replayer = Replayer(log, expectedKeys: range.likelyKeys / partition.count, partition)
        replayer.rules = beginning.rules
        replayer.repeats = planned.repeats
        counts = request.checkpoint?.counts ?? Certificate.Counts()
        chain = beginning.chain
        decisionDigest = BlockDigest(after: request.checkpoint?.decisions ?? .zero)
        commandDigest = BlockDigest(after: request.checkpoint?.commandIDs ?? .zero)
        number = range.numberBefore
        if partition.index > 0 { counts.reasons = [:] }
        if range.from > 1 {
            try LedgerComparison.seed(&replayer.keys, partition, log, through: range.numberBefore)
            replayer.isSeeded = true
        }
        if let obstacle = beginning.obstacle { stop(obstacle) }
    }

    /// Whether every event of the range was decided again.
    var isComplete: Bool { stoppedAt == nil }

    var recomputedDigest: Digest? {
        guard isComplete else { return nil }
        // With several shares of keys no pass sees all that follows from the log.
        guard partition.count == 1 else { return hasDifferences ? nil : decisionDigest.digest }
        return (fork ?? decisionDigest).digest
    }

    /// Adds what a pass for another share of the keys came to.
    mutating func add(_ other: ReplayPass) {
        for (word, count) in other.counts.reasons { counts.reasons[word, default: 0] += count }
        if let reached = other.checkpoint {
            for (word, count) in reached.counts.reasons {
                checkpoint?.counts.reasons[word, default: 0] += count
            }
        }
        hasDifferences = hasDifferences || other.hasDifferences
    }

    /// Goes through all pages of the range.
    mutating func run(_ ledger: inout LedgerComparison) throws(StoreError) {
        // Where others judge a part of the keys, what is recorded stands in for it: all of it is needed.
        let reader = PageReader(log, range, planned, countsEmitted: partition.count == 1)
        defer { reader.end() }
        var chainFindings = Findings()
        while let page = try reader.next() {
            chain.check(page.rows, isChained: page.isChained, &chainFindings)
            decide(page)
            try compare(page, &ledger)
            reach(page.rows.through)
            if page.rows.events.ends.isEmpty, let end = try wideHole(behind: page.rows.through) {
                chain.miss(through: end, &chainFindings)
                stop(Obstacle(at: page.rows.through + 1, "there are no events up to position \(end)"))
                break
            }
        }
        takeTally()
        counts.events += chain.events
        // Every pass reads the same events; the first one tells.
        if partition.index == 0 { findings.add(contentsOf: chainFindings) }
    }

    /// The last position of a hole that nobody has to go through page by page.
    private func wideHole(behind position: Int64) throws(StoreError) -> Int64? {
        let next = try log.events(after: position, limit: 1, bytes: 0).first?.position
        guard let next, next - position > VerificationLimits.widestHole else { return nil }
        return min(next - 1, range.to)
    }

    private mutating func reach(_ position: Int64) {
        decisionDigest.reach(position)
        commandDigest.reach(position)
        fork?.reach(position)
        guard position % VerificationLimits.blockEvents == 0, let link = chain.recorded else { return }
        takeTally()
        var counts = counts
        counts.events += chain.events
        checkpoint = Certificate.Checkpoint(
            position: position, link: link, decisions: decisionDigest.link,
            commandIDs: commandDigest.link, number: number, counts: counts)
    }

    private mutating func takeTally() {
        for (index, word) in Reason.words.enumerated() where tally[index] > 0 {
            counts.reasons[word, default: 0] += tally[index]
            tally[index] = 0
        }
    }

    mutating func stop(_ obstacle: Obstacle) {
        stoppedAt = obstacle.position
        guard partition.index == 0 else { return }
        if let difference = obstacle.difference { findings.add(difference) }
        findings.add(
            obstacle: "from position \(obstacle.position) on nothing was decided again: \(obstacle.words)")
    }
}
