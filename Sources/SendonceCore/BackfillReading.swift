// The function that decides past events. As the projector's, it is pure: what it needs of the log and of the
// ledger comes in as values.

/// What one event of a backfill concluded.
package struct BackfillConclusion: Sendable {
    /// About past events, in the order of their positions, then about events that cancel what was emitted.
    /// Each stands at the position of the backfill's event and says in `event` which one it is about.
    package var decisions: [Decision] = []
    /// Emitted commands that a newer event supersedes, with its position.
    package var superseded: [CommandID: Int64] = [:]
    /// Past events that were looked at.
    package var events: Int64 = 0
    /// Keys that a past event had won itself: nothing is concluded about it again.
    package var wonBefore: Int64 = 0

    /// Commands that can still be sent at that time.
    package func sendable(at now: Timestamp) -> Int64 {
        let cancelled = Set(
            decisions.compactMap { decision -> CommandID? in
                guard case .cancels(let command) = decision.reason else { return nil }
                return command
            })
        return Int64(
            decisions.count { decision in
                guard let command = decision.command, !cancelled.contains(command.id) else { return false }
                return superseded[command.id] == nil && !(command.expiresAt.map { now >= $0 } ?? false)
            })
    }

    package var emitted: Int64 { Int64(decisions.count { $0.command != nil }) }
}

/// Past events that wait for their decision, and what else of the log bears on them.
///
/// **What a replay feeds it**, for a backfill's event at position P under the rule set in force there:
/// 1. `BackfillReading(rule, range)` with that rule set's rule of this name and the range of the payload;
/// 2. `decide(later:)` with every event of the rule's type from `first` to `last` of the payload, in the
///    order of positions, that the range contains (`BackfillRange.contains`);
/// 3. `bear` with every event below P of one of `bearingTypes`, in any order, twice at will: those of step 2
///    again, and those before and after them. Nothing is lost if it is only fed what `concerns` lets
///    through;
/// 4. an event of steps 2 and 3 that repeats an earlier one (`source`, `id`) comes as
///    `PastEvent.repeating`;
/// 5. `conclude` with a view of the ledger as it was before P, which knows the answers to `questions`.
/// It gives every decision at P but the first, which is `Backfill.words`.
///
/// A reading may hold more events than one conclusion is about, so that one pass over the log serves many.
package struct BackfillReading: Sendable {
    package let rule: Rule
    package let range: BackfillRange

    private var past: [PastEvent] = []
    /// Positions of waiting events by the keys that they claim, where the rule can be cancelled.
    private var claimed: [Digest: [Int64]] = [:]
    /// The first event at or behind a claim that cancels it.
    private var cancelledBy: [Claim: Int64] = [:]
    /// By what they supersede, where a waiting event supersedes the same: the newest first.
    private var rivals: [Digest: [Rival]] = [:]

    private struct Claim: Hashable {
        var key: Digest
        var position: Int64
    }

    private struct Rival {
        var position: Int64
        var occurredAt: Timestamp
        var questions: [LedgerQuestion]

        func isNewer(than position: Int64, _ occurredAt: Timestamp) -> Bool {
            (self.occurredAt, self.position) > (occurredAt, position)
        }
    }

    package init(_ rule: Rule, _ range: BackfillRange) {
        self.rule = rule
        self.range = range
    }

    /// Types of events that bear on a past one: what cancels it, and what is newer than it. Empty for most
    /// rules.
    package static func bearingTypes(_ rule: Rule) -> [Text] {
        var types: [Text] = rule.supersedes == nil ? [] : [rule.event]
        if let cancelling = rule.cancellation?.event, !types.contains(cancelling) { types.append(cancelling) }
        return types
    }

    /// Where in the log to look for them, if the first event to decide stands at `first`: a cancelling event
    /// comes later; a newer event may stand anywhere, because events come late.
    package static func bearingStart(_ rule: Rule, first: Int64) -> Int64 {
        rule.supersedes == nil ? first : 1
    }

    /// An event that waits for its decision. In the order of positions.
    package mutating func decide(later event: PastEvent) {
        past.append(event)
        for (command, _) in event.claims {
            if rule.cancellation != nil { claimed[command.key.digest, default: []].append(event.position) }
            if let digest = command.supersedeDigest, rivals[digest] == nil { rivals[digest] = [] }
        }
    }

    /// Whether the event bears on one that waits.
    package func concerns(_ event: PastEvent) -> Bool {
        event.cancelled.contains { claimed[$0.digest] != nil }
            || event.claims.contains { $0.command.supersedeDigest.map { rivals[$0] != nil } ?? false }
    }

    /// An event that may cancel or supersede one that waits.
    package mutating func bear(_ event: PastEvent) {
        for key in event.cancelled {
            for position in claimed[key.digest] ?? [] where position <= event.position {
                let claim = Claim(key: key.digest, position: position)
                cancelledBy[claim] = min(cancelledBy[claim] ?? .max, event.position)
            }
        }
        var questions: [Digest: [LedgerQuestion]] = [:]
        var order: [Digest] = []
        for (command, question) in event.claims {
            guard let digest = command.supersedeDigest, rivals[digest] != nil else { continue }
            if questions[digest] == nil { order.append(digest) }
            questions[digest, default: []].append(question)
        }
        for digest in order {
            let rival = Rival(
                position: event.position, occurredAt: event.occurredAt, questions: questions[digest] ?? [])
            add(rival, superseding: digest)
        }
    }

    private mutating func add(_ rival: Rival, superseding digest: Digest) {
        var known = rivals[digest] ?? []
        guard !known.contains(where: { $0.position == rival.position }) else { return }
        let place =
            known.firstIndex { rival.isNewer(than: $0.position, $0.occurredAt) } ?? known.endIndex
        known.insert(rival, at: place)
        rivals[digest] = Array(known.prefix(Limits.backfillRivals))
    }

    private func waiting(_ part: Backfill) -> [PastEvent] {
        past.filter { part.first <= $0.position && $0.position <= part.last }
    }

    /// What the ledger must be asked before this part can be concluded.
    package func questions(of part: Backfill) -> [LedgerQuestion] {
        waiting(part).flatMap { event in
            event.claims.flatMap { command, question in
                [question] + newer(than: event, command).flatMap(\.questions)
            }
        }
    }

    /// Decides the events of one part in the order of their positions, and adds the winners to the view.
    ///
    /// - A key that the event had won itself stays as it is, without a new decision.
    /// - Every event behind a past one that cancels its key cancels the command, not only that of the last
    ///   winner: the command is made after it.
    /// - A newer event with the same `supersedes` supersedes the command if it has won its own key, or if the
    ///   same request has still to decide it and its key is free.
    package func conclude(
        _ part: Backfill, at position: Int64, ledger: inout some Ledger
    ) -> BackfillConclusion {
        var conclusion = BackfillConclusion()
        var emitted: [(event: PastEvent, command: Command)] = []
        for event in waiting(part) {
            conclusion.events += 1
            let open = event.drafts.filter { draft in
                guard case .claims = draft.kind, let question = draft.question else { return true }
                return !ledger.places(question).contains { $0.position == event.position }
            }
            conclusion.wonBefore += Int64(event.drafts.count - open.count)
            for var decision in Projector.decide(open, at: event.position, ledger: &ledger) {
                decision.position = position
                decision.event = event.position
                decision.item = Int64(conclusion.decisions.count)
                conclusion.decisions.append(decision)
                if let command = decision.command { emitted.append((event, command)) }
            }
        }
        for (event, command) in emitted {
            conclusion.superseded[command.id] = newest(
                of: newer(than: event, command), behind: part.last, in: ledger)
            let claim = Claim(key: command.key.digest, position: event.position)
            guard let cancelling = cancelledBy[claim] else { continue }
            conclusion.decisions.append(
                Decision(
                    position: position, event: cancelling, rule: rule.name,
                    item: Int64(conclusion.decisions.count), reason: .cancels(command: command.id),
                    key: command.key))
        }
        return conclusion
    }

    private func newer(than event: PastEvent, _ command: Command) -> [Rival] {
        guard let digest = command.supersedeDigest, let known = rivals[digest] else { return [] }
        return known.filter { $0.isNewer(than: event.position, event.occurredAt) }
    }

    private func newest(of newer: [Rival], behind last: Int64, in ledger: some Ledger) -> Int64? {
        newer.first { rival in
            let isToCome = rival.position > last && range.contains(rival.position, rival.occurredAt)
            return rival.questions.contains { question in
                let winners = ledger.places(question)
                return winners.contains { $0.position == rival.position } || isToCome && winners.isEmpty
            }
        }?.position
    }
}
