// Events that a producer wrote twice under one name, found by reading all names in their order: so only those
// that repeat have to be remembered.
import SendonceCore
package import SendonceStore

/// For each event whose name stood in the log before, where it stood first.
package struct RepeatedNames: Sendable {
    /// Later position and first position, by the later one.
    private var pairs: [(later: Int64, first: Int64)] = []

    package init() {}

    /// Bytes that are taken.
    package var footprint: Int { pairs.capacity * 16 }

    /// Reads the names of all events up to a position.
    package init(_ log: any RecordReader, through position: Int64) throws(StoreError) {
        let rows = RowBuffer()
        var place: Named?
        while true {
            rows.removeAll()
            try log.names(
                after: place?.last, through: position, limit: VerificationLimits.pageRows, into: rows)
            guard !rows.ends.isEmpty else { break }
            add(rows, after: &place)
        }
        pairs.sort { $0.later < $1.later }
    }

    package func firstPosition(ofEventAt position: Int64) -> Int64? {
        guard !pairs.isEmpty else { return nil }
        var (low, high) = (0, pairs.count)
        while low < high {
            let middle = (low + high) / 2
            if pairs[middle].later < position { low = middle + 1 } else { high = middle }
        }
        return low < pairs.count && pairs[low].later == position ? pairs[low].first : nil
    }

    /// A name with the place where it was met last, and the position where it stood first.
    private struct Named {
        var last: NamePlace
        var first: Int64
    }

    private mutating func add(_ rows: RowBuffer, after place: inout Named?) {
        for index in rows.ends.indices {
            var cursor = rows.cursor(index)
            let (id, source) = (cursor.part(), cursor.part())
            let position = cursor.integer()
            guard let id, let source else { continue }
            if let known = place, known.last.id.elementsEqual(id), known.last.source.elementsEqual(source) {
                pairs.append((later: position, first: known.first))
                place?.last.position = position
            } else {
                place = Named(
                    last: NamePlace(id: Array(id), source: Array(source), position: position), first: position
                )
            }
        }
    }
}

extension RepeatedNames {
    /// Reads the names in the log's own order, for a log that has no index of them: an exported file.
    ///
    /// Memory: 24 bytes and their share of a table, about 50 together, for each event that has an id, until
    /// the log was gone through. Two names are taken for one if 128 bits of their digests agree.
    package init(inOrderOf log: any LogReader, through position: Int64) throws(StoreError) {
        var seen: [NameDigest: Int64] = [:]
        var after: Int64 = 0
        while after < position {
            let page = try log.events(
                after: after, limit: VerificationLimits.pageEvents, bytes: VerificationLimits.pageBytes)
            guard let last = page.last else { return }
            for logged in page where logged.position <= position {
                guard let id = logged.event.id else { continue }
                let name = NameDigest(id: id, source: logged.event.source)
                if let origin = seen[name] {
                    pairs.append((later: logged.position, first: origin))
                } else {
                    seen[name] = logged.position
                }
            }
            after = last.position
        }
    }
}

/// Stands for a name that a producer gave.
private struct NameDigest: Hashable {
    private let high: UInt64
    private let low: UInt64

    init(id: Text, source: Text) {
        var builder = DigestBuilder()
        builder.addPart(source.string)
        builder.addPart(id.string)
        (high, low) = builder.digest().withBytes { bytes in
            (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }
}
