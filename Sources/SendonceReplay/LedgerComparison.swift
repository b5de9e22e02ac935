// The ledger as it is recorded, compared with the keys that were won when the log was decided again. Its rows
// stand in the order of their keys and the decisions in the order of positions, so the two are compared by
// fingerprint; only where those differ, rows are looked at one by one.
import SendonceCore
import SendonceStore

struct LedgerComparison {
    private var fingerprint: LedgerFingerprint
    /// Buckets whose rows are kept, because something differs there.
    private var kept: Set<Int> = []
    private var keptRows: [[Text?]] = []

    /// Buckets that are looked at row by row. What differs in more of them is counted by the bucket.
    private static let shownBuckets = 64

    init(_ secret: LedgerSecret) {
        fingerprint = LedgerFingerprint(secret)
    }

    /// Remembers a row that should be in the ledger.
    mutating func expect(_ row: UnsafeRawBufferPointer) {
        var cursor = RowCursor(row)
        _ = cursor.part()
        let bucket = LedgerFingerprint.bucket(of: cursor.part())
        if kept.isEmpty {
            fingerprint.add(row, in: bucket)
        } else if kept.contains(bucket) {
            keptRows.append(RowShape.ledger.values(row))
        }
    }

    /// From here on rows of these buckets are kept, and no others looked at.
    mutating func keep(_ buckets: [Int]) { kept = Set(buckets) }

    // MARK: Reading the recorded rows

    /// Takes up the keys that were won up to a command.
    static func seed(
        _ keys: inout KeyTable, _ partition: KeyPartition, _ log: any RecordReader, through number: Int64
    ) throws(StoreError) {
        try pages(log) { rows in
            for index in rows.ends.indices {
                var cursor = rows.cursor(index)
                _ = cursor.part()
                guard let digest = cursor.digest() else { continue }
                let (slot, generation) = (cursor.text(), cursor.integer())
                _ = cursor.part()
                let (place, time) = (cursor.integer(), Timestamp(microseconds: cursor.integer()))
                let id = CommandID(cursor.text().string)
                guard cursor.integer() <= number, let id, partition.contains(digest) else { continue }
                keys.add(
                    Winner(
                        position: place, occurredAt: time, slot: slot, generation: generation, command: id),
                    key: digest)
            }
        }
    }

    /// What the recorded rows came to.
    struct Recorded: Sendable {
        var rows: Int64 = 0
        /// Of the rows behind the range the one with the highest command number, and that number.
        var highest: (values: [Text?], number: Int64)?
        var digest: Digest = .zero
        var fingerprint: LedgerFingerprint
        var breaches: [Breach] = []
    }

    /// The buckets in which what is recorded is not what follows from the log.
    mutating func differing(from recorded: Recorded) -> [Int] {
        fingerprint.subtract(recorded.fingerprint)
        return fingerprint.differing
    }

    /// Goes through the recorded rows that were won in the range. Those before it were taken as they are. A
    /// row's position does not say when it was won, its command's number does: a backfill wins for events
    /// that were decided long before.
    static func read(
        _ log: any RecordReader, range: PositionRange, _ secret: LedgerSecret
    ) throws(StoreError) -> Recorded {
        var recorded = Recorded(fingerprint: LedgerFingerprint(secret))
        var digest = DigestBuilder()
        var last: [UInt8] = []
        try pages(log) { rows in
            var first = 0
            for index in rows.ends.indices {
                let bytes = rows.row(index)
                var cursor = RowCursor(bytes)
                let key = cursor.part()
                let start = cursor.offset
                let keyDigest = cursor.part()
                _ = cursor.part()
                _ = cursor.integer()
                let unique = UnsafeRawBufferPointer(rebasing: bytes[start..<cursor.offset])
                _ = (cursor.part(), cursor.integer(), cursor.integer(), cursor.part())
                let number = cursor.integer()
                guard number <= range.lastNumber else {
                    if number > recorded.highest?.number ?? 0 {
                        recorded.highest = (RowShape.ledger.values(bytes), number)
                    }
                    // Won meanwhile: it does not count, and the digest goes on behind it.
                    digest.add(rows.rows(first..<index))
                    first = index + 1
                    continue
                }
                recorded.rows += 1
                if last.withUnsafeBytes({ haveSameBytes($0, unique) }) {
                    recorded.breaches.append(
                        Breach(
                            .oneWinner,
                            "the key \(key.map { String(decoding: $0, as: UTF8.self) } ?? "") "
                                + "has a second winner"))
                }
                last.replaceSubrange(last.startIndex..., with: unique)
                if range.judges(number) {
                    recorded.fingerprint.add(bytes, in: LedgerFingerprint.bucket(of: keyDigest))
                }
            }
            digest.add(rows.rows(first..<rows.ends.count))
        }
        recorded.digest = digest.digest()
        return recorded
    }

    /// Names what differs: this was given the rows of the kept buckets that follow from the log.
    func name(
        _ log: any RecordReader, range: PositionRange, buckets: [Int], _ findings: inout Findings
    ) throws(StoreError) {
        var recorded: [[Text?]] = []
        let shape = RowShape.ledger
        try Self.pages(log) { rows in
            for index in rows.ends.indices {
                var cursor = rows.cursor(index)
                _ = cursor.part()
                guard kept.contains(LedgerFingerprint.bucket(of: cursor.part())) else { continue }
                let values = shape.values(rows.row(index))
                if range.judges(shape.integer(values, shape.number)) { recorded.append(values) }
            }
        }
        var areSame = true
        shape.compare(recorded: recorded, recomputed: keptRows) {
            areSame = false
            findings.add($0)
        }
        if areSame {
            findings.add(
                Difference(
                    at: range.to, .ledger, recorded: "rows of other bytes than follow from the log",
                    recomputed: "no row that can be named"))
        }
        if buckets.count > kept.count {
            findings.add(
                obstacle: "the ledger differs in more places than are counted: in \(buckets.count) of "
                    + "\(LedgerFingerprint.bucketCount) buckets, of which \(kept.count) were looked at")
        }
    }

    static func shown(_ buckets: [Int]) -> [Int] { Array(buckets.prefix(shownBuckets)) }

    /// All rows of the ledger, page by page.
    private static func pages(
        _ log: any RecordReader, _ body: (RowBuffer) -> Void
    ) throws(StoreError) {
        let rows = RowBuffer()
        var place: LedgerPlace?
        while true {
            rows.removeAll()
            try log.ledger(after: place, limit: VerificationLimits.pageRows, into: rows)
            guard !rows.ends.isEmpty else { return }
            body(rows)
            var cursor = rows.cursor(rows.ends.count - 1)
            let (key, digest, slot) = (cursor.part(), cursor.part(), cursor.part())
            place = LedgerPlace(
                key: key.map { Array($0) } ?? [], digest: digest.map { Array($0) } ?? [],
                slot: slot.map { Array($0) } ?? [], generation: cursor.integer())
        }
    }
}
