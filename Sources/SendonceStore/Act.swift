// What people do to commands: planned first, confirmed with its count, recorded with who, when and why, and
// effective in the transaction that records it.
package import SendonceCore

/// What a person does; the words of `outbox_act.act`.
package enum ActKind: String, Hashable, Sendable, CaseIterable {
    /// The command waits until it is released.
    case hold
    /// A held command becomes due again, and passes every gate again.
    case release
    /// The command is never sent, or never sent again.
    case cancel
    /// A person knows that the message was sent.
    case resolveAccepted = "resolve_accepted"
    /// A person knows that the message was not sent: it may be tried as if nothing had been.
    case resolveNotAccepted = "resolve_not_accepted"
    /// The log is in force here again after it was fenced; what was queued stays held.
    case liftFence = "lift_fence"
}

/// A person's act, before it is done.
package struct ActOrder: Hashable, Sendable {
    package var kind: ActKind
    /// Names the act: the same name again does nothing and answers what was done then.
    package var request: Text
    package var actor: Text
    package var reason: Text
    package var now: Timestamp

    package init(kind: ActKind, request: Text, actor: Text, reason: Text, now: Timestamp) {
        self.kind = kind
        self.request = request
        self.actor = actor
        self.reason = reason
        self.now = now
    }
}

/// Which unfinished commands an act is about. All that is given must hold; nothing given means all.
package struct CommandSelection: Hashable, Sendable {
    package var ids: [CommandID]
    package var hold: HoldReason?
    package var rule: Text?
    package var route: Text?
    package var recipient: Text?
    /// At most this many, oldest first.
    package var limit: Int?

    package init(
        ids: [CommandID] = [], hold: HoldReason? = nil, rule: Text? = nil, route: Text? = nil,
        recipient: Text? = nil, limit: Int? = nil
    ) {
        self.ids = ids
        self.hold = hold
        self.rule = rule
        self.route = route
        self.recipient = recipient
        self.limit = limit
    }

    /// What is recorded with the act, and compared when its name comes again.
    package var words: Text {
        var parts = ids.sorted().map(\.description)
        if let hold { parts.append("held=\(hold.rawValue)") }
        if let rule { parts.append("rule=\(rule)") }
        if let route { parts.append("route=\(route)") }
        if let recipient { parts.append("recipient=\(recipient)") }
        if let limit { parts.append("limit=\(limit)") }
        return Text(parts.isEmpty ? "all" : parts.joined(separator: " "))
    }
}

/// What an act would do.
package struct ActPlan: Sendable {
    /// Commands that the act would touch.
    package var count: Int64
    /// Those of them that may have been sent already.
    package var unsure: Int64
    /// Selected commands that the act cannot touch, by the word of their state.
    package var unfit: [String: Int64]
    /// The first ones that it would touch.
    package var sample: [MessageRecord]

    package init(count: Int64, unsure: Int64, unfit: [String: Int64], sample: [MessageRecord]) {
        self.count = count
        self.unsure = unsure
        self.unfit = unfit
        self.sample = sample
    }
}

/// One row of `outbox_act`.
package struct ActRecord: Hashable, Sendable {
    package var number: Int64
    package var kind: ActKind
    package var request: Text
    package var actor: Text
    package var reason: Text
    package var selection: Text
    /// Commands that it touched.
    package var commands: Int64
    package var recordedAt: Timestamp

    package init(
        number: Int64, kind: ActKind, request: Text, actor: Text, reason: Text, selection: Text,
        commands: Int64, recordedAt: Timestamp
    ) {
        self.number = number
        self.kind = kind
        self.request = request
        self.actor = actor
        self.reason = reason
        self.selection = selection
        self.commands = commands
        self.recordedAt = recordedAt
    }
}

/// What became of an act.
package enum ActResult: Hashable, Sendable {
    case done(ActRecord)
    /// An act of this name was done before; nothing was done now.
    case repeated(ActRecord)
    /// The count that was confirmed is not the count any more; nothing was done.
    case differs(Int64)
}

package enum ActLimits {
    /// Commands that one act touches: about a second under SQLite's write lock.
    package static let commands = 100_000
    /// Commands that a plan shows.
    package static let sample = 10
    /// Command ids that one act names.
    package static let ids = 1_000
}

/// The right to act on commands as a person.
package protocol ActWriter: Sendable {
    /// The act of this name, if it was done.
    func act(named request: Text) throws(StoreError) -> ActRecord?

    /// What the act would do now. Changes nothing.
    func plan(_ kind: ActKind, _ selection: CommandSelection) throws(StoreError) -> ActPlan

    /// Does it, if exactly `confirmed` commands are touched; records it in the same transaction.
    ///
    /// Guarantee: a command whose attempt is open is never touched; a request that was done before is not
    /// done again. Errors: `.fenced`; `.conflict` if the request's name was used for something else, or the
    /// act touches more than `ActLimits.commands`.
    func act(_ order: ActOrder, on selection: CommandSelection, confirmed: Int64) throws(StoreError)
        -> ActResult
}

extension ActKind {
    /// Which rows of `outbox_queue q` the act can touch, in SQL that all stores understand.
    package var fitSQL: String {
        switch self {
        case .hold: "q.state IN ('pending', 'unknown')"
        // What may have been sent is resolved, not released: its gate would only hold it again, or send it
        // a second time.
        case .release: "(q.state = 'held' AND q.hold_reason <> 'unknown_outcome')"
        case .cancel: "q.state IN ('pending', 'unknown', 'held')"
        case .resolveAccepted, .resolveNotAccepted:
            """
            (q.state = 'unknown' OR (q.state = 'held'
                AND (q.hold_reason IN ('unknown_outcome', 'restored', 'fence')
                    OR q.first_unsure_at IS NOT NULL)))
            """
        case .liftFence: "(q.state <> 'held' OR q.hold_reason = 'fence')"
        }
    }
}

/// A command that an act touches, as it was before.
package struct ActedCommand: Hashable, Sendable {
    package var number: Int64
    package var state: QueueState
    package var hold: HoldReason?

    package init(_ row: some RecordedRow) throws(StoreError) {
        number = row.integer(0)
        state = try row.word(1)
        hold = try row.wordIfAny(2)
    }
}

extension ActOrder {
    /// Throws `.conflict` unless the recorded act is the one that is asked for again.
    package func checkSame(as known: ActRecord, _ selection: Text) throws(StoreError) {
        guard known.kind == kind, known.selection == selection else {
            throw .conflict(
                "the request \(request) was used by \(known.actor) on \(known.recordedAt.shortText) for "
                    + "another act (\(known.kind.rawValue): \(known.selection)): give this one its own name")
        }
    }

    package static func checkCount(_ count: Int) throws(StoreError) {
        guard count <= ActLimits.commands else {
            throw .conflict(
                "more than \(ActLimits.commands) commands at once: do it in parts, with --limit "
                    + "\(ActLimits.commands)")
        }
    }
}
