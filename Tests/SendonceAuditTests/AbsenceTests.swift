// Golden answers for what is not there.
import SendonceAudit
import SendonceCore
import SendonceStore
import Testing

@Suite struct AbsenceTests {
    private func oneSent() -> Recorded {
        var recorded = Recorded()
        recorded.append(1)
        recorded.emit(
            1, key: ["42"], standing: .finished(.accepted, at: time(3), cause: nil),
            attempts: [attempt(1, at: 2, acceptance(at: 3))])
        return recorded
    }

    private func waiting(_ payload: String, id: Text? = nil) -> IntakeEvent {
        IntakeEvent(
            sequence: 5,
            event: Event(id: id, type: "order.placed", payload: Array(payload.utf8), occurredAt: time(59)))
    }

    @Test("An id that no event bears was never appended")
    func neverAppended() throws {
        try expectGolden("absent-event", .event("evt-9"), in: oneSent())
    }

    @Test("A position beyond the log names its end")
    func beyondLog() throws {
        try expectGolden("absent-position", .position(99), in: oneSent())
    }

    @Test("An empty log is said to be empty")
    func emptyLog() throws {
        try expectGolden("absent-empty-log", .position(1), in: Recorded())
    }

    @Test("A subject that no event bears was never appended")
    func noSubject() throws {
        try expectGolden("absent-subject", .subject("order/42"), in: oneSent())
    }

    @Test("A command that is not recorded is unknown")
    func noCommand() throws {
        let id = CommandID(key: .zero, slot: "forever", generation: 1)
        try expectGolden("absent-command", .command(id), in: oneSent())
    }

    @Test("A provider's message id that is not recorded is unknown")
    func noProviderMessage() throws {
        try expectGolden("absent-provider-message", .providerMessage("<x@mail>"), in: oneSent())
    }

    @Test("A near miss of a key is offered")
    func nearMiss() throws {
        try expectGolden("absent-key-similar", .keyPart("0042"), in: oneSent())
    }

    @Test("A key part that resembles nothing was never emitted for")
    func noKey() throws {
        try expectGolden("absent-key", .keyPart("77"), in: oneSent())
    }

    @Test("Another spelling of the local part is offered")
    func otherSpelling() throws {
        try expectGolden("absent-recipient-spelling", .recipient("Ann@shop.test"), in: oneSent())
    }

    @Test("An address that nothing names is unknown")
    func noRecipient() throws {
        try expectGolden("absent-recipient", .recipient("zoe@shop.test"), in: oneSent())
    }

    @Test("Text that is no address cannot have been sent to")
    func noAddress() throws {
        try expectGolden("absent-not-an-address", .recipient("ann at shop"), in: oneSent())
    }

    @Test("A filter that nothing passes is told apart from an unknown address")
    func filtered() throws {
        let question = Question.recipient("ann@shop.test", RecipientFilter(rule: "invoice", since: time(0)))
        try expectGolden("absent-by-filter", question, in: oneSent())
    }

    @Test("What a filter was not compared with is not said to be absent")
    func olderUnread() throws {
        var recorded = oneSent()
        for position in 2...Int64(WhyLimits.recipientRead) + 2 {
            recorded.append(position)
            recorded.refuse(position, .paramMissing(name: "name"), to: "ann@shop.test")
        }
        let question = Question.recipient("ann@shop.test", RecipientFilter(since: time(100_000)))
        try expectGolden("absent-older-unread", question, in: recorded)
    }

    @Test("A type that was never appended is said so")
    func noType() throws {
        let question = Question.recipient("ann@shop.test", RecipientFilter(type: "order.lost"))
        try expectGolden("absent-type", question, in: oneSent())
    }

    @Test("A type that no rule names is said so")
    func typeWithoutRule() throws {
        var recorded = oneSent()
        recorded.append(2, "order.viewed")
        recorded.refuse(2, .noRule, rule: "")
        let question = Question.recipient("ann@shop.test", RecipientFilter(type: "order.viewed"))
        try expectGolden("absent-type-without-rule", question, in: recorded)
    }

    @Test("An event in the intake is committed and not decided yet")
    func inIntake() throws {
        var recorded = oneSent()
        recorded.waiting = [waiting("{}", id: "evt-9")]
        try expectGolden("intake-by-id", .event("evt-9"), in: recorded)
    }

    @Test(
        "An event in the intake that mentions the address is told of, one with a longer address is not"
    )
    func mentionedInIntake() throws {
        var recorded = oneSent()
        recorded.waiting = [
            waiting(#"{"email":"joann@shop.test"}"#), waiting(#"{"email":"ann@shop.test"}"#),
            waiting(#"{"email":"ann@shop.test.example"}"#),
        ]
        try expectGolden("intake-by-mention", .recipient("ann@shop.test"), in: recorded)
    }

    @Test("An intake that is too long to look through is said to be")
    func longIntake() throws {
        var recorded = oneSent()
        recorded.waiting = Array(repeating: waiting("{}"), count: WhyLimits.intakeRead + 1)
        try expectGolden("intake-too-long", .keyPart("77"), in: recorded)
    }

    @Test("A bare argument that finds nothing is absent in each of its meanings")
    func bareArgument() throws {
        let answer = try Why.answer(
            Question.guess("77"), in: oneSent(), now: time(60), providerCapability: capability)
        try expectGolden("absent-bare-argument", answer, sourceLocation: #_sourceLocation)
    }
}
