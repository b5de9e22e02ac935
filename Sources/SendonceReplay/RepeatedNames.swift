// Events that a producer wrote twice under one name, found by reading all names in their order: so only those
// that repeat have to be remembered.
package import SendonceStore

/// For each event whose name stood in the log before, where it stood first.
package struct RepeatedNames: Sendable {
    private var first: [Int64: Int64] = [:]

    package init() {}

    /// Reads the names of all events up to a position.
    package init(_ log: any RecordReader, through position: Int64) throws(StoreError) {
        let rows = RowBuffer()
        var place: NamePlace?
        while true {
            rows.removeAll()
            try log.names(after: place, through: position, limit: VerificationLimits.pageRows, into: rows)
            guard !rows.ends.isEmpty else { return }
            add(rows, after: &place)
        }
    }

    package func firstPosition(ofEventAt position: Int64) -> Int64? { first[position] }

    /// `place` is the last name of the page before, with the position where it stood first; then of this one.
    private mutating func add(_ rows: RowBuffer, after place: inout NamePlace?) {
        for index in rows.ends.indices {
            var cursor = rows.cursor(index)
            let (id, source) = (cursor.part(), cursor.part())
            let position = cursor.integer()
            guard let id, let source else { continue }
            if let last = place, last.id.elementsEqual(id), last.source.elementsEqual(source) {
                let origin = first[last.position] ?? last.position
                first[position] = origin
                place?.position = position
            } else {
                place = NamePlace(id: Array(id), source: Array(source), position: position)
            }
        }
    }
}
