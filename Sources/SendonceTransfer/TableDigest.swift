// One digest for all rows of a table, the same on every store that holds the same rows.
package import SendonceCore
package import SendonceStore

/// What a table came to on one side.
package struct TableDigest: Hashable, Sendable {
    package var rows: Int64
    package var digest: Digest

    package init(rows: Int64, digest: Digest) {
        self.rows = rows
        self.digest = digest
    }
}

/// A table on both sides.
package struct TableComparison: Hashable, Sendable {
    package var name: String
    package var source: TableDigest
    package var copy: TableDigest

    package init(name: String, source: TableDigest, copy: TableDigest) {
        self.name = name
        self.source = source
        self.copy = copy
    }

    package var isEqual: Bool { source == copy }
}

/// SHA-256 over the rows in the order of their keys. A value is a letter for its kind, then eight bytes,
/// big-endian: the number itself, or the length of the bytes that follow.
struct RowDigester {
    private var builder = DigestBuilder()
    private var rows: Int64 = 0

    mutating func add(_ row: TransferRow) {
        rows += 1
        for value in row {
            switch value {
            case .null: builder.add([0x6E])
            case .integer(let number):
                builder.add([0x69])
                builder.add(number)
            case .text(let bytes):
                builder.add([0x74])
                builder.addPart(bytes)
            case .bytes(let bytes):
                builder.add([0x62])
                builder.addPart(bytes)
            }
        }
    }

    mutating func add(_ waiting: IntakeEvent) {
        let event = waiting.event
        func text(_ text: Text?) -> TransferValue { text.map { .text(Array($0.utf8)) } ?? .null }
        add([
            .integer(waiting.sequence), text(event.id), text(event.type), text(event.source),
            text(event.subject), .text(event.payload), .integer(event.occurredAt.microseconds),
            text(event.traceparent),
        ])
    }

    consuming func result() -> TableDigest {
        TableDigest(rows: rows, digest: builder.digest())
    }
}

extension TransferReader {
    /// Reads a table from one end to the other, page by page.
    package func pages(
        of table: TransferTable, _ body: ([TransferRow]) throws(StoreError) -> Void
    ) throws(StoreError) {
        var last: TransferRow?
        while true {
            let rows = try rows(
                of: table, after: last, limit: TransferLimits.rows, bytes: TransferLimits.bytes)
            guard let end = rows.last else { return }
            try body(rows)
            last = table.key(end)
        }
    }

    /// The digest of the rows as this side gives them.
    package func digest(of table: TransferTable) throws(StoreError) -> TableDigest {
        var digester = RowDigester()
        try pages(of: table) { rows throws(StoreError) in
            for row in rows { digester.add(table.canonical(row)) }
        }
        return digester.result()
    }
}
