// Addresses that may and may not stand in a message, and host names outside ASCII.
import SendonceCore
import Testing

@Suite("E-mail address")
struct EmailAddressTests {
    @Test(
        "An address keeps its local part and has its domain in lower-case ASCII",
        arguments: [
            ("a@x.test", "a@x.test"),
            ("User@Example.COM", "User@example.com"),
            ("first.last+tag@sub.example.com", "first.last+tag@sub.example.com"),
            ("!#$%&'*+-/=?^_`{|}~@x.test", "!#$%&'*+-/=?^_`{|}~@x.test"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
            ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
            ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
            ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
            ("jörg@x.test", "jörg@x.test"),
            ("用户@例え.テスト", "用户@xn--r8jz45g.xn--zckzah"),
            ("a@localhost", "a@localhost"),
            ("a@1.example", "a@1.example"),
            ("a@a-b--c.example", "a@a-b--c.example"),
            // The Kelvin sign is a k, whatever the host's locale.
            ("a@\u{212A}.example", "a@k.example"),
            ("a@I.example", "a@i.example"),
            ("a@ß.example", "a@xn--zca.example"),
            ("a@ẞ.example", "a@xn--zca.example"),
        ])
    func accepts(_ text: String, _ normal: String) throws {
        let address = try #require(EmailAddress(text))
        #expect(Text(address.description) == Text(normal))
        #expect(EmailAddress(address.description) == address)
    }

    @Test(
        "What could hide a header, a second recipient or a line end is refused",
        arguments: [
            "", "@", "a@", "@x.test", "a", "a.x.test", "a@@x.test", "a@b@x.test", " a@x.test", "a@x.test ",
            "a b@x.test", "a@x .test", "a@x.test\r\nBcc: b@x.test", "a\r\n@x.test", "a@x.test\r",
            "a@x.test\n",
            "\na@x.test", "a\u{0}@x.test", "a@x\u{0}.test", "a@x.test\u{0}", "a\u{2028}b@x.test",
            "a\u{2029}b@x.test", "a@x\u{2028}.test", "a\u{85}b@x.test", "a\u{A0}b@x.test",
            "a\u{202E}b@x.test",
            "a\u{200D}b@x.test", "a\u{FEFF}@x.test", "a\u{3000}b@x.test", "a\u{7F}@x.test",
            "a\u{FFFF}@x.test",
            "a@x.test,b@x.test", "a,b@x.test", "a;b@x.test", "a:b@x.test", "\"a\"@x.test", "\"a b\"@x.test",
            "a\\b@x.test", "a(comment)@x.test", "a@(c)x.test", "<a@x.test>", "Ann <a@x.test>",
            "a@[127.0.0.1]", "a@[IPv6:::1]", "a@127.0.0.1", "a@127.1", "a@1", "a@x.7", ".a@x.test",
            "a.@x.test",
            "a..b@x.test", "a@.x.test", "a@x..test", "a@x.test.", "a@-x.test", "a@x-.test", "a@x_y.test",
            "a@x/y.test", "a@x%y.test", "a@xn--", "a@x\u{3002}test", "a@bü cher.example",
            "a@bü\u{200D}.example",
            "a@\u{308}u.example", "a@ü-.example", "a@-ü.example", "a@💌.example", "a@x?subject=hi",
        ])
    func refuses(_ text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test("The limits of RFC 5321 hold: 64 bytes before the @, 63 in a label, 254 in all")
    func lengths() {
        func times(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
        #expect(EmailAddress(times("a", 64) + "@x.test") != nil)
        #expect(EmailAddress(times("a", 65) + "@x.test") == nil)
        #expect(EmailAddress(times("é", 32) + "@x.test") != nil)
        #expect(EmailAddress(times("é", 32) + "a@x.test") == nil)
        #expect(EmailAddress("a@" + times("b", 63) + ".test") != nil)
        #expect(EmailAddress("a@" + times("b", 64) + ".test") == nil)
        let labels = times(times("b", 49) + ".", 5)
        #expect(EmailAddress(times("a", 2) + "@" + labels + "c") != nil)
        #expect(EmailAddress(times("a", 3) + "@" + labels + "c") == nil)
    }

    @Test("An address is measured as it will be sent, with Punycode for what it was written with")
    func measuredAsSent() {
        let labels = String(repeating: "ü", count: 20)
        let written = "a@" + Array(repeating: labels, count: 6).joined(separator: ".") + ".x"
        let ascii = DomainName.ascii(labels) ?? ""
        #expect(ascii.utf8.count < labels.utf8.count)
        #expect(EmailAddress(written) != nil)
        // A short label takes more bytes in Punycode than in UTF-8.
        let domain = String(repeating: "ü.", count: 30) + "x"
        let long = String(repeating: "a", count: 30) + "@" + domain
        #expect(DomainName.ascii(domain) != nil)
        #expect(long.utf8.count <= Limits.addressBytes)
        #expect((DomainName.ascii(domain) ?? "").utf8.count + 31 > Limits.addressBytes)
        #expect(EmailAddress(long) == nil)
    }

    @Test("Addresses that differ before the @ in case are two, in the domain one")
    func equality() {
        #expect(EmailAddress("A@x.test") != EmailAddress("a@x.test"))
        #expect(EmailAddress("a@X.test") == EmailAddress("a@x.TEST"))
        #expect(EmailAddress("\u{E9}@x.test") != EmailAddress("e\u{301}@x.test"))
    }
}

@Suite("Domain name")
struct DomainNameTests {
    /// RFC 3492, 7.1: those samples whose letters may stand in a host name, in lower case.
    static let vectors: [(String, String)] = [
        ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
        ("他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb"),
        ("pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a"),
        ("למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"),
        ("यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd"),
        ("なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"),
        ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
        ("tạisaohọkhôngthểchỉnóitiếngviệt", "tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g"),
        ("3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"),
        ("安室奈美恵-with-super-monkeys", "-with-super-monkeys-pc58ag80a8qai00g7n9n"),
        ("hello-another-way-それぞれの場所", "hello-another-way--fc4qua05auwb3674vfr0b"),
        ("ひとつ屋根の下2", "2-u9tlzr9756bt3uc0v"),
        ("majiでkoiする5秒前", "majikoi5-783gue6qz075azm5e"),
        ("パフィーdeルンバ", "de-jg4avhby1noc0d"),
        ("そのスピードで", "d9juau41awczczp"),
    ]

    @Test("Labels outside ASCII become the Punycode of RFC 3492", arguments: vectors)
    func punycode(_ label: String, _ encoded: String) {
        #expect(DomainName.ascii(label + ".example") == "xn--" + encoded + ".example")
    }

    @Test("Python's codec gives the same Punycode for random labels")
    func agreesWithPython() throws {
        var random = Randomness(seed: 7)
        let letters = [
            "a", "z", "0", "é", "ß", "ж", "ø", "中", "文", "あ", "한", "א", "ا", "𠀀", "𝼀", "अ", "ñ", "đ",
        ]
        let labels = (0..<500).map { _ in
            (0..<random.number(in: 1...9)).map { _ in random.choose(letters) }.joined() + "ü"
        }
        let script = """
            import sys
            for line in sys.stdin.buffer.read().decode("utf-8").splitlines():
                print("xn--" + line.encode("punycode").decode("ascii"))
            """
        let theirs = try Python.lines(["-c", script], input: labels)
        let ours = labels.map { DomainName.ascii($0 + ".x")?.dropLast(2).description ?? "refused" }
        let differing = zip(labels, zip(ours, theirs)).filter { $1.0 != $1.1 && $1.0 != "refused" }
        #expect(differing.isEmpty, "\(differing.prefix(3))")
        #expect(ours.count { $0 != "refused" } > 300)
    }

    @Test("A name is at most 253 bytes")
    func length() {
        let labels = String(repeating: "a234567890.", count: 22)
        #expect(DomainName.ascii(labels + "a23456789.b") != nil)
        #expect(DomainName.ascii(labels + "a23456789.bc") == nil)
    }
}
