// One golden answer for each of the closed reasons.
import SendonceAudit
import SendonceCore
import SendonceStore
import Testing

@Suite struct ReasonTests {
    /// Event #17 sent its e-mail for order 42; #18 is what the tests ask about.
    private func sent(_ type: Text = "order.placed") -> Recorded {
        var recorded = Recorded()
        recorded.append(17)
        recorded.emit(
            17, standing: .finished(.accepted, at: time(19), cause: nil),
            attempts: [attempt(1, at: 18, acceptance(at: 19))])
        recorded.append(18, type, id: "evt-1", source: "shop")
        return recorded
    }

    @Test("An emitted event tells of the e-mail and of the 31 duplicates that sent none")
    func emitted() throws {
        var recorded = Recorded()
        recorded.append(17)
        recorded.emit(
            17, standing: .finished(.accepted, at: time(60), cause: nil),
            attempts: [attempt(1, at: 58, acceptance(at: 60))])
        for position in Int64(18)...48 {
            recorded.append(position)
            recorded.refuse(position, .duplicate(winner: 17), key: ["42"], to: "ann@shop.test")
            recorded.refuse(
                position, .duplicate(winner: 17), rule: "invoice", key: ["42"], to: "ann@shop.test")
        }
        try expectGolden("emitted-with-31-duplicates", .keyPart("42"), in: recorded, at: 120)
    }

    @Test("A duplicate names the winner and what became of its e-mail")
    func duplicate() throws {
        var recorded = sent()
        recorded.refuse(18, .duplicate(winner: 17), key: ["42"], to: "ann@shop.test")
        try expectGolden("duplicate", .position(18), in: recorded)
    }

    @Test("A duplicate for another address names that address")
    func duplicateOfAnotherRecipient() throws {
        var recorded = sent()
        recorded.refuse(18, .duplicate(winner: 17), key: ["42"], to: "bob@shop.test")
        try expectGolden("duplicate-other-recipient", .event("evt-1"), in: recorded)
    }

    @Test("A duplicate of a rejected e-mail says that the key stays taken")
    func duplicateOfRejected() throws {
        var recorded = Recorded()
        recorded.append(17)
        recorded.emit(
            17, standing: .finished(.rejected, at: time(19), cause: nil),
            attempts: [
                attempt(
                    1, at: 18,
                    outcome(.rejected, at: 19, "invalid_parameter", "no such template", status: 400))
            ])
        recorded.append(18)
        recorded.refuse(18, .duplicate(winner: 17), key: ["42"], to: "ann@shop.test")
        try expectGolden("duplicate-of-rejected", .position(18), in: recorded)
    }

    @Test("An event in the window says when the key may send again")
    func withinWindow() throws {
        var recorded = sent()
        recorded.refuse(
            18, .withinWindow(winner: 17, until: time(17) + .days(30)), key: ["42"], to: "ann@shop.test")
        try expectGolden("within-window", .position(18), in: recorded)
    }

    @Test("An event that was written 32 times tells of the e-mail and of the 31 repeats")
    func repeated() throws {
        var recorded = Recorded()
        for position: Int64 in 17...48 {
            recorded.append(position, id: "evt-1", source: "shop")
            guard position > 17 else { continue }
            recorded.refuse(position, .repeatedEvent(of: 17), rule: "")
        }
        recorded.emit(
            17, standing: .finished(.accepted, at: time(60), cause: nil),
            attempts: [attempt(1, at: 59, acceptance(at: 60))])
        try expectGolden("emitted-with-31-repeats", .event("evt-1"), in: recorded, at: 120)
    }

    @Test("A repeated event points to the first one")
    func repeatedEvent() throws {
        var recorded = sent()
        recorded.refuse(18, .repeatedEvent(of: 17), rule: "")
        try expectGolden("repeated-event", .position(18), in: recorded)
    }

    @Test("A false condition is said to be false")
    func conditionFalse() throws {
        var recorded = sent()
        recorded.refuse(18, .conditionFalse(detail: nil))
        try expectGolden("condition-false", .position(18), in: recorded)
    }

    @Test("A condition without an answer says what was missing")
    func conditionWithoutAnswer() throws {
        var recorded = sent()
        recorded.refuse(18, .conditionFalse(detail: "data.total is missing"))
        try expectGolden("condition-without-answer", .position(18), in: recorded)
    }

    @Test("An event that no rule names says so")
    func noRule() throws {
        var recorded = sent("order.viewed")
        recorded.refuse(18, .noRule, rule: "")
        try expectGolden("no-rule", .position(18), in: recorded)
    }

    @Test("A missing key part is named")
    func keyMissing() throws {
        var recorded = sent()
        recorded.refuse(18, .keyMissing(part: "data.order_id"))
        try expectGolden("key-missing", .position(18), in: recorded)
    }

    @Test("An invalid key part is named")
    func keyInvalid() throws {
        var recorded = sent()
        recorded.refuse(18, .keyInvalid(part: "data.order_id"))
        try expectGolden("key-invalid", .position(18), in: recorded)
    }

    @Test("A missing recipient is said to be missing")
    func recipientMissing() throws {
        var recorded = sent()
        recorded.refuse(18, .recipientMissing)
        try expectGolden("recipient-missing", .position(18), in: recorded)
    }

    @Test("An invalid recipient is said to be invalid")
    func recipientInvalid() throws {
        var recorded = sent()
        recorded.refuse(18, .recipientInvalid(detail: "a line break in an address"))
        try expectGolden("recipient-invalid", .position(18), in: recorded)
    }

    @Test("A missing parameter of the message is named, with the address that waits for it")
    func paramMissing() throws {
        var recorded = sent()
        recorded.refuse(18, .paramMissing(name: "first_name"), key: ["43"], to: "bob@shop.test")
        try expectGolden("param-missing", .recipient("bob@SHOP.test"), in: recorded)
    }

    @Test("An unreadable payload is said to be unreadable")
    func payloadInvalid() throws {
        var recorded = sent()
        recorded.refuse(18, .payloadInvalid(detail: "the member order_id stands twice"), rule: "")
        try expectGolden("payload-invalid", .position(18), in: recorded)
    }

    @Test("A cancelling event that came too late tells what had become of the e-mail")
    func cancels() throws {
        var recorded = sent("order.returned")
        let command = try #require(recorded.commands.first).id
        recorded.refuse(18, .cancels(command: command), key: ["42"])
        try expectGolden("cancels", .position(18), in: recorded)
    }

    @Test("A cancelling event without a command says that there is none")
    func cancelsNothing() throws {
        var recorded = sent("order.returned")
        recorded.refuse(18, .cancelsNothing, key: ["43"])
        try expectGolden("cancels-nothing", .position(18), in: recorded)
    }

    @Test("A control event says which act it records")
    func control() throws {
        var recorded = sent("sendonce.rules.activated")
        recorded.refuse(
            18, .control(detail: "ann activated rule set 3fa2 because of the first rules"), rule: "")
        try expectGolden("control", .position(18), in: recorded)
    }
}
