// Which keys were won, as far as the log was decided again.
package import SendonceCore

/// The ledger of a replay, in memory.
package struct KeyTable: Ledger, Sendable {
    private var winners: [Digest: [Winner]] = [:]

    package init() {}

    package func winners(_ question: LedgerQuestion) -> [Winner] {
        guard let known = winners[question.key.digest] else { return [] }
        switch question.range {
        case .first: return Array(known.prefix(1))
        case .latest: return Array(known.suffix(1))
        case .between(let from, let end):
            return known.filter { from <= $0.occurredAt && $0.occurredAt < end }
        }
    }

    package mutating func add(_ winner: Winner, key: Digest) {
        // Those that are taken up from a recorded ledger come in any order.
        let known = winners[key] ?? []
        let place = known.lastIndex { $0.position <= winner.position }.map { $0 + 1 } ?? 0
        winners[key, default: []].insert(winner, at: place)
    }
}
