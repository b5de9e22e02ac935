// The small texts of a rule file: durations, paths, mailboxes, values; and the place of every mistake.
import SendonceCore
import Testing

@testable import SendonceRules

@Suite("Small texts")
struct TextTests {
    @Test(
        "A duration is a whole number and a unit",
        arguments: [
            ("250ms", 250_000), ("30s", 30_000_000), ("15m", 900_000_000), ("24h", 86_400_000_000),
            ("7d", 604_800_000_000), ("3650d", 315_360_000_000_000),
        ] as [(String, Int64)])
    func duration(text: String, microseconds: Int64) throws {
        #expect(try DurationText.parse(text).microseconds == microseconds)
    }

    @Test(
        "What is no duration is refused",
        arguments: [
            "", "5", "d", "0d", "00s", "05m", "-1s", "+1s", "1 s", "1.5h", "1w", "1us", "3651d", "1D", "٣d",
            "1d ",
        ])
    func noDuration(text: String) {
        #expect(throws: TextMistake.self) { try DurationText.parse(text) }
    }

    @Test(
        "A path is read into its steps",
        arguments: [
            ("data", "data"), ("$.data.x", "data.x"), ("data.a_1.b2", "data.a_1.b2"),
            ("data.größe", "data.größe"),
            ("data[0][-1]", "data[0][-1]"), (#"data["first name"]"#, #"data["first name"]"#),
            ("data['a.b']", #"data["a.b"]"#), (#"data["plain"].x"#, "data.plain.x"),
            (#"data["\u00e9"]"#, "data.é"),
            (#"data["\ud83d\ude00"]"#, "data.😀"), (#"data['it\'s']"#, #"data["it's"]"#),
            ("recipient", "recipient"),
            ("$.type", "type"), (#"data["a\\b\"c"]"#, #"data["a\\b\"c"]"#),
        ])
    func path(text: String, description: String) throws {
        #expect(try PathText.parse(text).description == description)
        #expect(try PathText.parse(description) == PathText.parse(text))
    }

    @Test("Composed and decomposed names are two paths")
    func normalisation() throws {
        #expect(try PathText.parse("data.\u{e9}") != PathText.parse("data.e\u{301}"))
    }

    @Test(
        "What is no single path is refused at its character",
        arguments: [
            ("", 0), ("$", 1), ("$data", 1), ("$['data']", 1), ("x.y", 0), ("data.", 5), ("data..a", 4),
            ("data.*", 4),
            ("data[*]", 4), ("data[]", 5), ("data[01]", 5), ("data[-0]", 5), ("data[1:2]", 6),
            ("data[1,2]", 6),
            ("data[?@.a]", 4), ("data['a", 5), ("data['a']b", 9), ("data.a b", 6), ("data.1a", 5),
            (" data", 0),
            ("data.a.b-c", 8), ("type.a", 4), ("recipient[0]", 9), (#"data["\x41"]"#, 6),
            (#"data["\ud83d"]"#, 6),
            ("data[99999999]", 5), ("data\u{0}", 4),
        ])
    func noPath(text: String, offset: Int) {
        let mistake = #expect(throws: TextMistake.self) { try PathText.parse(text) }
        #expect(mistake?.offset == offset)
    }

    @Test(
        "An unknown first name gets the path that was probably meant",
        arguments: [
            ("customer.email", "data.customer.email"), ("dta.x", "data.x"), ("Data.x", "data.x"),
            ("payload.a.b", "data.a.b"), ("event.data.a", "data.a"),
            ("recipent", "recipient"), ("email", "data.email"), ("items[0]", "data.items[0]"),
        ])
    func suggestedPath(text: String, meant: String) {
        let mistake = #expect(throws: TextMistake.self) { try PathText.parse(text) }
        #expect(mistake?.suggestion == meant)
    }

    @Test("A mailbox has an address and perhaps a name")
    func mailbox() throws {
        #expect(
            try MailboxText.parse("a@B.test")
                == Mailbox(name: nil, address: #require(EmailAddress("a@b.test"))))
        #expect(try MailboxText.parse("Ann Lee <a@b.test>").name == "Ann Lee")
        #expect(try MailboxText.parse(#""Lee, \"Ann\" " <a@b.test>"#).name == "Lee, \"Ann\" ")
        #expect(try MailboxText.parse("<a@b.test>").name == nil)
        #expect(try MailboxText.parse("Äpfel & Birnen <a@b.test>").name == "Äpfel & Birnen")
        for bad in [
            "", "Ann", "Ann <>", "a@b.test, c@d.test", "A <a@b.test> B", "A\r\nBcc: x <a@b.test>",
            "A, B <a@b.test>",
        ] {
            #expect(throws: TextMistake.self) { try MailboxText.parse(bad) }
        }
    }

    @Test(
        "A plain scalar is typed only where all YAML readers agree",
        arguments: [
            ("42", "42"), ("-3", "-3"), ("0", "0"), ("-0", "0"), ("4.20", "4.20"), ("1e3", "1e3"),
            ("1.5E-3", "1.5E-3"),
            ("true", "true"), ("false", "false"), ("null", "null"), ("~", "null"), ("", "null"),
            ("Ann", "\"Ann\""),
            ("+49 30 1", "\"+49 30 1\""), ("1.2.3", "\"1.2.3\""), ("12-34", "\"12-34\""),
            ("a@x.test", "\"a@x.test\""),
            ("123456789012345678901", "123456789012345678901"), ("0ab", "\"0ab\""),
        ])
    func scalar(text: String, json: String) throws {
        let scalar = DocumentScalar(text: text, isPlain: true, place: Place(line: 1, column: 1))
        #expect(try ScalarValue.value(of: scalar).jsonText == json)
    }

    @Test(
        "A plain scalar that YAML readers disagree about must be quoted",
        arguments: [
            "012", "1:30", "1:30:00", "yes", "No", "ON", "off", "y", "True", "FALSE", "0x1F", "0b1", "0o17",
            "1_000", ".5",
            "5.", "+1", ".inf", "-.INF", ".NaN", "2026-11-21", "2026-11-21T22:04:05Z", "-012", "1e5_0",
        ])
    func trap(text: String) throws {
        let plain = DocumentScalar(text: text, isPlain: true, place: Place(line: 1, column: 1))
        #expect(throws: TextMistake.self) { try ScalarValue.value(of: plain) }
        let quoted = DocumentScalar(text: text, isPlain: false, place: Place(line: 1, column: 1))
        #expect(try ScalarValue.value(of: quoted) == .string(Text(text)))
    }

    @Test(
        "A mistake stands at its character, however the value is quoted",
        arguments: [
            ("to: data.a b", 6, 15), ("to: \"data.a b\"", 6, 16), ("to: 'data.a b'", 6, 16),
            ("to:    data.a b", 6, 18),
            ("to: \"d\\u0061ta.a b\"", 6, 9), ("to: >-\n      data.a b", 6, 9),
            ("when: \"'ö' == 'ö' && x\"", 9, 26),
        ])
    func places(line: String, number: Int, column: Int) {
        let found = mistakes(ruleFile(line))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("rules.yaml:\(number):\(column): ") == true, "\(found)")
    }

    @Test("Places are right after CR LF, and behind characters outside the ASCII range")
    func lineEnds() {
        let text = ruleFile("to: dta.email").replacing("\n", with: "\r\n")
        #expect(mistakes(text).first?.hasPrefix("rules.yaml:6:9: ") == true)
        let wide = "version: 1\nrules: { a: { event: 'ö😀', tо: 3 } }\n"
        #expect(
            mistakes(wide).contains { $0.hasPrefix("rules.yaml:2:23: \"ö\" cannot stand in an event type") })
        #expect(mistakes(wide).contains { $0.hasPrefix("rules.yaml:2:28: unknown key") })
    }

    @Test("A byte order mark is no part of the file")
    func byteOrderMark() {
        #expect(mistakes("\u{FEFF}" + ruleFile()).isEmpty)
        #expect(
            mistakes("\u{FEFF}versoin: 1\nversion: 1\nrules: {}").first?.hasPrefix("rules.yaml:1:1: ") == true
        )
    }

    @Test("All mistakes of a long file are found")
    func long() {
        let keys = (0..<4_000).map { "k\($0): 1\n" }.joined()
        #expect(mistakes("version: 1\nrules: {}\n" + keys).count == 4_000)
    }

    @Test("The nearest word is suggested, and none where nothing is near")
    func suggestion() {
        #expect(Suggestion.nearest(to: "evnet", among: RuleReader.keys) == "event")
        #expect(Suggestion.nearest(to: "once-per", among: RuleReader.keys) == "once_per")
        #expect(Suggestion.nearest(to: "Template", among: RuleReader.keys) == "template")
        #expect(Suggestion.nearest(to: "zzzz", among: RuleReader.keys) == nil)
        #expect(Suggestion.nearest(to: "", among: RuleReader.keys) == nil)
        #expect(Suggestion.key(for: "windwo", among: RuleReader.keys) == "within")
    }
}
