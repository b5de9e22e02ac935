// Gathers the rows of one story.
import SendonceCore
import SendonceJSON
import SendonceStore

extension Why {
    /// The story of a message, from the decision that emitted it.
    func story(of message: MessageRecord) throws(StoreError) -> Story {
        let event = try loggedEvent(message.position)
        let decisions = try reader.decisions(at: message.position)
        guard let decision = decisions.first(where: { $0.command == message.id && $0.reason == .emitted })
        else { throw .damaged("command \(message.id) has no decision at position \(message.position)") }
        return Story(
            event: event, decision: decision, backfill: try backfill(of: decision),
            message: try history(of: message, decision, event), repeats: try repeats(of: event), now: now)
    }

    /// The act that let the event be decided, if it was not decided as it came.
    private func backfill(of decision: DecisionRecord) throws(StoreError) -> BackfillRecord? {
        guard decision.event != nil else { return nil }
        let act = try loggedEvent(decision.position)
        guard act.event.type == Event.backfillType, let backfill = Backfill(payload: act.event.payload) else {
            throw .damaged("event #\(decision.position) decided a past event and is no backfill")
        }
        return BackfillRecord(event: act, backfill: backfill)
    }

    /// The story of one decision, with the message that it is about.
    func story(of decision: DecisionRecord, _ event: LoggedEvent) throws(StoreError) -> Story {
        var story = Story(
            event: event, decision: decision, backfill: try backfill(of: decision), message: nil,
            repeats: try repeats(of: event), now: now)
        switch decision.reason {
        case .emitted:
            guard let id = decision.command, let message = try reader.message(id) else {
                throw .damaged("event #\(decision.about) emitted a command that is not recorded")
            }
            story.message = try history(of: message, decision, event)
        case .duplicate(let winner), .withinWindow(let winner, _):
            story.message = try history(ofWinner: winner, over: decision)
        case .cancels(let id):
            guard let message = try reader.message(id) else { break }
            let winner = try loggedEvent(message.position)
            story.message = try history(of: message, nil, winner)
        case .repeatedEvent, .conditionFalse, .noRule, .keyMissing, .keyInvalid, .recipientMissing,
            .recipientInvalid, .paramMissing, .payloadInvalid, .cancelsNothing, .control:
            break
        }
        return story
    }

    /// The message that took the key from a losing decision. A rule that was renamed keeps its keys, so the
    /// winner may bear another name; the key then tells.
    private func history(ofWinner position: Int64, over loser: DecisionRecord) throws(StoreError)
        -> MessageHistory?
    {
        let emitted = try reader.decisions(at: position).filter {
            $0.reason == .emitted && $0.key == loser.key
        }
        let winner =
            emitted.first { isSameScope($0.rule, loser.rule) } ?? (emitted.count == 1 ? emitted[0] : nil)
        guard let winner, let id = winner.command, let message = try reader.message(id) else { return nil }
        return try history(of: message, winner, try loggedEvent(position))
    }

    /// With `decision`, the losers are counted too.
    private func history(
        of message: MessageRecord, _ decision: DecisionRecord?, _ event: LoggedEvent
    ) throws(StoreError) -> MessageHistory {
        let attempts = try reader.attempts(of: message.id)
        let acts = try reader.acts(on: message.id)
        let capability = capability(message.route)
        return MessageHistory(
            record: message, eventType: event.event.type, occurredAt: event.event.occurredAt,
            attempts: attempts, acts: acts,
            losers: try decision.map { (decision) throws(StoreError) -> Losers in try losers(to: decision) }
                ?? .none,
            next: message.nextStep(attempts: attempts, acts: acts, now: now, capability: capability),
            capability: capability)
    }

    private func losers(to winner: DecisionRecord) throws(StoreError) -> Losers {
        let read = try reader.decisions(losingTo: winner.about, limit: WhyLimits.losersRead)
        // An event that lost when it came loses to the same winner again in a backfill; it counts once.
        var counted: Set<Int64> = []
        let same = read.filter { loser in
            switch loser.reason {
            case .duplicate, .withinWindow:
                loser.key == winner.key && isSameScope(loser.rule, winner.rule)
                    && (loser.event == nil || counted.insert(loser.about).inserted)
            default: false
            }
        }
        return Losers(
            count: same.count, isExact: read.count < WhyLimits.losersRead,
            positions: same.prefix(WhyLimits.losersListed).map(\.about))
    }

    /// Later events that have the event's source and id.
    private func repeats(of event: LoggedEvent) throws(StoreError) -> Losers {
        guard event.event.id != nil else { return .none }
        var repeats = try repeats(of: event.position)
        repeats.positions = Array(repeats.positions.prefix(WhyLimits.losersListed))
        return repeats
    }

    /// The same with all positions that were read.
    func repeats(of first: Int64) throws(StoreError) -> Losers {
        let read = try reader.decisions(losingTo: first, limit: WhyLimits.losersRead)
        // A backfill finds again what the projector found; an event counts once.
        var counted: Set<Int64> = []
        let positions = read.filter { $0.repeated == first }.map(\.about).filter {
            counted.insert($0).inserted
        }
        return Losers(
            count: positions.count, isExact: read.count < WhyLimits.losersRead, positions: positions)
    }

    private func isSameScope(_ left: Text, _ right: Text) -> Bool {
        left == right || scopes[left] ?? left == scopes[right] ?? right
    }
}

extension DecisionRecord {
    /// The first event with this one's source and id, where that is why no rule saw this one.
    var repeated: Int64? {
        guard case .repeatedEvent(let first) = reason else { return nil }
        return first
    }
}
