// A story in sentences that a support person can paste into an answer.
import SendonceCore
import SendonceStore

extension WhyAnswer {
    /// Paragraphs: a story each, newest first, then what is absent. Ends with a line feed.
    package var text: String {
        var paragraphs = stories.map { Prose.joined($0.prose) }
        if hasMore, stories.count == WhyLimits.stories || !absences.contains(where: \.isOlderUnread) {
            let these: Prose = stories.count == 1 ? "this" : "these \(stories.count)"
            paragraphs.append("There is more than \(these); ask more narrowly to see it.")
        }
        paragraphs += absences.map(\.sentence)
        return paragraphs.map { $0.string + "\n" }.joined(separator: "\n")
    }
}

extension Story {
    /// In the order of reading: what became of it, why, what else, and where to look it up.
    package var sentences: [String] { prose.map(\.string) }

    var prose: [Prose] {
        let refused = [refusal] + act + repetitions
        guard let message else { return refused + [reference] }
        guard isEmitted else {
            let other = MessageProse(history: message, lead: .of(position: message.record.position), now: now)
            return refused + other.standing + other.keeping(after: decision.reason) + other.acts + [reference]
        }
        let own = MessageProse(history: message, lead: .own, now: now)
        return own.standing + [cause(message)] + act + [losers(message)].compactMap(\.self) + repetitions
            + own.attempts + own.acts + [reference]
    }

    /// Who let the event be decided after it had come, and why.
    private var act: [Prose] {
        guard let backfill else { return [] }
        return [
            "Event #\(event.position) was decided by a backfill, event #\(backfill.event.position), that "
                + "\(backfill.backfill.actor) asked for on \(backfill.event.recordedAt): "
                + "“\(backfill.backfill.reason)”."
        ]
    }

    /// `event #17 (order.placed)`.
    var eventProse: Prose { "event #\(event.position) (\(event.event.type))" }

    /// Why the message came to be.
    private func cause(_ message: MessageHistory) -> Prose {
        let slot = message.record.slot.string
        let claim: Prose =
            if slot.hasPrefix("within:") {
                "had the key \(message.record.key) and no other winner of that key was close enough to "
                    + "stop it"
            } else if slot.hasPrefix("every:") {
                "was the first with key \(message.record.key) in its period"
            } else {
                "was the first with key \(message.record.key)"
            }
        let again: Prose =
            message.record.generation > 1
            ? ", after a person had re-issued that key (generation \(message.record.generation))" : ""
        let verb: Prose =
            switch message.next {
            case .attempt, .outcome: "is to be sent"
            case .nothing where message.isAccepted: "was sent"
            default: "was to be sent"
            }
        return "It \(verb) because \(eventProse) \(claim)\(again)."
    }

    private func losers(_ message: MessageHistory) -> Prose? {
        let losers = message.losers
        guard losers.count > 0 else { return nil }
        // In a backfill the newer event may have won already.
        let areLater = losers.positions.allSatisfy { $0 > event.position }
        let counted =
            areLater
            ? Prose.count(losers.count, "later event", "later events")
            : Prose.count(losers.count, "other event", "other events")
        let atLeast: Prose = losers.isExact ? "" : "At least "
        let verb: Prose = losers.count == 1 ? "was" : "were"
        return "\(atLeast)\(counted) with the same key \(verb) not sent: \(losers.named)."
    }

    private var repetitions: [Prose] {
        guard repeats.count > 0 else { return [] }
        let atLeast: Prose = repeats.isExact ? "" : "At least "
        let later = Prose.count(repeats.count, "later event has", "later events have")
        let them: Prose = repeats.count == 1 ? "it" : "them"
        return [
            "\(atLeast)\(later) the same source and id as #\(event.position), so no rule saw \(them): "
                + "\(repeats.named)."
        ]
    }

    /// Where the rows are.
    private var reference: Prose {
        let times: Prose =
            "\(event.event.occurredAt) and was decided on \(backfill?.event.recordedAt ?? event.recordedAt)"
        guard isEmitted, let record = message?.record else {
            return "Event #\(event.position) happened on \(times)."
        }
        let digest = Text(String(record.ruleSet.description.prefix(12)))
        return
            "Event #\(event.position) happened on \(times) under rule set \(digest); the command is "
            + "\(record.id)."
    }
}

extension Losers {
    /// The first ones; one more than that is named too rather than counted.
    fileprivate var named: Prose {
        let few = count <= WhyLimits.losersNamed + 1
        return .positions(Array(positions.prefix(few ? count : WhyLimits.losersNamed)), of: count)
    }
}
