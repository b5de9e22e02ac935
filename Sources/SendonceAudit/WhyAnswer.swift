// An answer to why, as values. Sentences and JSON are made from these and from nothing else.
package import SendonceCore
package import SendonceStore

/// What the recorded rows say about a question.
package struct WhyAnswer: Sendable {
    /// What was asked; several where a bare argument may mean several things.
    package var questions: [Question]
    package var askedAt: Timestamp
    /// Newest first; at most `WhyLimits.stories`.
    package var stories: [Story] = []
    /// Whether more was recorded than the stories tell.
    package var hasMore = false
    /// What is not there, and what may have been meant. May stand beside stories: an event in the intake, for
    /// example.
    package var absences: [Absence] = []

    package init(questions: [Question], askedAt: Timestamp) {
        self.questions = questions
        self.askedAt = askedAt
    }

    package var found: Bool { !stories.isEmpty }
}

/// One message, or one event that sent nothing, from the event to what happens next.
package struct Story: Sendable {
    package var event: LoggedEvent
    package var decision: DecisionRecord
    /// The backfill that made the decision; nil where it was made as the event came.
    package var backfill: BackfillRecord?
    /// Whether a backfill decided the event again, which is a story of its own.
    package var wasDecidedAgain = false
    /// The message that the decision is about: its own if it was emitted, the winner's if it lost, the one
    /// that it ends if it cancels. nil for the other reasons.
    package var message: MessageHistory?
    /// Later events that have this one's source and id: no rule sees them.
    package var repeats: Losers
    /// When the story was told.
    package var now: Timestamp

    /// Whether the message is the event's own.
    package var isEmitted: Bool { decision.reason == .emitted }
}

/// A person's act that let past events be decided, with its place in the log.
package struct BackfillRecord: Sendable {
    package var event: LoggedEvent
    package var backfill: Backfill
}

/// A command with all that became of it.
package struct MessageHistory: Sendable {
    package var record: MessageRecord
    /// Type of the event that won the key.
    package var eventType: Text
    /// That event's own time.
    package var occurredAt: Timestamp
    package var attempts: [AttemptRecord]
    package var acts: [ActRecord]
    package var losers: Losers
    package var next: NextStep
    package var capability: Capability?

    /// Start of the first attempt that may have reached the provider: one whose outcome is unknown or not
    /// there yet.
    package var firstUnsureAt: Timestamp? { MessageHistory.firstUnsureAt(attempts, acts) }

    /// What a person resolved as not accepted is not unsure any more.
    static func firstUnsureAt(_ attempts: [AttemptRecord], _ acts: [ActRecord]) -> Timestamp? {
        let resolvedAt = acts.last { $0.kind == .resolveNotAccepted }?.recordedAt
        return attempts.first { attempt in
            if let resolvedAt, attempt.startedAt <= resolvedAt { return false }
            guard let outcome = attempt.outcome else { return true }
            return outcome.verdict.outcome == .unknown
        }?.startedAt
    }

    /// The attempt whose outcome says that the provider has the message.
    package var acceptance: AttemptRecord? {
        attempts.last { attempt in
            let outcome = attempt.outcome?.verdict.outcome
            return outcome == .accepted || outcome == .duplicate
        }
    }

    var isAccepted: Bool {
        guard case .finished(.accepted, _, _) = record.standing else { return false }
        return true
    }

    /// Whether the provider gave two names to this message, in outcomes or in late answers: then it sent two.
    package var isConfirmedDuplicate: Bool {
        let records = attempts.flatMap { [$0.outcome].compactMap(\.self) + $0.lateAnswers }
        let names = records.filter { $0.verdict.outcome == .accepted }.compactMap(\.verdict.messageID)
        return Set(names).count > 1
    }
}

/// Events that came to nothing because of another one: they wanted its key, or repeat it.
package struct Losers: Hashable, Sendable {
    /// Exact, unless `isExact` is false.
    package var count: Int
    package var isExact: Bool
    /// The first ones, at most `WhyLimits.losersListed`.
    package var positions: [Int64]

    package init(count: Int, isExact: Bool, positions: [Int64]) {
        self.count = count
        self.isExact = isExact
        self.positions = positions
    }

    package static let none = Losers(count: 0, isExact: true, positions: [])
}

/// Something that a search did not find, with what it found instead.
package enum Absence: Hashable, Sendable {
    case eventNeverAppended(id: Text)
    case positionBeyondLog(Int64, last: Int64)
    case subjectNeverAppended(Text)
    case commandUnknown(CommandID)
    case providerMessageUnknown(Text)
    case keyPartUnknown(Text, similar: [Text])
    /// A ledger so long that only the newest keys were searched for a part behind the first.
    case keySearchPartial(Text, read: Int)
    case recipientUnknown(Text, similar: [Text])
    case recipientNotAnAddress(Text)
    /// The recipient is known, but nothing passes the filter.
    case nothingPassesFilter(recipient: Text)
    /// Only the newest messages and refusals were compared with the filter, so many of each.
    case olderUnread(recipient: Text, read: Int)
    case typeNeverAppended(Text)
    /// The type is in the log; when its latest event was decided, no rule named it.
    case typeWithoutRule(Text, latest: Int64)
    /// Committed, but not in the log yet.
    case notYetDecided([IntakeMatch])
    /// The intake holds more rows than were looked through.
    case intakeTooLong(rows: Int64, read: Int)
    case questionEmpty
}

extension Absence {
    var isNeverAppended: Bool {
        switch self {
        case .eventNeverAppended, .subjectNeverAppended: true
        default: false
        }
    }

    var isOlderUnread: Bool {
        guard case .olderUnread = self else { return false }
        return true
    }

    /// Whether it is an event in the intake whose envelope says what was asked for.
    var isNamed: Bool {
        guard case .notYetDecided(let matches) = self else { return false }
        return matches.contains(where: \.isNamed)
    }
}

/// An intake row that the question may be about.
package struct IntakeMatch: Hashable, Sendable {
    package var sequence: Int64
    package var id: Text?
    package var type: Text
    package var occurredAt: Timestamp
    /// Whether the envelope names what was asked; else only the payload's bytes contain it.
    package var isNamed: Bool
}
