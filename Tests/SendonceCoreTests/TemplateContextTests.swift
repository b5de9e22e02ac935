// What a template file needs, and the first thing that an event cannot give it.
import Testing

@testable import SendonceCore

@Suite("Template needs")
struct TemplateContextTests {
    static let payload: KeyValuePairs<Text, JSONValue> = [
        "name": .string("Ann"),
        "nothing": .null,
        "no": .bool(false),
        "yes": .bool(true),
        "zero": .integer("0"),
        "blank": .string(""),
        "none": .array([]),
        "customer": .object([
            JSONMember("name", .string("Bo")),
            JSONMember("address", .object([JSONMember("city", .string("Köln"))])),
        ]),
        "items": .array([
            .object([JSONMember("sku", .string("a")), JSONMember("price", .number("1.5"))]),
            .object([JSONMember("sku", .string("b")), JSONMember("price", .null)]),
        ]),
        "tags": .array([.string("x"), .string("y")]),
        "mixed": .array([.string("x"), .null]),
        "grid": .array([.array([.integer("1")]), .array([.integer("2")])]),
    ]

    /// The first name that is missing, where the template's context is the event.
    private func missing(_ needs: TemplateNeed...) throws -> String? {
        try missing(needs, params: [])
    }

    private func missing(
        _ needs: [TemplateNeed], params: [(Text, (inout SampleRules) -> TemplateParam.Source)]
    ) throws -> String? {
        var sample = SampleRules()
        let sources = params.map { TemplateParam(name: $0, source: $1(&sample)) }
        sample.add(once: ["type"], to: "data.to") { rule, sample in
            rule.message.template = .file(name: "welcome", params: sources)
            rule.message.needs = needs
            rule.message.contextFields = [
                "data", "data.name", "data.nothing", "data.no", "data.yes", "data.zero", "data.blank",
                "data.none",
                "data.customer", "data.customer.name", "data.customer.address", "data.items", "data.tags",
                "data.mixed", "data.grid", "data.absent",
            ].map { sample.field($0) }
        }
        let rules = sample.ruleSet
        let event = SampleEvent(source: "shop", at: 0, Self.payload)
        let reader = EventReader(
            event: event.event, fields: event.fields(under: rules), position: 1, ruleSet: rules.digest)
        let recipient = try #require(EmailAddress("ann@x.test"))
        let context = TemplateContext(reader: reader, source: rules.rules[0].message, recipient: recipient)
        return context.firstMissing(of: needs)
    }

    @Test("A text, a number and a boolean fill a variable, even where they are empty, zero or false")
    func scalars() throws {
        #expect(
            try missing(
                .variable(["data", "name"]), .variable(["data", "zero"]), .variable(["data", "no"]),
                .variable(["data", "blank"]), .variable(["recipient"]), .variable(["type"]),
                .variable(["source"]))
                == nil)
    }

    @Test(
        "Null, a list, an object and what is absent do not fill a variable",
        arguments: ["nothing", "items", "customer", "absent", "none"] as [Text])
    func notScalars(_ name: Text) throws {
        #expect(try missing(.variable(["data", name])) == "data.\(name)")
    }

    @Test("An envelope name that the event does not have is missing, and has no members")
    func envelope() throws {
        #expect(try missing(.variable(["subject"])) == "subject")
        #expect(try missing(.variable(["id"])) == "id")
        #expect(try missing(.variable(["type", "length"])) == "type.length")
        #expect(try missing(.variable(["name"])) == "name")
        #expect(try missing(.variable([])) == ".")
    }

    @Test("The first missing variable is named, in the order of the template")
    func order() throws {
        #expect(
            try missing(
                .variable(["data", "name"]), .variable(["data", "absent"]), .variable(["data", "nothing"]))
                == "data.absent")
    }

    @Test(
        "A section of what is absent, null, false or an empty list asks for nothing",
        arguments: ["absent", "nothing", "no", "none"] as [Text])
    func hiddenSections(_ name: Text) throws {
        #expect(try missing(.section(["data", name], [.variable(["never"])])) == nil)
        #expect(try missing(.inverted(["data", name], [.variable(["never"])])) == "never")
        #expect(try missing(.inverted(["data", name], [.variable(["data", "name"])])) == nil)
    }

    @Test(
        "A section of anything else asks for what stands in it, and the inverted one does not",
        arguments: ["yes", "zero", "blank", "name", "customer", "items"] as [Text])
    func shownSections(_ name: Text) throws {
        #expect(try missing(.section(["data", name], [.variable(["never"])])) == "never")
        #expect(try missing(.inverted(["data", name], [.variable(["never"])])) == nil)
    }

    @Test("Every element of a list must hold what its section asks for")
    func elements() throws {
        #expect(try missing(.section(["data", "items"], [.variable(["sku"])])) == nil)
        #expect(
            try missing(.section(["data", "items"], [.variable(["sku"]), .variable(["price"])])) == "price")
        #expect(
            try missing(.section(["data", "items"], [.section(["price"], [.variable(["price"])])])) == nil)
    }

    @Test("A dot stands for the element itself")
    func dots() throws {
        #expect(try missing(.section(["data", "tags"], [.variable([])])) == nil)
        #expect(try missing(.section(["data", "mixed"], [.variable([])])) == ".")
        #expect(try missing(.section(["data", "items"], [.variable([])])) == ".")
        #expect(try missing(.section(["data", "grid"], [.section([], [.variable([])])])) == nil)
        #expect(try missing(.section(["data", "grid"], [.variable([])])) == ".")
    }

    @Test("A name is looked up in the innermost section first, then outwards to the event")
    func outwards() throws {
        let inner: [TemplateNeed] = [
            .variable(["sku"]), .variable(["name"]), .variable(["address", "city"]),
            .variable(["data", "name"]),
            .variable(["recipient"]),
        ]
        #expect(try missing(.section(["data", "customer"], [.section(["data", "items"], inner)])) == nil)
        #expect(try missing(.section(["data", "items"], inner)) == "name")
    }

    @Test("Of a dotted name only the first part is looked for outwards, as Mustache has it")
    func dottedNames() throws {
        // `address` is found in the customer, and has no `name`, although the customer has one.
        #expect(
            try missing(.section(["data", "customer"], [.variable(["address", "name"])])) == "address.name")
        #expect(
            try missing(
                .section(
                    ["data", "customer"], [.section(["address"], [.variable(["name"]), .variable(["city"])])])
            )
                == nil)
    }

    @Test("A section over the whole payload finds the payload's members by their names")
    func wholePayload() throws {
        #expect(
            try missing(.section(["data"], [.variable(["name"]), .variable(["customer", "name"])])) == nil)
        #expect(try missing(.section(["data"], [.variable(["absent"])])) == "absent")
    }

    @Test("With params a template sees them and nothing of the event")
    func params() throws {
        let params: [(Text, (inout SampleRules) -> TemplateParam.Source)] = [
            ("who", { .field($0.field("data.customer")) }), ("list", { .field($0.field("data.items")) }),
            ("shop", { .fieldOr($0.field("data.absent"), .string("Shop")) }),
            ("title", { .fieldOr($0.field("data.nothing"), .string("Hello")) }),
            ("empty", { .fieldOr($0.field("data.nothing"), .null) }),
            ("to", { _ in .recipient }), ("year", { _ in .value(.integer("2026")) }),
        ]
        func missing(_ needs: TemplateNeed...) throws -> String? { try self.missing(needs, params: params) }
        #expect(
            try missing(
                .variable(["who", "name"]), .variable(["who", "address", "city"]), .variable(["shop"]),
                .variable(["title"]), .variable(["to"]), .variable(["year"]),
                .section(["list"], [.variable(["sku"]), .variable(["year"])])) == nil)
        #expect(try missing(.variable(["empty"])) == "empty")
        #expect(try missing(.variable(["who", "absent"])) == "who.absent")
        #expect(try missing(.variable(["data", "name"])) == "data.name")
        #expect(try missing(.variable(["recipient"])) == "recipient")
        #expect(try missing(.variable(["type"])) == "type")
    }

    @Test("A missing variable of a file is the decision `param_missing` with its name")
    func decision() {
        let rules = SampleRules.one { rule, sample in
            rule.message.template = .file(name: "welcome", params: [])
            rule.message.needs = [.variable(["data", "first_name"])]
            rule.message.contextFields = [sample.field("data.first_name")]
        }
        let reasons = SampleLedger.decisions([SampleEvent()], under: rules).map(\.reason)
        #expect(reasons == [.paramMissing(name: "data.first_name")])
    }
}
