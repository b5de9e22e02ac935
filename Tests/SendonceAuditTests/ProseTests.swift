// Properties that hold for every sentence, whatever was recorded.
import SendonceAudit
import SendonceCore
import SendonceStore
import Testing

@Suite struct ProseTests {
    /// Escape sequences, line breaks of all kinds, direction marks, and a text that is too long.
    private static let hostile: [Text] = [
        "\u{1B}[2J\u{1B}[1;1H", "a\r\nBcc: b@x.test", "\u{9B}31m", "a\u{202E}b\u{2066}c",
        "\u{0}\u{7F}\u{85}\u{2028}",
        Text(String(repeating: "long ", count: 2_000)), "\u{FEFF}\u{200B}",
        "e\u{301}\u{1F469}\u{200D}\u{1F680}",
    ]

    /// Every reason, with the text wherever a reason takes one.
    private static func reasons(_ text: Text, _ command: CommandID) -> [Reason] {
        let string = text.string
        return [
            .emitted, .duplicate(winner: 17), .withinWindow(winner: 17, until: time(90)),
            .repeatedEvent(of: 17),
            .conditionFalse(detail: string), .noRule, .keyMissing(part: string), .keyInvalid(part: string),
            .recipientMissing, .recipientInvalid(detail: string), .paramMissing(name: string),
            .payloadInvalid(detail: string), .cancels(command: command), .cancelsNothing,
            .control(detail: string),
        ]
    }

    private static func standings(_ text: Text) -> [CommandStanding] {
        let finished = FinishedState.allCases.map { CommandStanding.finished($0, at: time(40), cause: 20) }
        let held = HoldReason.allCases.map { queued(.held, due: 17, hold: $0, detail: text, heldAt: 50) }
        let others = QueueState.allCases.map { queued($0, due: 90, leaseEnd: 48) }
        return finished + held + others
    }

    /// All answers about a log in which every text is the given one.
    private static func answers(_ text: Text) throws -> [WhyAnswer] {
        var answers: [WhyAnswer] = []
        for standing in standings(text) {
            var recorded = Recorded()
            recorded.append(17, text, id: text, source: text, subject: text)
            let attempts = Outcome.allCases.enumerated().map { index, kind in
                let said = outcome(kind, at: 30, text, text, status: 400, messageID: text)
                return attempt(index + 1, at: 20, said, late: [said])
            }
            let id = recorded.emit(
                17, rule: text, key: [text], to: text, route: text, slot: text, standing: standing,
                attempts: attempts)
            for reason in reasons(text, id).dropFirst() {
                recorded.append(18, text, id: text, source: text)
                recorded.refuse(18, reason, rule: text, key: [text], to: text)
            }
            let waiting = Event(
                id: text, type: text, subject: text, payload: Array(text.utf8), occurredAt: time(59))
            recorded.waiting = [IntakeEvent(sequence: 1, event: waiting)]
            let filter = RecipientFilter(type: "other", rule: text)
            let questions: [Question] = [
                .position(17), .position(18), .recipient(text), .keyPart(text), .event(text), .subject(text),
                .providerMessage(text), .command(id), .recipient(text, filter),
                .keyPart(Text(text.string + "x")),
                .event(Text(text.string + "x")), .subject(Text(text.string + "x")),
                .providerMessage(Text(text.string + "x")),
            ]
            for question in questions {
                answers.append(
                    try Why.answer(question, in: recorded, now: time(60), providerCapability: capability))
            }
        }
        return answers
    }

    @Test("No sentence has a control character, a line break or a direction mark", arguments: hostile.indices)
    func visible(index: Int) throws {
        // By index: the test's own report must not clear a terminal either.
        let answers = try Self.answers(Self.hostile[index])
        #expect(answers.contains { !$0.stories.isEmpty } && answers.contains { !$0.absences.isEmpty })
        for answer in answers {
            for sentence in answer.stories.flatMap(\.sentences) + answer.absences.map(\.sentence.string) {
                #expect(
                    sentence.unicodeScalars.allSatisfy(VisibleText.isVisible), "\(sentence.debugDescription)")
            }
            #expect(answer.text.unicodeScalars.allSatisfy { VisibleText.isVisible($0) || $0 == "\n" })
        }
    }

    @Test("A recorded text takes no more than its share of a sentence")
    func short() throws {
        let answers = try Self.answers(Text(String(repeating: "x", count: 10_000)))
        for sentence in answers.flatMap(\.stories).flatMap(\.sentences) {
            #expect(sentence.unicodeScalars.count < 6 * Prose.textLimit)
        }
    }

    @Test("Each reason has a sentence of its own")
    func distinctReasons() throws {
        let command = CommandID(key: .zero, slot: "forever", generation: 1)
        let reasons = Self.reasons("detail", command)
        #expect(reasons.map(\.word) == Reason.words)
        var sentences: Set<String> = []
        for reason in reasons.dropFirst() {
            var recorded = Recorded()
            recorded.append(18)
            recorded.refuse(18, reason, key: ["42"])
            let answer = try Why.answer(
                .position(18), in: recorded, now: time(60), providerCapability: capability)
            let first = try #require(answer.stories.first?.sentences.first)
            #expect(sentences.insert(first).inserted, "\(first)")
        }
    }

    @Test("Each state has a sentence of its own")
    func distinctStates() throws {
        var sentences: Set<String> = []
        for standing in Self.standings("detail") where standing.word != "held" {
            var recorded = Recorded()
            recorded.append(17)
            recorded.emit(17, standing: standing, attempts: [attempt(1, at: 20, nil)])
            let answer = try Why.answer(
                .position(17), in: recorded, now: time(40), providerCapability: capability)
            let first = try #require(answer.stories.first?.sentences.first)
            #expect(sentences.insert(first).inserted, "\(first)")
        }
        #expect(sentences.count == FinishedState.allCases.count + QueueState.allCases.count - 1)
    }

    @Test("No payload enters an answer")
    func noPayload() throws {
        var recorded = Recorded()
        recorded.append(17)
        recorded.refuse(17, .noRule, rule: "")
        let answer = try Why.answer(
            .position(17), in: recorded, now: time(60), providerCapability: capability)
        #expect(!answer.text.contains("hush") && !answer.json.jsonText.contains("hush"))
        let event = try #require(recorded.log.first)
        #expect(event.json(payload: true).member("payload") == .string(#"{"secret":"hush"}"#))
    }

    @Test("Counts and lengths take their plural")
    func plurals() {
        #expect(Prose.count(1, "event", "events").string == "1 event")
        #expect(Prose.count(0, "event", "events").string == "0 events")
        #expect(Prose.positions([18], of: 1).string == "#18")
        #expect(Prose.positions([18, 19], of: 2).string == "#18 and #19")
        #expect(Prose.positions([18, 19, 20], of: 31).string == "#18, #19, #20 and 28 more")
        let lengths: [(Int64, String)] = [
            (0, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"), (172_800, "2 days"),
        ]
        for (seconds, words) in lengths { #expect(Prose.length(.seconds(seconds)).string == words) }
    }
}
