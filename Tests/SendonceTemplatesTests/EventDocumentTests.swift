// What a message may be filled with.
import SendonceCore
import SendonceTemplates
import Testing

@Suite struct EventDocumentTests {
    private func document(subject: Text? = nil, id: Text? = nil) throws -> EventDocument {
        let data = JSONValue.object([
            JSONMember("list", .array([.integer("1"), .integer("2"), .integer("3")])),
            JSONMember("null", .null),
            JSONMember("a", .object([JSONMember("b", .string("x"))])),
        ])
        let event = Event(
            id: id, type: "order.placed", source: "shop", subject: subject, payload: [],
            occurredAt: Timestamp(microseconds: 0))
        return EventDocument(event: event, data: data, recipient: try #require(EmailAddress("a@x.test")))
    }

    @Test("Paths lead to members and to elements from either end, and to nothing where there is nothing")
    func paths() throws {
        let document = try document()
        func value(_ steps: Path.Step...) -> JSONValue? { document.value(Path(.data, steps)) }
        #expect(value(.member("a"), .member("b")) == .string("x"))
        #expect(value(.member("list"), .index(0)) == .integer("1"))
        #expect(value(.member("list"), .index(-1)) == .integer("3"))
        #expect(value(.member("list"), .index(3)) == nil)
        #expect(value(.member("list"), .index(-4)) == nil)
        #expect(value(.member("a"), .index(0)) == nil)
        #expect(value(.member("a"), .member("b"), .member("c")) == nil)
        #expect(value(.member("null")) == .null)
    }

    @Test("The envelope's names are there where the event has them")
    func envelope() throws {
        let bare = try document()
        #expect(bare.context.member("subject") == nil)
        #expect(bare.context.member("id") == nil)
        #expect(bare.context.member("recipient") == .string("a@x.test"))
        #expect(bare.context.member("source") == .string("shop"))
        #expect(bare.context.member("data")?.member("a")?.member("b") == .string("x"))
        let full = try document(subject: "order/42", id: "e1")
        #expect(full.context.member("subject") == .string("order/42"))
        #expect(full.context.member("id") == .string("e1"))
    }

    @Test(
        "Params stand in the rule's order; a missing or null required one is an error, a substitute stands in"
    )
    func params() throws {
        let document = try document()
        func reference(_ name: Text) -> FieldReference {
            FieldReference(path: Path(.data, [.member(name)]), slot: 0)
        }
        let params = [
            TemplateParam(name: "z", source: .recipient),
            TemplateParam(name: "b", source: .value(.integer("1"))),
            TemplateParam(name: "a", source: .fieldOr(reference("nobody"), .string("friend"))),
        ]
        #expect(try document.object(of: params).jsonText == #"{"z":"a@x.test","b":1,"a":"friend"}"#)
        for name: Text in ["nobody", "null"] {
            #expect(throws: RenderError.missing("p")) {
                try document.object(of: [TemplateParam(name: "p", source: .field(reference(name)))])
            }
        }
    }
}
