// The permanent memory of which command won each key.

/// One winner of a key: a row of the ledger.
package struct Winner: Hashable, Sendable {
    package var position: Int64
    package var occurredAt: Timestamp
    package var slot: Text
    /// 1, and one more with every re-issue by a person.
    package var generation: Int64
    package var command: CommandID

    package init(position: Int64, occurredAt: Timestamp, slot: Text, generation: Int64, command: CommandID) {
        self.position = position
        self.occurredAt = occurredAt
        self.slot = slot
        self.generation = generation
        self.command = command
    }
}

/// Which winners of a key a decision needs. A position is that of the event that won, never that of the act
/// that let it win: an old event that a backfill let win later stands before the winners that are newer than
/// it, as if it had won in its time.
package enum LedgerRange: Hashable, Sendable {
    /// The one whose event stands first in the log.
    case first
    /// The one whose event stands last in the log.
    case latest
    /// All whose event's time is at or after the first and before the second.
    case between(from: Timestamp, before: Timestamp)
}

package struct LedgerQuestion: Hashable, Sendable {
    package var key: Key
    package var range: LedgerRange

    package init(key: Key, range: LedgerRange) {
        self.key = key
        self.range = range
    }
}

/// Where and when a key was won: all that a rival needs to know.
package struct WinnerPlace: Hashable, Sendable {
    package var position: Int64
    package var occurredAt: Timestamp

    package init(position: Int64, occurredAt: Timestamp) {
        self.position = position
        self.occurredAt = occurredAt
    }
}

/// What a decision asks and tells about keys.
package protocol Ledger {
    /// Winners of the question's key and range, lowest position first.
    func places(_ question: LedgerQuestion) -> [WinnerPlace]
    /// The command that won the key last.
    func latestCommand(of key: Key) -> CommandID?
    /// Remembers a winner for the decisions after it.
    mutating func add(_ winner: Winner, key: Digest)
}

/// The winners that matter to one batch: what the store knew before it, by question, and what the batch
/// itself added. The projector decides on this value alone.
package struct LedgerView: Ledger, Sendable {
    private var known: [LedgerQuestion: [Winner]]
    private var added: [Digest: [Winner]] = [:]

    package init(known: [LedgerQuestion: [Winner]]) {
        self.known = known
    }

    package func places(_ question: LedgerQuestion) -> [WinnerPlace] {
        winners(question).map { WinnerPlace(position: $0.position, occurredAt: $0.occurredAt) }
    }

    package func latestCommand(of key: Key) -> CommandID? {
        winners(LedgerQuestion(key: key, range: .latest)).last?.command
    }

    /// Winners of the question's key and range, lowest position first.
    package func winners(_ question: LedgerQuestion) -> [Winner] {
        let before = known[question] ?? []
        guard let new = added[question.key.digest] else { return before }
        switch question.range {
        case .first: return LedgerView.merged(before, new.prefix(1)).prefix(1).map(\.self)
        case .latest: return LedgerView.merged(before, new.suffix(1)).suffix(1).map(\.self)
        case .between(let from, let end):
            return LedgerView.merged(before, new.filter { from <= $0.occurredAt && $0.occurredAt < end }[...])
        }
    }

    package mutating func add(_ winner: Winner, key: Digest) {
        if let last = added[key]?.last, winner.position < last.position {
            added[key] = LedgerView.merged(added[key] ?? [], [winner])
        } else {
            added[key, default: []].append(winner)
        }
    }

    /// Takes what a store knows for the next questions instead of what it knew for the last ones, and keeps
    /// what was added.
    package mutating func ask(_ known: [LedgerQuestion: [Winner]]) {
        self.known = known
    }

    /// Both in the order of positions. What was added follows what was known, except in a backfill.
    private static func merged(_ before: [Winner], _ new: ArraySlice<Winner>) -> [Winner] {
        guard let last = before.last, let first = new.first else { return before + new }
        guard first.position < last.position else { return before + new }
        return (before + new).sorted { $0.position < $1.position }
    }
}
