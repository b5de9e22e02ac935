// Where a message stands, in sentences: sent, not sent, waiting, unknown, held, and what follows.
import SendonceCore
import SendonceStore

/// Sentences about one message.
struct MessageProse {
    /// How the message is called: in its own story, or in the story of an event that lost to it or ends it.
    enum Lead {
        case own
        case of(position: Int64)
    }

    let history: MessageHistory
    let lead: Lead
    let now: Timestamp

    var record: MessageRecord { history.record }

    /// Where it stands, and what happens next and when.
    var standing: [Prose] {
        switch record.standing {
        case .finished(let state, let at, let cause): finished(state, at: at, cause: cause)
        case .queued(let queue):
            switch queue.state {
            case .pending: turn(queue)
            case .unknown: ["\(unsure)."] + turn(queue)
            case .sending: [sending(queue)] + overtaken(queue)
            case .held: held(queue)
            }
        }
    }

    /// Said to those who lost to a message that was never sent.
    func keeping(after reason: Reason) -> [Prose] {
        switch (reason, record.standing) {
        case (.duplicate, .finished(let state, _, _)), (.withinWindow, .finished(let state, _, _)):
            guard state != .accepted else { return [] }
            return [
                "A winner keeps its key whatever becomes of its e-mail; only a person's re-issue opens "
                    + "it again."
            ]
        default: return []
        }
    }

    var isSent: Prose {
        switch lead {
        case .own: "An e-mail for rule \(record.rule) was sent to \(record.recipient)"
        case .of(let position): "The e-mail of event #\(position) was sent to \(record.recipient)"
        }
    }

    var isNotSent: Prose {
        switch lead {
        case .own: "No e-mail for rule \(record.rule) was sent to \(record.recipient)"
        case .of(let position): "The e-mail of event #\(position) was not sent to \(record.recipient)"
        }
    }

    var itself: Prose {
        switch lead {
        case .own: "The e-mail for rule \(record.rule) to \(record.recipient)"
        case .of(let position): "The e-mail of event #\(position) to \(record.recipient)"
        }
    }

    private var unsure: Prose {
        switch lead {
        case .own:
            "It is not known whether the e-mail for rule \(record.rule) was sent to \(record.recipient)"
        case .of(let position):
            "It is not known whether the e-mail of event #\(position) was sent to \(record.recipient)"
        }
    }

    /// Who takes the message.
    var provider: Prose { record.route == "brevo" ? "Brevo" : "route \(record.route)" }

    private func finished(_ state: FinishedState, at: Timestamp, cause: Int64?) -> [Prose] {
        switch state {
        case .accepted: [accepted(at: at)]
        case .rejected:
            [
                "\(isNotSent): \(provider) rejected it for good on "
                    + "\(at)\(saying(history.attempts.last?.outcome))."
            ]
        case .dead:
            [
                "\(isNotSent): it was given up on \(at) after "
                    + "\(Prose.count(record.attempts, "attempt", "attempts")), "
                    + "each of them refused."
            ]
        case .expired:
            [
                "\(isNotSent): it had expired\(record.expiresAt.map { " on \($0)" } ?? "") before it "
                    + "could be sent."
            ]
        case .cancelled where cause == nil && history.firstUnsureAt != nil:
            ["\(unsure): a person cancelled it on \(at), so it is not tried again."]
        case .cancelled:
            [
                "\(isNotSent): \(cause.map { "event #\($0)" } ?? "a person") cancelled it before it was "
                    + "sent, recorded on \(at)."
            ]
        case .superseded:
            [
                "\(isNotSent): a newer e-mail\(cause.map { ", that of event #\($0)," } ?? "") took its "
                    + "place before it was sent, recorded on \(at)."
            ]
        case .suppressed:
            ["\(isNotSent): the address was suppressed when its turn came, recorded on \(at)."]
        }
    }

    private func accepted(at: Timestamp) -> Prose {
        guard let attempt = history.acceptance, let outcome = attempt.outcome else {
            guard let act = history.acts.last(where: { $0.kind == .resolveAccepted }) else {
                return "\(isSent): it was recorded as accepted on \(at)."
            }
            return "\(isSent): \(act.actor) says so, and resolved it as accepted on \(at)."
        }
        if outcome.verdict.outcome == .duplicate {
            return "\(isSent): on \(outcome.finishedAt) \(provider) refused a repeat under the same key"
                + "\(saying(outcome)), which proves that it had accepted an earlier attempt."
        }
        let name: Prose = outcome.verdict.messageID.map { " as message \($0)" } ?? ""
        return "\(isSent): \(provider) accepted it on \(outcome.finishedAt)\(name)."
    }

    private func held(_ queue: QueueStanding) -> [Prose] {
        let since: Prose = queue.heldAt.map { " since \($0) (\(Prose.length(now - $0)))" } ?? ""
        let detail: Prose = queue.holdDetail.flatMap { $0.isEmpty ? nil : " (“\($0)”)" } ?? ""
        let reason = queue.hold ?? .operator
        return ["\(itself) has been held for a person\(since): \(reason.prose)\(detail).", reason.advice]
            + (reason == .unknownOutcome ? overtaken(queue) : [])
    }

    private func sending(_ queue: QueueStanding) -> Prose {
        let began: Prose =
            history.attempts.last.map { "attempt \($0.attempt) began on \($0.startedAt)" }
            ?? "an attempt began"
        switch history.next {
        case .lapse(_, let leaseEnd):
            return "\(unsure): \(began) and had no outcome when its lease ended on \(leaseEnd). "
                + "A running dispatcher will record that as unknown."
        default:
            let until: Prose = queue.leaseEnd.map { "; its lease ends on \($0)" } ?? ""
            return "\(itself) is being sent: \(began) and has no outcome yet\(until)."
        }
    }

    /// A cancelling or newer event that came while the message may have been on its way.
    private func overtaken(_ queue: QueueStanding) -> [Prose] {
        let cause: Prose
        switch (queue.cancelledBy, queue.supersededBy) {
        case (let event?, _): cause = "Event #\(event) cancelled it"
        case (nil, let event?): cause = "A newer e-mail, that of event #\(event), took its place"
        case (nil, nil): return []
        }
        return ["\(cause), but it may have been sent already."]
    }
}

extension HoldReason {
    /// Why it waits, as the end of a sentence.
    var prose: Prose {
        switch self {
        case .operator: "a person held it"
        case .unknownOutcome: "it is not known whether it was sent, and it is not sent again without proof"
        case .templateError: "its message could not be made as it was decided"
        case .restored: "it was made again from the log, and nothing records whether it was sent before"
        case .fence: "this database may be an older copy of one that still sends"
        }
    }

    /// What a person can do.
    var advice: Prose {
        switch self {
        case .operator: "A person can release it, and it is sent if every gate is open, or cancel it."
        case .unknownOutcome:
            "A person can look for it at the provider, by the command's id, and resolve it as accepted "
                + "or not accepted."
        case .templateError: "A person can release it once its message can be made, or cancel it."
        case .restored: "A person can release it, cancel it, or resolve it as accepted."
        case .fence:
            "A person who knows that no other copy sent it can release it; else resolve it as accepted, or "
                + "cancel it."
        }
    }
}
