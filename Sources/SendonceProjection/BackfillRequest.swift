// What a person asks for when past events shall be decided.
package import SendonceCore
package import SendonceStore

/// One end of a backfill's range.
package enum BackfillBound: Hashable, Sendable {
    /// A place in the log.
    case position(Int64)
    /// A time at which events happened, by their own statement; the whole log is looked through.
    case time(Timestamp)
}

package struct BackfillRequest: Hashable, Sendable {
    package var rule: Text
    /// Both ends are included.
    package var from: BackfillBound
    package var through: BackfillBound
    package var actor: Text
    package var reason: Text
    /// nil: named after rule, range and rule set, so that the same command is the same request.
    package var name: Text?

    package init(
        rule: Text, from: BackfillBound, through: BackfillBound, actor: Text, reason: Text, name: Text? = nil
    ) {
        self.rule = rule
        self.from = from
        self.through = through
        self.actor = actor
        self.reason = reason
        self.name = name
    }

    func name(under ruleSet: Digest) -> Text {
        if let name { return name }
        var builder = DigestBuilder()
        builder.addPart(rule.string)
        for bound in [from, through] {
            switch bound {
            case .position(let position): builder.addPart("position \(position)")
            case .time(let time): builder.addPart("time \(time.microseconds)")
            }
        }
        builder.add(ruleSet)
        return Text("backfill-" + builder.digest().description.prefix(12))
    }

    /// The range in a log of this length.
    func range(head: Int64) throws(BackfillError) -> BackfillRange {
        var range = BackfillRange(from: 1, through: head)
        switch from {
        case .position(let position): range.from = position
        case .time(let time): range.occurredFrom = time
        }
        switch through {
        case .position(let position): range.through = position
        case .time(let time): range.occurredThrough = time
        }
        guard range.from >= 1 else { throw .unfit("--from \(range.from): positions begin with 1") }
        guard range.through <= head else {
            throw .unfit(
                head == 0
                    ? "the log is empty: there is nothing to decide"
                    : "--through \(range.through): the log ends at #\(head); events behind it are decided "
                        + "as they come")
        }
        guard range.from <= range.through else {
            throw .unfit(
                "--from \(range.from) lies behind "
                    + (head == range.through ? "the end of the log, #\(head)" : "--through \(range.through)"))
        }
        if let first = range.occurredFrom, let last = range.occurredThrough, last < first {
            throw .unfit("--from \(first.text) is later than --through \(last.text)")
        }
        return range
    }

    func check() throws(BackfillError) {
        for (words, text, limit) in [
            ("who does it", actor, Limits.actNameBytes), ("the reason", reason, Limits.actReasonBytes),
            ("the request's name", name ?? "-", Limits.actNameBytes),
        ] where text.isEmpty || text.utf8.count > limit {
            throw .unfit("\(words) must have 1 to \(limit) bytes")
        }
    }
}

package enum BackfillError: Error, Hashable, Sendable {
    case store(StoreError)
    /// It cannot be as it was asked for.
    case unfit(String)
    /// More could be sent than the person confirmed; what was done before that stays done.
    case unconfirmed(sendable: Int64, confirmed: Int64?)
    /// Another rule set came into force since the request began.
    case overtaken(request: Text)

    package var description: String {
        switch self {
        case .store(let error): error.description
        case .unfit(let words): words
        case .unconfirmed(let sendable, nil): "nothing was done: confirm with --yes \(sendable)"
        case .unconfirmed(let sendable, let confirmed?):
            "this would send \(sendable) or more, and \(confirmed) \(confirmed == 1 ? "was" : "were") "
                + "confirmed: look at the plan again, and confirm with --yes and its number"
        case .overtaken(let request):
            "other rules came into force since request \(request) began, so what is left of it needs a plan "
                + "of its own: name another --request"
        }
    }
}

/// What a request would do, or what is left of it to do, as of now.
package struct BackfillPlan: Sendable {
    /// The request as it would be recorded next.
    package var next: Backfill
    /// What is recorded of it already; nil before it begins.
    package var done: Backfill?
    /// Decisions to come, by the word of their reason.
    package var reasons: [String: Int64] = [:]
    package var events: Int64 = 0
    /// Keys that an event had won itself.
    package var wonBefore: Int64 = 0
    /// Events that lose to a winner which the ledger has already.
    package var lostBefore: Int64 = 0
    package var emitted: Int64 = 0
    /// Emitted commands that are never sent, by the gate that closes first.
    package var expired: Int64 = 0
    package var cancelled: Int64 = 0
    package var superseded: Int64 = 0
    package var sample: [BackfillSample] = []

    package var isFinished: Bool { done?.isLast ?? false }
    package var sendable: Int64 { emitted - expired - cancelled - superseded }
    /// The number to confirm: of the whole request, so that it stays the same when one goes on.
    package var toConfirm: Int64 { (done?.totals.sendable ?? 0) + sendable }
}

/// One decision to come, for people.
package struct BackfillSample: Hashable, Sendable {
    package enum Fate: String, Hashable, Sendable {
        case send, expired, cancelled, superseded, refused
    }

    package var decision: Decision
    package var fate: Fate
}
