// What leaves the house holds nobody's data, and still says what belongs together.
import SendonceBundle
import SendonceCore
import SendonceJSON
import SendonceRules
import SendonceStore
import Testing

@Suite(.serialized) struct RedactionTests {
    private static let key = [UInt8](repeating: 7, count: BundleLimits.keyBytes)
    private static let address = "Ann.Secret+x@Mail.Secret.example"
    private static let secrets = [
        "Ann", "ecret", "+x@", "O'Brien", "Zoë", "bob", "für alle", "paid-42", "shop.example",
        "no-reply",
        "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "e-1", "warehouse", "key@", "in.key", "zero",
        "half",
        "deep-secret", "日本", "listed",
    ]

    private func event(
        _ payload: String, id: Text? = nil, source: Text = "", subject: Text? = nil, traceparent: Text? = nil
    ) -> Event {
        Event(
            id: id, type: "order.placed", source: source, subject: subject, payload: Array(payload.utf8),
            occurredAt: .start, traceparent: traceparent)
    }

    private func place() throws -> Place {
        let place = try Place(.file)
        try place.activate(Place.rules("1"))
        let address = Self.address
        try place.log([
            event(
                #"{"email":"\#(address)","status":"paid-42","total":12.50,"n":42,"ok":true,"none":null,"":"","blank":" \t" }"#,
                id: "e-1", source: "warehouse", subject: Text(address),
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            event(
                #"{"to":["listed@x.test",{"email":"Ann.Secret+x@mail.secret.EXAMPLE"}],"status":"paid-42","n":42}"#,
                id: Text(address),
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-1111111111111111-00"),
            event(#"{"in.key@x.test":{"name":"Ann O'Brien"},"a":1,"a":"Ann"}"#, subject: "Ann"),
            event(#"{"x":"zero\u0000"}"#, traceparent: "Ann"), event(#"{"x":"half\ud800"}"#),
            event("no json, Ann"),
            event(
                String(repeating: #"{"a":"#, count: 70) + "\"deep-secret\""
                    + String(repeating: "}", count: 70)),
            event(#"{"x":"日本","long":"\#(String(repeating: "Ann", count: 400))"}"#),
        ])
        try place.activate(Place.rules("2"), by: "bob")
        return place
    }

    private func data(_ place: Place, _ position: Int64, _ name: String = "export.jsonl") throws -> JSONValue
    {
        let file = try LogFile(path: place.path(name))
        let event = try file.events(after: position - 1, limit: 1, bytes: .max)[0].event
        return try PayloadReader.decidedPayload(event.payload)
    }

    /// The file's bytes with everything that is base64 in them decoded.
    private func plain(_ place: Place, _ name: String = "export.jsonl") throws -> String {
        let file = try LogFile(path: place.path(name))
        var text = try place.lines(name).joined(separator: "\n")
        for event in try events(of: file) {
            text += "\n" + String(decoding: event.event.payload, as: UTF8.self)
        }
        for digest in file.ruleSets {
            for file in try file.ruleSetFiles(digest) ?? [] {
                text += "\n" + String(decoding: file.content, as: UTF8.self)
            }
        }
        return text
    }

    @Test("Nothing that was given to be kept secret stands anywhere in the file")
    func nothing() throws {
        let place = try place()
        try place.export()
        let before = try plain(place)
        for secret in Self.secrets { #expect(before.contains(secret), "\(secret) was not there at all") }
        let report = try place.export(redaction: Redaction(key: Self.key))
        let after = try plain(place)
        for secret in Self.secrets { #expect(!after.contains(secret), "\(secret)") }
        #expect(report.wholePayloads == 4)
        // Neither links nor digests by which a guess could be tried.
        for event in try events(of: place.store) { #expect(!after.contains(event.link.description)) }
        let (activation, log) = (try #require(try place.store.activation()), try #require(report.log))
        for digest in [activation.ruleSet, log, report.head.link] {
            #expect(!after.contains(digest.description))
        }
    }

    @Test("Equal values have one pseudonym, of the shape that rules ask for; others have others")
    func equal() throws {
        let place = try place()
        try place.export(redaction: Redaction(key: Self.key))
        let file = try LogFile(path: place.path())
        let all = try events(of: file)
        let (first, second) = (try data(place, 2), try data(place, 3))
        let email = try #require(first.member("email")?.plainText)
        #expect(EmailAddress(email.string) != nil && email.string.hasSuffix("@redacted.invalid"))
        #expect(all[1].event.subject == email && all[2].event.id == email)
        guard case .array(let to)? = second.member("to") else { return #expect(Bool(false), "no list") }
        #expect(to[1].member("email")?.plainText == email)
        #expect(to[0].plainText != email && to[0].plainText?.string.hasSuffix("@redacted.invalid") == true)
        let status = first.member("status")
        #expect(status == second.member("status") && status?.plainText?.string.hasPrefix("r-") == true)
        #expect(first.member("total") == .number("12.50") && first.member("n") == .integer("42"))
        #expect(
            first.member("ok") == .bool(true) && first.member("none") == .null
                && first.member("") == .string(""))
        #expect(first.member("blank") == .string(" \t"))
        let traces = all[1...2].compactMap { $0.event.traceparent?.string }
        #expect(traces[0].prefix(36) == traces[1].prefix(36) && traces[0].prefix(52) != traces[1].prefix(52))
        #expect(traces[0].utf8.count == 55 && traces[0].hasSuffix("-01"))
        // What no rule could read stays so, and what is repeated stays repeated.
        for position in 4...7 {
            #expect((try? PayloadReader.decidedPayload(all[position].event.payload)) == nil || position < 4)
        }
        guard case .object(let members) = try data(place, 4) else { return #expect(Bool(false), "no object") }
        #expect(members.map(\.name.string).suffix(2) == ["a", "a"])
        #expect(members[0].name.string.hasSuffix("@redacted.invalid"))
        let long = try #require(try data(place, 9).member("long")?.plainText)
        #expect(long.utf8.count > Limits.keyPartBytes)
    }

    @Test("Two exports of one log have nothing in common that came from a value")
    func different() throws {
        let place = try place()
        try place.export(redaction: Redaction(key: Self.key))
        try place.export(redaction: Redaction(key: Self.key.reversed().map { $0 &+ 1 }), to: "second.jsonl")
        let texts = try ["export.jsonl", "second.jsonl"].map { try plain(place, $0) }
        let pseudonyms = texts.map { text in
            Set(text.matches(of: #/r-[0-9a-f]{20}|[0-9a-f]{64}/#).map { String($0.output) })
        }
        #expect(pseudonyms[0].count > 15 && pseudonyms[1].count == pseudonyms[0].count)
        #expect(pseudonyms[0].isDisjoint(with: pseudonyms[1]))
        // With the same key it is the same file.
        try place.export(redaction: Redaction(key: Self.key), to: "third.jsonl")
        #expect(try place.bytes("third.jsonl") == place.bytes())
    }

    @Test("Numbers go on request, and what a person names stays, in lists too")
    func options() throws {
        let place = try place()
        let kept = ["data.status", "data.to.email", "id", "source"].compactMap(PathText.path)
        #expect(kept.count == 4)
        try place.export(redaction: Redaction(key: Self.key, kept: kept, redactsNumbers: true))
        let (first, second) = (try data(place, 2), try data(place, 3))
        #expect(first.member("status") == .string("paid-42") && second.member("status") == .string("paid-42"))
        #expect(first.member("n")?.plainText?.string.hasPrefix("r-") == true)
        #expect(first.member("n") == second.member("n") && first.member("n") != first.member("total"))
        #expect(first.member("email")?.plainText?.string.hasPrefix("r-") == true)
        guard case .array(let to)? = second.member("to") else { return #expect(Bool(false), "no list") }
        #expect(to[0].plainText?.string.hasPrefix("r-") == true)
        #expect(to[1].member("email") == .string("Ann.Secret+x@mail.secret.EXAMPLE"))
        let all = try events(of: LogFile(path: place.path()))
        #expect(all[1].event.id == "e-1" && all[1].event.source == "warehouse")
        #expect(all[1].event.subject?.string.hasPrefix("r-") == true)
    }

    @Test("Its rule sets can be read, are named by their own digest, and hold pseudonyms for addresses only")
    func rules() throws {
        let place = try place()
        try place.export(redaction: Redaction(key: Self.key))
        let file = try LogFile(path: place.path())
        #expect(file.isRedacted)
        let activations = try file.activations()
        #expect(activations.map(\.position) == [1, 10])
        for activation in activations {
            let files = try #require(try file.ruleSetFiles(activation.ruleSet))
            let parsed = try StoredRules.parse(files, digest: activation.ruleSet)
            #expect(parsed.ruleSet.rules.count == 2)
            let text = String(decoding: files.flatMap(\.content), as: UTF8.self)
            #expect(text.contains("Order {{data.order}}") && text.contains("Shop <r-"))
        }
        #expect(activations[1].scopes.keys.sorted() == ["confirmation", "review-2"])
    }

    @Test(
        "Whatever an event holds, its redacted form can be read if and only if it could",
        arguments: [21, 22, 23])
    func hostile(seed: UInt64) throws {
        let place = try Place(.file)
        var source = HostileEvents(seed: seed)
        try place.log((0..<300).map { _ in source.next() })
        try place.export(redaction: Redaction(key: Self.key))
        let read = try events(of: LogFile(path: place.path()))
        for (before, after) in zip(try events(of: place.store), read) {
            let (old, new) = (before.event, after.event)
            #expect(isReadable(old.payload) == isReadable(new.payload), "seed \(seed), \(before.position)")
            #expect((old.id == nil) == (new.id == nil) && (old.subject == nil) == (new.subject == nil))
            #expect(old.source.isEmpty == new.source.isEmpty && old.occurredAt == new.occurredAt)
            for (left, right) in [(old.id, new.id), (old.subject, new.subject), (old.source, new.source)] {
                let isBlank = left?.string.allSatisfy(\.isWhitespace) ?? true
                #expect(isBlank == (left == right), "seed \(seed), \(before.position)")
            }
        }
        #expect(read.count == 300)
    }

    private func isReadable(_ payload: [UInt8]) -> Bool {
        guard case .object? = try? PayloadReader.decidedPayload(payload) else { return false }
        return true
    }

    @Test("A redacted file says so: its links are not recomputed, its order is, and it cannot be imported")
    func reading() throws {
        let place = try place()
        try place.export(redaction: Redaction(key: Self.key))
        var lines = try place.lines()
        #expect(lines[0].contains("\"redacted\":true"))
        let target = try Place(.file)
        let file = try LogFile(path: place.path())
        let refusal = words {
            _ = try Import(file, into: target.store).run(actor: "a", reason: "r", now: .start)
        }
        #expect(refusal.contains("is redacted: its values are pseudonyms"))
        #expect(try target.store.authority() == nil)
        lines.swapAt(6, 7)
        let path = try place.write(lines)
        #expect(words { _ = try LogFile(path: path) }.contains("stands where"))
    }

    @Test("An address is found wherever a text has one, and nothing around it changes")
    func scan() {
        let cases: [(String, String)] = [
            ("a@x.test", "<a@x.test>"), ("Shop <a@x.test>", "Shop <<a@x.test>>"),
            ("'a@x.test'", "'<a@x.test>'"),
            ("k=a@x.test,b@Y.test.", "k=<a@x.test>,<b@y.test>."),
            ("mailto:a.b+c@x-y.test?x", "mailto:<a.b+c@x-y.test>?x"),
            ("o'brien@x.test's", "<o'brien@x.test>'s"), ("@x.test a@ a@b..c @", "@x.test a@ a@b..c @"),
            ("a@b@c.test", "<a@b>@c.test"), ("ü@é.test", "<ü@xn--9ca.test>"), ("..a@x.test", "..<a@x.test>"),
            ("{{data.email}} a@1.2.3.4", "{{data.email}} a@1.2.3.4"),
            ("a@x.test@y.test", "<a@x.test>@y.test"),
        ]
        for (text, expected) in cases {
            let found = AddressScan.replacing(Array(text.utf8)) { "<\($0)>" }
            #expect(String(decoding: found, as: UTF8.self) == expected)
        }
    }

    @Test("The keyed digest is HMAC-SHA256, by the cases of RFC 4231")
    func keyed() {
        let cases: [([UInt8], [UInt8], String)] = [
            (
                .init(repeating: 0x0B, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                .init(repeating: 0xAA, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
        for (key, text, expected) in cases {
            #expect(KeyedDigest(key: key).digest(of: text).description == expected)
        }
    }
}

extension JSONValue {
    fileprivate var plainText: Text? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
