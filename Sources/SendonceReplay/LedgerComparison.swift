// The ledger as it is recorded, compared with the keys that were won when the log was decided again. Its rows
// stand in the order of their keys, the decisions in the order of positions.
import SendonceCore
import SendonceStore

struct LedgerComparison {
    private var expected: Set<[UInt8]> = []
    private let row = RowBuffer()

    /// Remembers the row that a command should have in the ledger.
    mutating func expect(_ won: Emitted) {
        row.removeAll()
        LedgerRow.add(won.command, scope: won.scope, number: won.number, to: row)
        expected.insert(Array(row.bytes))
    }

    /// Takes up the keys that were won before a position; gives the number of the last command before it.
    func seed(_ keys: inout KeyTable, _ log: any RecordReader, before position: Int64) throws(StoreError)
        -> Int64
    {
        var last: Int64 = 0
        try LedgerComparison.pages(log) { rows, index in
            var cursor = rows.cursor(index)
            _ = cursor.part()
            guard let digest = cursor.digest() else { return }
            let (slot, generation) = (cursor.text(), cursor.integer())
            _ = cursor.part()
            let (place, time) = (cursor.integer(), Timestamp(microseconds: cursor.integer()))
            guard let id = CommandID(cursor.text().string) else { return }
            let number = cursor.integer()
            guard place < position else { return }
            last = max(last, number)
            keys.add(
                Winner(
                    position: place, occurredAt: time, slot: slot, generation: generation, command: id),
                key: digest)
        }
        return last
    }

    /// Compares, unless not all events were decided again, and gives the digest of the recorded rows.
    mutating func compare(
        _ log: any RecordReader, range: PositionRange, _ isComplete: Bool, _ findings: inout Findings,
        _ counts: inout Certificate.Counts
    ) throws(StoreError) -> Digest {
        var digest = DigestBuilder()
        var extra: [[String?]] = []
        var last: [String]?
        var found = Findings()
        var rowCount: Int64 = 0
        var expected = expected
        try LedgerComparison.pages(log) { rows, index in
            let bytes = rows.row(index)
            let shape = RowShape.ledger
            let values = shape.values(bytes)
            guard let position = values[shape.position].flatMap({ Int64($0) }), position <= range.to else {
                return
            }
            rowCount += 1
            digest.add(bytes)
            let unique = [values[1] ?? "", values[2] ?? "", values[3] ?? ""]
            if unique == last {
                found.add(Breach(.oneWinner, "key \(values[0] ?? "") has a second winner"))
            }
            last = unique
            guard isComplete, position >= range.from else { return }
            if expected.remove(Array(bytes)) == nil { extra.append(values) }
        }
        for breach in found.breaches.values.flatMap(\.self) { findings.add(breach) }
        counts.ledger = rowCount
        if isComplete {
            let missing = expected.map { bytes in
                bytes.withUnsafeBytes { RowShape.ledger.values($0) }
            }.sorted { RowShape.ledger.identity($0).lexicographicallyPrecedes(RowShape.ledger.identity($1)) }
            RowShape.ledger.compare(recorded: extra, recomputed: missing) { findings.add($0) }
        }
        return digest.digest()
    }

    /// All rows of the ledger, page by page.
    private static func pages(
        _ log: any RecordReader, _ body: (RowBuffer, Int) -> Void
    ) throws(StoreError) {
        let rows = RowBuffer()
        var place: LedgerPlace?
        while true {
            rows.removeAll()
            try log.ledger(after: place, limit: VerificationLimits.pageRows, into: rows)
            guard !rows.ends.isEmpty else { return }
            for index in rows.ends.indices { body(rows, index) }
            var cursor = rows.cursor(rows.ends.count - 1)
            let (key, digest, slot) = (cursor.part(), cursor.part(), cursor.part())
            place = LedgerPlace(
                key: key.map { Array($0) } ?? [], digest: digest.map { Array($0) } ?? [],
                slot: slot.map { Array($0) } ?? [], generation: cursor.integer())
        }
    }
}
