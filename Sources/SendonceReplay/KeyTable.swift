// Which keys were won, as far as the log was decided again: at most 32 bytes for each, in one piece of
// memory.
package import SendonceCore

/// The ledger of a replay, in memory. Belongs to one thread.
///
/// A key is known by the first 96 bits of its digest. Should two keys ever agree in them, the second would
/// seem to lose to the first, and be reported as a difference.
package struct KeyTable: Ledger {
    /// Bytes that a key takes, at most, where it was won no more often than `hotCount`.
    package static let bytesPerKey = 32
    /// Winners of one key in the table; of a key that was won more often they stand in a list of their own.
    private static let hotCount = 16

    private let slots: KeySlots
    private var lists: [[ListedWinner]] = []
    /// Lengths of `every` windows that were met; a winner names its own by its place here.
    private var lengths: [Int64] = []
    package private(set) var count = 0

    /// `expected`: as many keys find room without growing.
    package init(expected: Int = 0) {
        slots = KeySlots(expected: expected)
    }

    /// Bytes that are taken.
    package var footprint: Int {
        slots.footprint + lists.reduce(0) { $0 + $1.capacity * MemoryLayout<ListedWinner>.stride }
    }

    // MARK: Asking

    package func places(_ question: LedgerQuestion) -> [WinnerPlace] {
        places(of: question.key.digest, question.range)
    }

    package func latestCommand(of key: Key) -> CommandID? { latestCommand(of: key.digest) }

    /// Why a key cannot be won at this time; nil if it can.
    func loss(of key: Digest, at time: Timestamp, _ window: Window) -> Reason? {
        let range = window.range(at: time)
        guard case .first = range else { return Projector.loss(at: time, window, to: places(of: key, range)) }
        return first(key).map { Projector.loss(at: time, window, first: $0, nearest: $0) }
    }

    func latestCommand(of key: Digest) -> CommandID? {
        guard let last = all(key).max(by: { $0.position < $1.position }) else { return nil }
        return CommandID(
            key: key, slot: slotText(last.form, last.occurredAt), generation: Int64(last.generation))
    }

    private func places(of key: Digest, _ range: LedgerRange) -> [WinnerPlace] {
        switch range {
        case .first: return first(key).map { [$0] } ?? []
        case .latest: return all(key).max { $0.position < $1.position }.map { [$0.place] } ?? []
        case .between(let from, let end):
            var found: [WinnerPlace] = []
            each(key, from: from, before: end) { found.append($0.place) }
            if found.count > 1 { found.sort { $0.position < $1.position } }
            return found
        }
    }

    private func first(_ key: Digest) -> WinnerPlace? {
        var lowest: WinnerPlace?
        slots.each(key) { entry in
            if entry.isList {
                lowest = lists[entry.list].min { $0.position < $1.position }?.place
            } else if lowest.map({ entry.position < $0.position }) ?? true {
                lowest = WinnerPlace(position: entry.position, occurredAt: entry.occurredAt)
            }
        }
        return lowest
    }

    private func all(_ key: Digest) -> [ListedWinner] {
        var found: [ListedWinner] = []
        slots.each(key) { entry in
            if entry.isList { found = lists[entry.list] } else { found.append(ListedWinner(entry)) }
        }
        return found
    }

    private func each(
        _ key: Digest, from: Timestamp, before end: Timestamp, _ body: (ListedWinner) -> Void
    ) {
        slots.each(key) { entry in
            if entry.isList {
                let list = lists[entry.list]
                for winner in list[KeyTable.place(of: from, in: list)...] {
                    guard winner.occurredAt < end else { break }
                    body(winner)
                }
            } else if from <= entry.occurredAt, entry.occurredAt < end {
                body(ListedWinner(entry))
            }
        }
    }

    // MARK: Remembering

    package mutating func add(_ winner: Winner, key: Digest) {
        add(
            ListedWinner(
                position: winner.position, occurredAt: winner.occurredAt, form: form(of: winner.slot),
                generation: UInt32(clamping: winner.generation)), key)
    }

    /// The same for a first generation, without the texts that follow from the window.
    mutating func add(position: Int64, at time: Timestamp, _ window: Window, key: Digest) {
        add(ListedWinner(position: position, occurredAt: time, form: form(of: window)), key)
    }

    private mutating func add(_ new: ListedWinner, _ key: Digest) {
        count += 1
        var (known, list) = (0, Int?.none)
        slots.each(key) { entry in
            known += 1
            if entry.isList { list = entry.list }
        }
        if let list {
            lists[list].insert(new, at: KeyTable.place(of: new.occurredAt, in: lists[list]))
        } else if known < KeyTable.hotCount, new.generation == 1, new.form < KeyEntry.listForm {
            slots.insert(
                KeyEntry(occurredAt: new.occurredAt, position: new.position, form: UInt8(new.form)), key)
        } else {
            var winners = all(key)
            winners.append(new)
            winners.sort { $0.occurredAt < $1.occurredAt }
            lists.append(winners)
            slots.remove(key)
            slots.insert(KeyEntry(list: lists.count - 1), key)
        }
    }

    /// The first place in a list, which is ordered by time, that is not before a time.
    private static func place(of time: Timestamp, in list: [ListedWinner]) -> Int {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle].occurredAt < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Slots of windows

    /// What a window's slot says besides the winner's time: 0 `forever`, 1 `within`, 2 and more `every`.
    private mutating func form(of slot: Text) -> UInt32 {
        switch slot.utf8.first {
        case 0x66: return 0
        case 0x77: return 1
        default:
            var length: Int64 = 0
            for byte in slot.utf8.dropFirst(6) {
                guard (0x30...0x39).contains(byte) else { break }
                length = length &* 10 &+ Int64(byte - 0x30)
            }
            return form(ofLength: length)
        }
    }

    private mutating func form(of window: Window) -> UInt32 {
        switch window {
        case .forever: 0
        case .within: 1
        case .every(let length): form(ofLength: max(1, length.microseconds))
        }
    }

    private mutating func form(ofLength length: Int64) -> UInt32 {
        if let known = lengths.firstIndex(of: length) { return UInt32(known + 2) }
        lengths.append(length)
        return UInt32(lengths.count + 1)
    }

    private func slotText(_ form: UInt32, _ time: Timestamp) -> Text {
        let window: Window =
            switch form {
            case 0: .forever
            case 1: .within(Span(microseconds: 1))
            default: .every(Span(microseconds: lengths[Int(form) - 2]))
            }
        return window.slot(at: time)
    }
}

/// A winner, unpacked.
private struct ListedWinner {
    var position: Int64
    var occurredAt: Timestamp
    var form: UInt32
    var generation: UInt32 = 1

    var place: WinnerPlace { WinnerPlace(position: position, occurredAt: occurredAt) }
}

extension ListedWinner {
    init(_ entry: KeyEntry) {
        self.init(position: entry.position, occurredAt: entry.occurredAt, form: UInt32(entry.form))
    }
}
