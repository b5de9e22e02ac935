// What happens at a message's next turn, and when.
import SendonceCore
import SendonceStore

extension MessageProse {
    /// How long a due message may wait before a person should look whether anything runs.
    static let patience = Span.minutes(1)

    func turn(_ queue: QueueStanding) -> [Prose] {
        switch history.next {
        case .attempt(let number, let at): waiting(number, at) + expiry
        case .repeatUnderKey(let number, let at, let safeUntil):
            [repeating(number, at, safeUntil)] + idle(at) + expiry
        case .repeatWithoutProof(let number, let at):
            [
                "Attempt \(number) \(isDue(at)). It may send a second copy: the rule says on_unknown: "
                    + "retry, because a lost mail is worse than a second one."
            ] + idle(at) + expiry
        case .dependsOnRoute(let at):
            [
                "Its next turn \(isDue(at)); \(provider) is not configured here, so whether it will be "
                    + "tried again or held cannot be said."
            ]
        case .finish(let state, let at, let cause): [ending(state, at, cause)]
        case .hold(_, let at): holding(queue, at)
        case .nothing, .outcome, .lapse, .person: []
        }
    }

    private func waiting(_ number: Int, _ at: Timestamp) -> [Prose] {
        if number > 1 { return ["\(itself) is not sent yet: attempt \(number) \(isDue(at))."] + idle(at) }
        if at > now, at == record.notBefore, at > history.occurredAt {
            return [
                "\(itself) is not sent yet: the rule delays it until \(at), \(Prose.length(at - now)) "
                    + "from now."
            ]
        }
        return ["\(itself) is not sent yet: it \(isDue(at))."] + idle(at)
    }

    private func isDue(_ at: Timestamp) -> Prose {
        at > now
            ? "is due on \(at), \(Prose.length(at - now)) from now"
            : "has been due since \(at) (\(Prose.length(now - at)))"
    }

    private func idle(_ at: Timestamp) -> [Prose] {
        guard now - at >= MessageProse.patience else { return [] }
        return ["No dispatcher took it: see that `sendonce run` is running and \(provider) is not paused."]
    }

    private var expiry: [Prose] {
        record.expiresAt.map { ["It expires on \($0) if it was not sent before."] } ?? []
    }

    private func repeating(_ number: Int, _ at: Timestamp, _ safeUntil: Timestamp?) -> Prose {
        let again: Prose = "Attempt \(number) under the same key \(isDue(at))"
        guard let safeUntil else {
            return again + "; it writes the same message to the same place, so there cannot be a second one."
        }
        return again
            + "; \(provider) is sure to recognise the key until \(safeUntil), so no second e-mail can "
            + "come of it."
    }

    private func ending(_ state: FinishedState, _ at: Timestamp, _ cause: Int64?) -> Prose {
        let event: Prose = cause.map { "event #\($0)" } ?? "an event"
        let why: Prose
        switch state {
        case .cancelled: why = "\(event) cancelled it"
        case .superseded: why = "a newer e-mail, that of \(event), took its place"
        case .suppressed: why = "the address is suppressed"
        case .expired:
            let expiresAt = record.expiresAt ?? at
            why =
                expiresAt <= now
                ? "it expired on \(expiresAt)" : "it expires on \(expiresAt), before it is due"
        case .accepted, .rejected, .dead: why = "it is finished"
        }
        return "\(itself) will not be sent: \(why). Its end is recorded at its next turn, which \(isDue(at))."
    }

    private func holding(_ queue: QueueStanding, _ at: Timestamp) -> [Prose] {
        let why: Prose
        if let event = queue.cancelledBy {
            why = "Event #\(event) cancelled it, but it may have been sent already"
        } else if let event = queue.supersededBy {
            why = "A newer e-mail, that of event #\(event), took its place, but it may have been sent already"
        } else if let expiresAt = record.expiresAt, expiresAt <= max(now, at) {
            why = "It expires on \(expiresAt), but it may have been sent already"
        } else if let safeUntil = history.firstUnsureAt.flatMap({
            history.capability?.safeUntil(firstUnsureAt: $0)
        }) {
            why = "\(provider.capitalised) is sure to recognise the key only until \(safeUntil)"
        } else {
            why = "\(provider.capitalised) does not recognise a repeated request"
        }
        return [
            "\(why), so at its next turn, which \(isDue(at)), it is held for a person and not sent again."
        ]
    }
}
