// How an answer is put together: what is found, in which order, and where it stops.
import SendonceAudit
import SendonceCore
import SendonceStore
import Testing

@Suite struct WhyTests {
    private func sent(_ positions: ClosedRange<Int64>) -> Recorded {
        var recorded = Recorded()
        for position in positions {
            recorded.append(position, position % 2 == 0 ? "order.placed" : "order.paid", subject: "ann")
            recorded.emit(
                position, rule: position % 2 == 0 ? "placed" : "paid", key: [Text(String(position))],
                standing: .finished(.accepted, at: time(position), cause: nil))
        }
        return recorded
    }

    private func answer(_ question: Question, _ recorded: Recorded) throws -> WhyAnswer {
        try Why.answer(question, in: recorded, now: time(600), providerCapability: capability)
    }

    private func positions(_ answer: WhyAnswer) -> [Int64] { answer.stories.map(\.event.position) }

    @Test("Stories come newest first, up to the limit, and the answer says when there are more")
    func limited() throws {
        let twelve = try answer(.recipient("ann@shop.test"), sent(1...12))
        #expect(positions(twelve) == Array((3...12).reversed()))
        #expect(twelve.hasMore)
        let ten = try answer(.recipient("ann@shop.test"), sent(1...10))
        #expect(ten.stories.count == 10 && !ten.hasMore)
        let bySubject = try answer(.subject("ann"), sent(1...12))
        #expect(positions(bySubject) == Array((3...12).reversed()) && bySubject.hasMore)
    }

    @Test("Refused events stand among the messages by their position")
    func merged() throws {
        var recorded = sent(1...2)
        recorded.append(3)
        recorded.refuse(3, .paramMissing(name: "name"), rule: "paid", to: "ann@shop.test")
        recorded.append(4)
        recorded.emit(4, key: ["4"], standing: queued(.pending, due: 4))
        #expect(try positions(answer(.recipient("ann@shop.test"), recorded)) == [4, 3, 2, 1])
    }

    @Test("A filter by type, rule and time holds for messages and refusals")
    func filtered() throws {
        var recorded = sent(1...6)
        recorded.append(7, "order.paid")
        recorded.refuse(7, .paramMissing(name: "name"), rule: "paid", to: "ann@shop.test")
        func asked(_ filter: RecipientFilter) throws -> [Int64] {
            try positions(answer(.recipient("ann@shop.test", filter), recorded))
        }
        #expect(try asked(RecipientFilter(type: "order.paid")) == [7, 5, 3, 1])
        #expect(try asked(RecipientFilter(rule: "placed")) == [6, 4, 2])
        #expect(try asked(RecipientFilter(type: "order.paid", since: time(4))) == [7, 5])
        #expect(try asked(RecipientFilter(type: "order.paid", rule: "placed")) == [])
    }

    // MARK: Repeats

    /// The same event so many times from each source, all with one id and one subject; each first one sent.
    private func written(_ times: Int64, from sources: Text...) -> Recorded {
        var recorded = Recorded()
        for (number, source) in sources.enumerated() {
            let first = Int64(number) * times + 1
            for position in first..<first + times {
                recorded.append(position, id: "evt-1", source: source, subject: "order/42")
                guard position > first else { continue }
                recorded.refuse(position, .repeatedEvent(of: first), rule: "")
            }
            recorded.emit(
                first, key: [source], standing: .finished(.accepted, at: time(first), cause: nil))
        }
        return recorded
    }

    @Test(
        "However often an event was written again, the first one is told, and how many repeats there are",
        arguments: [Question.event("evt-1"), .subject("order/42")])
    func repeats(_ question: Question) throws {
        let once = try answer(question, written(32, from: "shop"))
        #expect(positions(once) == [1] && !once.hasMore)
        #expect(
            once.text.contains(
                "31 later events have the same source and id as #1, so no rule saw them: #2, #3, #4 and 28 more."
            ))
        let twice = try answer(question, written(32, from: "shop", "till"))
        #expect(positions(twice) == [33, 1] && !twice.hasMore)
        let alone = try answer(question, written(1, from: "shop"))
        #expect(positions(alone) == [1] && !alone.text.contains("same source and id"))
    }

    @Test(
        "A repeat that is asked for by its position is told, and so is one whose first one is not asked for")
    func repeatAlone() throws {
        var recorded = written(2, from: "shop")
        #expect(try positions(answer(.position(2), recorded)) == [2])
        recorded.append(3, id: "evt-1", source: "shop", subject: "order/43")
        recorded.refuse(3, .repeatedEvent(of: 1), rule: "")
        #expect(try positions(answer(.subject("order/43"), recorded)) == [3])
    }

    @Test("Repeats beyond those that are read are said to be there")
    func manyRepeats() throws {
        let answer = try answer(.event("evt-1"), written(Int64(WhyLimits.losersRead) + 2, from: "shop"))
        #expect(positions(answer) == [1] && answer.hasMore)
        #expect(answer.text.contains("At least 10000 later events have the same source and id as #1"))
        #expect(answer.text.contains("There is more than this; ask more narrowly to see it."))
    }

    @Test("A first event that sent nothing tells of its repeats too, each once however often it was decided")
    func repeatsOfNothing() throws {
        var recorded = Recorded()
        for position: Int64 in 1...2 { recorded.append(position, id: "evt-1", source: "shop") }
        recorded.refuse(1, .conditionFalse(detail: nil))
        recorded.refuse(2, .repeatedEvent(of: 1), rule: "")
        recorded.backfill(3)
        recorded.refuse(2, .repeatedEvent(of: 1))
        recorded.latestWasMade(by: 3)
        let answer = try answer(.event("evt-1"), recorded)
        #expect(positions(answer) == [1])
        #expect(
            answer.text.contains("1 later event has the same source and id as #1, so no rule saw it: #2."))
    }

    // MARK: Filters

    @Test("Refusals of newer events come before those of older ones that a backfill refused later")
    func refusedLate() throws {
        var recorded = Recorded()
        for position: Int64 in 1...12 {
            recorded.append(position)
            recorded.refuse(position, .noRule, rule: "")
        }
        recorded.append(20)
        recorded.refuse(20, .paramMissing(name: "name"), to: "ann@shop.test")
        recorded.backfill(21)
        for position: Int64 in 1...12 {
            recorded.refuse(position, .paramMissing(name: "name"), to: "ann@shop.test")
            recorded.latestWasMade(by: 21)
        }
        let filters = [RecipientFilter(), RecipientFilter(type: "order.placed")]
        for filter in filters {
            let answer = try answer(.recipient("ann@shop.test", filter), recorded)
            #expect(positions(answer) == [20] + Array((4...12).reversed()) && answer.hasMore)
        }
    }

    /// So many refusals of one rule and type behind one of another rule and type.
    private func refused(_ count: Int64) -> Recorded {
        var recorded = Recorded()
        recorded.append(1, "order.lost")
        recorded.refuse(1, .paramMissing(name: "name"), rule: "lost", to: "ann@shop.test")
        for position in 2..<2 + count {
            recorded.append(position)
            recorded.refuse(position, .paramMissing(name: "name"), rule: "placed", to: "ann@shop.test")
        }
        return recorded
    }

    @Test("A refusal is found by its rule behind any number of newer ones, and by its type behind many")
    func olderRefusal() throws {
        let byRule = Question.recipient("ann@shop.test", RecipientFilter(rule: "lost"))
        let byType = Question.recipient("ann@shop.test", RecipientFilter(type: "order.lost"))
        for count: Int64 in [201, 2_000] {
            let found = try answer(byRule, refused(count))
            #expect(positions(found) == [1] && !found.hasMore)
        }
        let found = try answer(byType, refused(201))
        #expect(positions(found) == [1] && !found.hasMore && found.absences.isEmpty)
        #expect(try answer(.recipient("ann@shop.test"), refused(201)).hasMore)
    }

    @Test("What is too old to be looked at is not denied: the answer says so, and how to ask")
    func tooOld() throws {
        let words = "so an older one may fit: ask by its order number, its event id or its position."
        var sent = Recorded()
        sent.append(1, "order.lost")
        sent.emit(1, rule: "lost", key: ["1"], standing: .finished(.accepted, at: time(2), cause: nil))
        for position in 2...Int64(WhyLimits.recipientRead) + 1 {
            sent.append(position)
            sent.emit(position, key: [Text("\(position)")], standing: queued(.pending, due: position))
        }
        for recorded in [refused(Int64(WhyLimits.recipientRead)), sent] {
            let lost = try answer(.recipient("ann@shop.test", RecipientFilter(type: "order.lost")), recorded)
            #expect(!lost.found && lost.hasMore)
            #expect(lost.text.contains(words) && !lost.text.contains("none that fits"))
            var all = recorded
            all.commands.removeAll { $0.position == 1 }
            all.decided.removeAll { $0.position == 1 }
            let looked = try answer(.recipient("ann@shop.test", RecipientFilter(type: "order.lost")), all)
            #expect(!looked.found && !looked.hasMore && looked.text.contains("none that fits"))
            let none = try answer(.recipient("ann@shop.test", RecipientFilter(rule: "found")), recorded)
            #expect(!none.found && !none.hasMore && none.text.contains("none that fits"))
            var newer = recorded
            newer.append(9_000, "order.lost")
            newer.refuse(9_000, .paramMissing(name: "name"), rule: "lost", to: "ann@shop.test")
            let some = try answer(.recipient("ann@shop.test", RecipientFilter(type: "order.lost")), newer)
            #expect(positions(some) == [9_000] && some.hasMore)
            #expect(some.text.contains(words) && !some.text.contains("There is more than"))
        }
    }

    @Test("Only the losers of the same rule and key are counted, also after the rule was renamed")
    func losers() throws {
        var recorded = sent(2...2)
        recorded.scopesInForce = ["placed-again": "placed"]
        for (position, rule, key) in [
            (3, "placed", "2"), (4, "paid", "2"), (5, "placed-again", "2"), (6, "placed", "9"),
        ]
            as [(Int64, Text, Text)]
        {
            recorded.append(position)
            recorded.refuse(position, .duplicate(winner: 2), rule: rule, key: [key])
        }
        let story = try #require(try answer(.position(2), recorded).stories.first)
        #expect(story.message?.losers == Losers(count: 2, isExact: true, positions: [3, 5]))
        let renamed = try #require(try answer(.position(5), recorded).stories.first)
        #expect(renamed.message?.record.position == 2)
    }

    @Test("A provider's message id is found with and without its angle brackets")
    func brackets() throws {
        var recorded = Recorded()
        recorded.append(1)
        recorded.emit(
            1, standing: .finished(.accepted, at: time(3), cause: nil),
            attempts: [attempt(1, at: 2, acceptance(at: 3, "<1@mail>"))])
        #expect(try answer(.providerMessage("1@mail"), recorded).found)
        #expect(try answer(.providerMessage("<1@mail>"), recorded).found)
        #expect(try !answer(.providerMessage("2@mail"), recorded).found)
    }

    @Test("A bare argument is answered by the first meaning that finds something")
    func guessed() throws {
        var recorded = sent(1...3)
        recorded.append(4, id: "evt-4")
        recorded.refuse(4, .noRule, rule: "")
        func asked(_ argument: String) throws -> [Int64] {
            let questions = Question.guess(argument)
            return try positions(
                Why.answer(questions, in: recorded, now: time(60), providerCapability: capability))
        }
        #expect(try asked("2") == [2])
        #expect(try asked("evt-4") == [4])
        #expect(try asked("#3") == [3])
        #expect(try asked("Ann@shop.test") == [])
        #expect(try asked("ann@SHOP.test") == [3, 2, 1])
        let command = try #require(recorded.commands.first).id
        #expect(try asked(command.description) == [1])
    }

    @Test("A decision whose event is not in the log is damage, not an answer")
    func damaged() throws {
        var recorded = sent(1...1)
        recorded.log = []
        #expect(throws: StoreError.damaged("the log has no event at position 1, but a decision names it")) {
            try answer(.recipient("ann@shop.test"), recorded)
        }
    }

    @Test("What follows is judged at the time of the next turn")
    func nextStep() throws {
        func next(_ standing: CommandStanding, expiresAt: Timestamp? = nil) throws -> NextStep? {
            var recorded = Recorded()
            recorded.append(1)
            recorded.emit(1, expiresAt: expiresAt, standing: standing)
            return try answer(.position(1), recorded).stories.first?.message?.next
        }
        #expect(try next(queued(.pending, due: 700)) == .attempt(number: 1, at: time(700)))
        #expect(
            try next(queued(.pending, due: 700), expiresAt: time(650))
                == .finish(.expired, at: time(700), cause: nil))
        #expect(
            try next(queued(.pending, due: 700), expiresAt: time(701)) == .attempt(number: 1, at: time(700)))
        #expect(try next(queued(.held, due: 1, hold: .fence)) == .person([.release, .resolve, .cancel]))
    }

    @Test("Canonical keys are read back into their parts, and nothing else is")
    func keyParts() {
        let parts: [Text] = ["42", "a|b", "\"\\\u{8}\u{c}\n\r\t\u{1}", "é", ""]
        #expect(KeyParts.parse(Key(scope: "rule", parts: parts).text) == parts)
        #expect(KeyParts.parse("[]") == [])
        for text in ["", "[", "42", #"["a",]"#, #"["a" ,"b"]"#, #"["a"#, #"["\x"]"#, #"["\u12"]"#] as [Text] {
            #expect(KeyParts.parse(text) == nil, "\(text)")
        }
    }
}
