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

/// Which winners of a key a decision needs.
package enum LedgerRange: Hashable, Sendable {
    /// The one with the lowest position.
    case first
    /// The one with the highest position.
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
        case .first: return before.isEmpty ? Array(new.prefix(1)) : before
        case .latest: return Array(new.suffix(1))
        case .between(let from, let end):
            return before + new.filter { from <= $0.occurredAt && $0.occurredAt < end }
        }
    }

    package mutating func add(_ winner: Winner, key: Digest) {
        added[key, default: []].append(winner)
    }
}
