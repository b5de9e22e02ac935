// Answers questions from recorded rows. It guesses nothing: whatever an answer says was read through
// `AuditReader`, and what follows next is computed by the core's own gates.
package import SendonceCore
package import SendonceStore

/// The reader of one answer: rows, the time of asking, and what is known of the providers.
package struct Why {
    let reader: any AuditReader
    let now: Timestamp
    let capability: (Text) -> Capability?
    /// Rule names of the activation in force with the scopes of their keys, so that a renamed rule keeps its
    /// losers.
    let scopes: [Text: Text]

    /// The answer to one question. `providerCapability` gives what a route's provider does with a repeated
    /// request, or nil where the route is not configured.
    package static func answer(
        _ question: Question, in reader: any AuditReader, now: Timestamp,
        providerCapability: (_ route: Text) -> Capability?
    ) throws(StoreError) -> WhyAnswer {
        try answer([question], in: reader, now: now, providerCapability: providerCapability)
    }

    /// The answer to the first question that finds something; if none does, what is absent for each of them.
    package static func answer(
        _ questions: [Question], in reader: any AuditReader, now: Timestamp,
        providerCapability: (_ route: Text) -> Capability?
    ) throws(StoreError) -> WhyAnswer {
        let scopes = try reader.activation()?.scopes ?? [:]
        let found = try withoutActuallyEscaping(
            providerCapability,
            do: { (capability) throws(StoreError) -> WhyAnswer in
                let why = Why(reader: reader, now: now, capability: capability, scopes: scopes)
                return try why.answer(questions)
            })
        return found
    }

    private func answer(_ questions: [Question]) throws(StoreError) -> WhyAnswer {
        var answer = WhyAnswer(questions: questions, askedAt: now)
        if questions.isEmpty { answer.absences = [.questionEmpty] }
        var absences: [Absence] = []
        for question in questions {
            let found = try find(question)
            answer.hasMore = found.hasMore || found.unread != nil
            guard found.stories.isEmpty else {
                answer.stories = found.stories
                absences = [found.unread].compactMap(\.self)
                break
            }
            absences += try self.absences(of: question, unread: found.unread)
        }
        let waiting = try waiting(questions)
        // What waits in the intake under its own name is only not in the log yet.
        if waiting.contains(where: \.isNamed) { absences.removeAll(where: \.isNeverAppended) }
        answer.absences += absences + waiting
        return answer
    }

    /// Stories of one question, newest first.
    private func find(_ question: Question) throws(StoreError) -> Found {
        switch question {
        case .recipient(let address, let filter): return try stories(of: address, filter)
        case .keyPart(let part):
            let messages = try reader.messages(keyPart: part, limit: WhyLimits.stories + 1)
            return try stories(of: messages)
        case .event(let id):
            return try stories(at: try reader.positions(ofEvent: id, limit: WhyLimits.positionsRead))
        case .position(let position): return try stories(at: [position])
        case .subject(let subject):
            return try stories(at: try reader.positions(ofSubject: subject, limit: WhyLimits.positionsRead))
        case .command(let id):
            guard let message = try reader.message(id) else { return Found() }
            return try stories(of: [message])
        case .providerMessage(let id):
            for spelling in id.bracketSpellings {
                if let message = try reader.message(providerID: spelling) {
                    return try stories(of: [message])
                }
            }
            return Found()
        }
    }

    struct Found {
        var stories: [Story] = []
        var hasMore = false
        /// Set where reading stopped at its limit: what may be meant was not looked at.
        var unread: Absence?
    }

    private func stories(of messages: [MessageRecord]) throws(StoreError) -> Found {
        var found = Found()
        for message in messages.prefix(WhyLimits.stories) { found.stories.append(try story(of: message)) }
        found.hasMore = messages.count > WhyLimits.stories
        return found
    }

    /// A story for each decision about each of these events, newest event first.
    private func stories(at positions: [Int64]) throws(StoreError) -> Found {
        var found = Found()
        let firsts = try firsts(among: positions)
        for position in firsts {
            guard let event = try reader.event(at: position) else { continue }
            let decisions = try reader.decisions(at: position)
            // What a backfill decided later comes first.
            let again = decisions.filter { $0.event != nil }
            for decision in again + decisions.filter({ $0.event == nil }) {
                guard found.stories.count < WhyLimits.stories else {
                    found.hasMore = true
                    return found
                }
                var story = try story(of: decision, event)
                story.wasDecidedAgain = decision.event == nil && !again.isEmpty
                found.stories.append(story)
            }
        }
        found.hasMore = firsts.count > WhyLimits.stories || positions.count == WhyLimits.positionsRead
        return found
    }

    /// The newest of these events, one more than an answer tells. A repeat of one of them is told with it: 32
    /// workers that write the same event are one story, and it is that of the one that a rule saw.
    private func firsts(among positions: [Int64]) throws(StoreError) -> [Int64] {
        let asked = Set(positions)
        var firsts: [Int64] = []
        var known: Set<Int64> = []
        for position in positions.sorted(by: >) where !known.contains(position) {
            guard firsts.count <= WhyLimits.stories else { break }
            var place = position
            let decided = try reader.decisions(at: position)
            if let first = decided.lazy.compactMap(\.repeated).first, asked.contains(first) {
                guard !known.contains(first) else { continue }
                known.formUnion(try repeats(of: first).positions)
                place = first
            }
            known.insert(place)
            firsts.append(place)
        }
        return firsts.sorted(by: >)
    }
}

// MARK: - Recipients

extension Why {
    /// Messages to an address and events that named it but sent nothing, newest first.
    func stories(of address: Text, _ filter: RecipientFilter) throws(StoreError) -> Found {
        let recipient = address.normalisedAddress
        let (messages, messagesUnread) = try self.messages(to: recipient, filter)
        let (refusals, refusalsUnread) = try self.refusals(of: recipient, filter)
        var candidates: [(position: Int64, message: MessageRecord?, refusal: DecisionRecord?)] = []
        for message in messages { candidates.append((message.position, message, nil)) }
        for refusal in refusals { candidates.append((refusal.about, nil, refusal)) }
        // Stable, so that messages of one event keep their order.
        let ordered = candidates.enumerated().sorted { left, right in
            left.element.position == right.element.position
                ? left.offset < right.offset : left.element.position > right.element.position
        }
        var found = Found()
        for (_, candidate) in ordered.prefix(WhyLimits.stories) {
            if let message = candidate.message {
                found.stories.append(try story(of: message))
            } else if let refusal = candidate.refusal {
                found.stories.append(try story(of: refusal, try loggedEvent(refusal.about)))
            }
        }
        found.hasMore = candidates.count > WhyLimits.stories
        if messagesUnread || refusalsUnread {
            found.unread = .olderUnread(recipient: recipient, read: WhyLimits.recipientRead)
        }
        return found
    }

    /// Newest messages that pass, one more than an answer tells; and whether reading stopped at its limit.
    private func messages(
        to recipient: Text, _ filter: RecipientFilter
    ) throws(StoreError) -> (passing: [MessageRecord], unread: Bool) {
        let asked = MessageFilter(recipient: recipient, rule: filter.rule)
        var passing: [MessageRecord] = []
        var before: Int64?
        var read = 0
        while read < WhyLimits.recipientRead {
            let page = try reader.messages(asked, before: before, limit: WhyLimits.page)
            for message in page where try passes(message.position, message.rule, filter) {
                passing.append(message)
                if passing.count > WhyLimits.stories { return (passing, false) }
            }
            read += page.count
            guard page.count == WhyLimits.page, let last = page.last else { return (passing, false) }
            before = last.number
        }
        return (passing, try !reader.messages(asked, before: before, limit: 1).isEmpty)
    }

    /// The same of refusals, those of the newest events first: a backfill refuses old ones late.
    private func refusals(
        of recipient: Text, _ filter: RecipientFilter
    ) throws(StoreError) -> (passing: [DecisionRecord], unread: Bool) {
        let newest = try reader.refusals(
            of: recipient, rule: filter.rule, limit: WhyLimits.recipientRead + 1)
        var passing: [DecisionRecord] = []
        for refusal in newest.prefix(WhyLimits.recipientRead).sorted(by: { $0.about > $1.about })
        where try passes(refusal.about, refusal.rule, filter) {
            passing.append(refusal)
            if passing.count > WhyLimits.stories { return (passing, false) }
        }
        return (passing, newest.count > WhyLimits.recipientRead)
    }

    private func passes(_ position: Int64, _ rule: Text, _ filter: RecipientFilter) throws(StoreError) -> Bool
    {
        if let wanted = filter.rule, wanted != rule { return false }
        guard filter.type != nil || filter.since != nil else { return true }
        let event = try loggedEvent(position)
        if let type = filter.type, type != event.event.type { return false }
        if let since = filter.since, event.recordedAt < since { return false }
        return true
    }

    func loggedEvent(_ position: Int64) throws(StoreError) -> LoggedEvent {
        guard let event = try reader.event(at: position) else {
            throw .damaged("the log has no event at position \(position), but a decision names it")
        }
        return event
    }
}

extension Text {
    /// The form in which recipients are recorded; the text itself where it is no address.
    var normalisedAddress: Text {
        EmailAddress(string).map { Text($0.description) } ?? self
    }

    /// As written, then with its angle brackets put on or taken off: providers and people differ.
    fileprivate var bracketSpellings: [Text] {
        let isBracketed = utf8.first == 0x3C && utf8.last == 0x3E && utf8.count > 2
        return [self, isBracketed ? Text(String(string.dropFirst().dropLast())) : Text("<\(string)>")]
    }
}
