// What a rebuild would do, and what it did: beside each table of the old place what follows from the log.
package import SendonceCore
package import SendonceStore
package import SendonceTransfer

package struct RebuildPlan: Sendable {
    package var step: TransferPlan.Step
    /// Whether the old place is an import, which holds the log and nothing else.
    package var isImport: Bool
    package var sourcePlace: Text
    package var targetPlace: Text
    /// Rows of each table at the old place.
    package var rows: [(table: String, count: Int64)]
    package var intake: Int64

    package func count(_ table: TransferTable) -> Int64 { rows.first { $0.table == table.name }?.count ?? 0 }
    package var events: Int64 { count(.log) }
}

package struct RebuildReport: Sendable {
    package var transfer: Text
    /// Each table on both sides; empty where only the rest of the intake was brought.
    package var tables: [TableComparison] = []
    /// Tables that follow from the log and are not what the old place had.
    package var differences: [RowDifferences] = []
    /// Commands that stand under another number than at the old place.
    package var renumbered: Int64 = 0
    /// Rows of the delivery that did not come, by table.
    package var lost: [LostRows] = []
    package var commands = CommandCounts()
    /// Over all tables of the new place, as it is recorded there.
    package var digest: Digest?
    /// Events of the intake that this run brought.
    package var brought = 0
    /// Events that stand in the old intake and did not come.
    package var remaining: Int64 = 0

    /// Whether everything that the old place had is in the new one. Rows that were missing there do not
    /// matter: they are what a rebuild is for.
    package var isWhole: Bool {
        renumbered == 0 && lost.isEmpty && differences.allSatisfy { $0.changed == 0 && $0.gone == 0 }
    }
}

/// What became of the commands.
package struct CommandCounts: Hashable, Sendable {
    /// Finished as at the old place.
    package var finished: Int64 = 0
    /// The old place had lost their end; a recorded outcome says it.
    package var ended: Int64 = 0
    /// Queued as at the old place.
    package var kept: Int64 = 0
    /// Held as restored: no attempt is recorded, or only such as were refused.
    package var restored: Int64 = 0
    /// Held because an attempt may have been accepted, and their queue row was lost.
    package var unsure: Int64 = 0
}

/// Rows of the old place that did not come, because what they belong to does not exist.
package struct LostRows: Hashable, Sendable {
    package var table: String
    package var rows: Int64 = 0
    /// Keys of the first ones.
    package var first: [String] = []

    mutating func add(_ key: TransferRow) {
        rows += 1
        if first.count < RebuildLimits.named { first.append(key.words) }
    }
}

/// What of a table that follows from the log was otherwise at the old place.
package struct RowDifferences: Hashable, Sendable {
    package var table: String
    /// Rows that the old place did not have.
    package var restored: Int64 = 0
    /// Rows that are otherwise there.
    package var changed: Int64 = 0
    /// Rows that do not follow from the log.
    package var gone: Int64 = 0
    /// Keys of the first changed and gone ones.
    package var first: [String] = []

    init(
        of table: TransferTable, from source: any TransferReader, to target: any TransferReader
    ) throws(StoreError) {
        self.table = table.name
        var (old, new) = (RowPages(table, of: source), RowPages(table, of: target))
        while true {
            switch (try old.peek(), try new.peek()) {
            case (nil, nil): return
            case (let row?, nil): try takeGone(row, &old, table)
            case (nil, .some):
                restored += 1
                _ = try new.next()
            case (let there?, let here?):
                let (left, right) = (table.key(there), table.key(here))
                if left == right {
                    if table.canonical(there) != table.canonical(here) {
                        changed += 1
                        name(left)
                    }
                    _ = try old.next()
                    _ = try new.next()
                } else if left.precedes(right) {
                    try takeGone(there, &old, table)
                } else {
                    restored += 1
                    _ = try new.next()
                }
            }
        }
    }

    private mutating func takeGone(
        _ row: TransferRow, _ old: inout RowPages, _ table: TransferTable
    ) throws(StoreError) {
        gone += 1
        name(table.key(row))
        _ = try old.next()
    }

    private mutating func name(_ key: TransferRow) {
        if first.count < RebuildLimits.named { first.append(key.words) }
    }
}
