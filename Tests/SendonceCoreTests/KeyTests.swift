// Keys and command ids: texts and digests that must never change, because the ledger holds them for ever.
import SendonceCore
import Testing

@Suite("Key")
struct KeyTests {
    struct Golden: Sendable {
        var scope: Text
        var parts: [Text]
        var text: Text
        var digest: String
        var first: String
        var second: String
    }

    static let golden = [
        Golden(
            scope: "order-confirmation", parts: ["42"], text: #"["42"]"#,
            digest: "e240617acabf13f014e5ed40e826b771b214e537e4a9376c3435405f1948c1dc",
            first: "87e55d20-cf62-8a7b-acdf-e4d85b46a747", second: "5c13c2fe-6c90-8159-9cce-85b863364866"),
        Golden(
            scope: "order-confirmation", parts: ["a|b", "c"], text: #"["a|b","c"]"#,
            digest: "1c536314d9b0aef8a4185b817c16c793c62574e2d5c5606fa5122193b1087ecd",
            first: "993031ee-3066-8458-b545-bb5bdbb8da6b", second: "0dac27ee-cc94-8bdf-94cb-8e0f64845927"),
        Golden(
            scope: "review", parts: ["é", "\"\\\u{8}\t\n\u{C}\r\u{1}\u{1F}\u{7F}/"],
            text: Text("[\"é\",\"\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f\u{7F}/\"]"),
            digest: "9160be9b15651d1d6521892f41c066ea92dc3349145603524a1380769d32822e",
            first: "ec20b164-1fe2-8b80-97f7-b9c2c3df04af", second: "92585850-b174-8190-ae21-a3111fdef11b"),
        Golden(
            scope: "x", parts: [], text: "[]",
            digest: "d7a66420ee3ef78aa58e7246f98b6b206612fd8ac32ae46e1a60c6038ffff3e7",
            first: "fc005a79-6654-8a5e-aaf9-d3db2004c5c3", second: "67edda01-62f7-887b-9780-00195be8b6b5"),
    ]

    @Test("A known key has its known text, digest and command ids", arguments: golden)
    func goldenKeys(_ golden: Golden) {
        let key = Key(scope: golden.scope, parts: golden.parts)
        #expect(key.text == golden.text)
        #expect(key.digest.description == golden.digest)
        #expect(CommandID(key: key.digest, slot: "forever", generation: 1).description == golden.first)
        #expect(CommandID(key: key.digest, slot: "forever", generation: 2).description == golden.second)
    }

    @Test("A separator inside a part does not make two keys one")
    func separators() {
        let lists: [[Text]] = [
            ["a|b", "c"], ["a", "b|c"], ["a\",\"b"], ["a", "b"], ["a,b"], ["ab"], ["a", "b", ""],
            ["", "a", "b"],
            ["a\\", "b"], ["a\\\",\"b"], ["a\nb"], ["a\\nb"], ["a\u{0}b"], ["a\\u0000b"], ["[\"a\",\"b\"]"],
        ]
        let digests = lists.map { Key(scope: "s", parts: $0).digest }
        #expect(Set(digests).count == lists.count)
        #expect(Set(lists.map { Key(scope: "s", parts: $0).text }).count == lists.count)
    }

    @Test("Composed and decomposed letters are two keys, as their bytes are")
    func normalForms() {
        let (composed, decomposed) = (
            Key(scope: "s", parts: ["\u{E9}"]), Key(scope: "s", parts: ["e\u{301}"])
        )
        #expect(composed.text != decomposed.text)
        #expect(composed.digest != decomposed.digest)
        #expect(Array(decomposed.text.utf8) == Array("[\"e\u{301}\"]".utf8))
    }

    @Test("The same parts under another rule's name are another key")
    func scopes() {
        #expect(Key(scope: "a", parts: ["42"]).digest != Key(scope: "b", parts: ["42"]).digest)
        #expect(Key(scope: "a", parts: ["42"]).text == Key(scope: "b", parts: ["42"]).text)
    }
}

@Suite("Command id")
struct CommandIDTests {
    static let key = Key(scope: "order-confirmation", parts: ["42"]).digest

    @Test(
        "The slot of a window is part of the id",
        arguments: [
            ("within:-5", "3da3bdce-2efe-874c-a500-3c0989cd4525"),
            ("every:86400000000:-1", "7f11851b-3835-81bb-8af8-ea243127e88a"),
        ])
    func slots(_ slot: String, _ id: String) {
        #expect(CommandID(key: Self.key, slot: Text(slot), generation: 1).description == id)
    }

    @Test(
        "Every id is a version-8 UUID of the RFC's variant and survives the way into text and back",
        arguments: Seeds.all)
    func form(seed: UInt64) {
        var random = Randomness(seed: seed)
        for _ in 0..<200 {
            let slot = Text("within:\(random.number(in: .min ... .max))")
            let id = CommandID(key: Self.key, slot: slot, generation: random.number(in: 1...9))
            let text = Array(id.description.utf8)
            #expect(text.count == 36 && text[14] == 0x38 && "89ab".utf8.contains(text[19]), "seed \(seed)")
            #expect(CommandID(id.description) == id, "seed \(seed)")
            #expect(CommandID(id.description.uppercased()) == id, "seed \(seed)")
        }
    }

    @Test(
        "What is not a version-8 UUID is refused",
        arguments: [
            "", "87e55d20-cf62-8a7b-acdf-e4d85b46a74", "87e55d20-cf62-8a7b-acdf-e4d85b46a7477",
            "87e55d20-cf62-4a7b-acdf-e4d85b46a747", "87e55d20-cf62-8a7b-ccdf-e4d85b46a747",
            "87e55d20-cf62-8a7b-4cdf-e4d85b46a747", "87e55d20cf62-8a7b-acdf-e4d85b46a7470",
            "87e55d2g-cf62-8a7b-acdf-e4d85b46a747", "{87e55d20-cf62-8a7b-acdf-e4d85b46a74}",
            "87e55d20-cf62-8a7b-acdf-e4d85b46a74\n", "87e55d200cf62-8a7b-acdf-e4d85b46a747",
            "87e55d20-cf62-8a7b-acdf-e4d85b46a7é",
        ])
    func refusals(_ text: String) {
        #expect(CommandID(text) == nil)
    }

    @Test("Ids sort as their texts do", arguments: Seeds.all.prefix(3))
    func order(seed: UInt64) {
        var random = Randomness(seed: seed)
        let ids = (0..<200).map { _ in
            CommandID(key: Self.key, slot: Text("\(random.next())"), generation: 1)
        }
        #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted(), "seed \(seed)")
    }
}
