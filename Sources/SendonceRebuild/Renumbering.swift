// Under which number a command of the old place stands in the new one. Numbers follow from the log, so they
// are the same unless somebody changed the old table; what is recorded of a command goes by its id.
import SendonceCore
import SendonceStore

struct Renumbering {
    /// Commands of the new place are numbered from 1 to this.
    let commands: Int64
    /// Old numbers whose row has another id than the new place has there, with the new number of that id, if
    /// there is one.
    private var moved: [Int64: Int64?] = [:]
    private var destinations: Set<Int64> = []

    init(from source: any TransferReader, to target: any TransferReader) throws(StoreError) {
        var (old, new) = (RowPages(.command, of: source), RowPages(.command, of: target))
        var wanted: [TransferValue: [Int64]] = [:]
        var count = 0
        var last: Int64 = 0
        while let row = try new.next() {
            last = row[0].number ?? last
            while let other = try old.peek(), let number = other[0].number, number <= last {
                _ = try old.next()
                guard number < last || other[1] != row[1] else { continue }
                wanted[other[1], default: []].append(number)
                count += 1
                try Self.check(count)
            }
        }
        while let other = try old.next() {
            wanted[other[1], default: []].append(other[0].number ?? 0)
            count += 1
            try Self.check(count)
        }
        commands = last
        guard !wanted.isEmpty else { return }
        for numbers in wanted.values { for number in numbers { moved[number] = .some(nil) } }
        try find(wanted, old: source, new: target)
    }

    /// A second row of one id, or of an id that stands under its own number, moves nowhere.
    private mutating func find(
        _ wanted: [TransferValue: [Int64]], old source: any TransferReader, new target: any TransferReader
    ) throws(StoreError) {
        var new = RowPages(.command, of: target)
        while let row = try new.next() {
            guard let number = row[0].number, let candidates = wanted[row[1]], let first = candidates.min()
            else { continue }
            let own = try source.rows(of: .command, after: [.integer(number - 1)], limit: 1, bytes: 0).first
            if own?[0] == row[0], own?[1] == row[1] { continue }
            moved[first] = .some(number)
            destinations.insert(number)
        }
    }

    private static func check(_ count: Int) throws(StoreError) {
        guard count <= RebuildLimits.renumbered else {
            throw .conflict(
                "more than \(RebuildLimits.renumbered) commands of the old place are not those that follow "
                    + "from its log: its rows cannot be matched")
        }
    }

    /// Whether every row stays under its number.
    var isPlain: Bool { moved.isEmpty }

    /// Commands whose rows come under another number.
    var count: Int64 { Int64(moved.values.count { $0 != nil }) }

    /// The new number; nil if no such command follows from the log. Where the old place has lost the
    /// command's row, its number says which one it was.
    func number(_ old: Int64) -> Int64? {
        if let new = moved[old] { return new }
        guard !destinations.contains(old), old >= 1, old <= commands else { return nil }
        return old
    }
}
