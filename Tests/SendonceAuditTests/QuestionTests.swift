// A bare argument of `sendonce why` is read as what a person most likely means.
import SendonceAudit
import SendonceCore
import Testing

@Suite struct QuestionTests {
    private func first(_ argument: String) -> Question? { Question.guess(argument).first }

    @Test("A number is a key part before it is anything else")
    func number() {
        #expect(
            Question.guess(" 42\n") == [.keyPart("42"), .event("42"), .subject("42"), .providerMessage("42")])
    }

    @Test("A number after a hash is a position, and may still be a key part")
    func position() {
        #expect(first("#17") == .position(17))
        #expect(Question.guess("#1001").contains(.keyPart("#1001")))
        #expect(first("#0") == .keyPart("#0"))
    }

    @Test("An address is a recipient")
    func address() {
        #expect(first("a@x.test") == .recipient("a@x.test"))
    }

    @Test("A version-8 UUID is a command, another UUID is not")
    func command() {
        let id = CommandID(key: .zero, slot: "forever", generation: 1)
        #expect(first(id.description.uppercased()) == .command(id))
        #expect(
            first("6ba7b810-9dad-11d1-80b4-00c04fd430c8") == .keyPart("6ba7b810-9dad-11d1-80b4-00c04fd430c8"))
    }

    @Test("Text in angle brackets is a provider's message id, and ours names its command")
    func providerMessage() {
        let id = CommandID(key: .zero, slot: "forever", generation: 1)
        #expect(first("<1@mail>") == .providerMessage("<1@mail>"))
        #expect(Question.guess("<\(id)@shop.test>").contains(.command(id)))
    }

    @Test("A blank argument asks nothing")
    func blank() {
        #expect(Question.guess(" \t\r\n ").isEmpty)
    }
}
