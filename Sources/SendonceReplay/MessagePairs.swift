// Which message of the recorded rules is which message of the given rules, for one event of the log.
import SendonceCore

/// What one side decided about an event and one scope, or about the event as a whole.
struct SideDecision {
    /// The name under which the rule's keys stand in the ledger: it stays where a rule is renamed. nil where
    /// no rule is meant.
    var scope: Text?
    var decision: Decision

    var command: Command? { decision.command }

    /// Says what a control event did, and not what was decided about an event.
    fileprivate var isAct: Bool {
        guard case .control = decision.reason else { return false }
        return true
    }
}

/// One message: on both sides, or on one of them with what the other decided instead.
struct MessagePair {
    var scope: Text
    /// nil: not sent under the recorded rules.
    var recorded: Command?
    /// nil: not sent under the given rules.
    var given: Command?
    /// What was decided instead of a message; nil where no rule of the scope saw the event.
    var insteadOfRecorded: Reason?
    var insteadOfGiven: Reason?
}

enum MessagePairs {
    /// The pairs in the order of the events that were decided, of scopes and recipients' items.
    ///
    /// Messages of one scope are paired by recipient and key, then by recipient, then in their order: so a
    /// rule that writes to another address says something else, and not one message less and one more.
    /// Messages of two events are never paired: a backfill decides many, and what one of them loses is not
    /// what another one gains.
    static func of(recorded: [SideDecision], given: [SideDecision]) -> [MessagePair] {
        let (before, after) = (byEvent(recorded), byEvent(given))
        let (acts, givenActs) = (recorded.filter(\.isAct), given.filter(\.isAct))
        return Set(before.keys).union(after.keys).sorted().flatMap { event in
            // Of an event that a side left alone, only what its act says of itself can tell why.
            pairs((before[event] ?? []) + acts, (after[event] ?? []) + givenActs)
        }
    }

    private static func byEvent(_ side: [SideDecision]) -> [Int64: [SideDecision]] {
        Dictionary(grouping: side.filter { !$0.isAct }, by: \.decision.about)
    }

    private static func pairs(_ recorded: [SideDecision], _ given: [SideDecision]) -> [MessagePair] {
        let scopes = Set((recorded + given).filter { $0.command != nil }.compactMap(\.scope)).sorted()
        return scopes.flatMap { scope in pairs(of: scope, recorded, given) }
    }

    private static func pairs(
        of scope: Text, _ recorded: [SideDecision], _ given: [SideDecision]
    ) -> [MessagePair] {
        let before = recorded.compactMap { $0.scope == scope ? $0.command : nil }
        var left = given.compactMap { $0.scope == scope ? $0.command : nil }
        var partners = [Command?](repeating: nil, count: before.count)
        let measures: [(Command, Command) -> Bool] = [
            { $0.recipient == $1.recipient && $0.key.text == $1.key.text },
            { $0.recipient == $1.recipient },
            { _, _ in true },
        ]
        for fits in measures {
            for index in before.indices where partners[index] == nil {
                guard let place = left.firstIndex(where: { fits(before[index], $0) }) else { continue }
                partners[index] = left.remove(at: place)
            }
        }
        let paired = before.indices.map { index in
            MessagePair(
                scope: scope, recorded: before[index], given: partners[index],
                insteadOfGiven: partners[index] == nil ? reason(before[index], scope, given) : nil)
        }
        let added = left.map { command in
            MessagePair(
                scope: scope, given: command, insteadOfRecorded: reason(command, scope, recorded))
        }
        return paired + added
    }

    /// Why a side did not send what the other sent: what it decided about the scope and this recipient, else
    /// about the scope, else about the event as a whole.
    private static func reason(_ command: Command, _ scope: Text, _ side: [SideDecision]) -> Reason? {
        let silent = side.filter { $0.command == nil && !$0.decision.reason.isCancellation }
        let recipient = Text(command.recipient.description)
        let found =
            silent.first { $0.scope == scope && $0.decision.recipient == recipient }
            ?? silent.first { $0.scope == scope } ?? silent.first { $0.scope == nil }
        return found?.decision.reason
    }
}

extension Reason {
    /// Says what became of another event's command, and not why this event sends nothing.
    fileprivate var isCancellation: Bool {
        switch self {
        case .cancels, .cancelsNothing: true
        default: false
        }
    }
}
