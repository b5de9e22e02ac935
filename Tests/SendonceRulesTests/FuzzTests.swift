// Whatever is typed into a rule file, a template or a condition, the answer is a value or mistakes, never a crash.
import SendonceCore
import Testing

@testable import SendonceRules

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same mutations everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

@Suite("Random mistakes")
struct FuzzTests {
    private static let pieces = [
        "\n", "\r\n", "\t", " ", ":", "-", "[", "]", "{", "}", "\"", "'", "&a", "*a", "!", "|", ">", "#", "?",
        "<<: ", "---", "%",
        "~", "null", "{{", "}}", "{{{", "{{#", "{{/", "data.", "$.", "&&", "||", "has(", "\u{0}", "\u{FFFE}",
        "é", "😀", "\\", "99999999999",
        "event: x\n", "\u{E000}0",
    ].map { Array($0.utf8) }

    /// A few random edits: pieces put in, bytes taken out or changed, a part said twice.
    private func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 0...20, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.removeSubrange(place..<end)
            case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2:
                bytes.insert(
                    contentsOf: Array(bytes[place..<end]), at: Int.random(in: 0...place, using: &random))
            default: bytes.insert(contentsOf: FuzzTests.pieces.randomElement(using: &random) ?? [], at: place)
            }
        }
        return bytes
    }

    @Test(
        "Changed rule files and templates give rules or mistakes at a place",
        arguments: 1...8 as ClosedRange<UInt64>)
    func files(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let template = Fixtures.template("good")
        for name in try Fixtures.ruleFiles("good") {
            let original = try Fixtures.bytes("fixtures/rules/good/\(name)")
            for round in 0..<40 {
                let changed = mutated(original, &random)
                let changeTemplates = round.isMultiple(of: 2)
                do {
                    let parsed = try RuleFile.parse(changed, fileName: name) { file in
                        guard let bytes = template(file) else { return nil }
                        return changeTemplates ? mutated(bytes, &random) : bytes
                    }
                    #expect(
                        parsed.ruleSet.rules.allSatisfy { !RuleWords.explain($0).isEmpty }, "seed \(seed)")
                } catch {
                    #expect(!error.list.isEmpty, "seed \(seed), \(name), round \(round)")
                    #expect(
                        error.list.allSatisfy {
                            $0.place.line >= 1 && $0.place.column >= 1 && !$0.message.isEmpty
                        },
                        "seed \(seed), \(name), round \(round)")
                }
            }
        }
    }

    @Test(
        "Changed conditions and paths give a value or a mistake inside the text",
        arguments: 1...4 as ClosedRange<UInt64>)
    func texts(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        for row in ConditionCase.table {
            let text = String(decoding: mutated(Array(row.when.utf8), &random), as: UTF8.self)
            do {
                let condition = try ConditionParser.parse(text) { FieldReference(path: $0, slot: 0) }
                _ = condition.holds { lookUp($0.path, in: row.data) }
                let again = try ConditionParser.parse(condition.text) { FieldReference(path: $0, slot: 0) }
                #expect(again == condition, "seed \(seed): \(text)")
            } catch {
                #expect((0...text.unicodeScalars.count).contains(error.offset), "seed \(seed): \(text)")
            }
            do {
                let path = try PathText.parse(text)
                #expect(try PathText.parse(path.description) == path, "seed \(seed): \(text)")
            } catch {
                #expect((0...text.unicodeScalars.count).contains(error.offset), "seed \(seed): \(text)")
            }
        }
    }

    @Test(
        "Deep nesting of every kind is refused and not followed",
        arguments: [
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 5_000),
            String(repeating: "- ", count: 50_000),
            "version: 1\nrules: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900),
            ruleFile("when: '" + String(repeating: "(", count: 3_000) + "'"),
            ruleFile("when: '" + String(repeating: "[", count: 3_000) + "'"),
            ruleFile("when: '" + String(repeating: "!(", count: 1_000) + "'"),
        ])
    func deep(text: String) {
        #expect(!mistakes(text).isEmpty)
    }

    @Test("Any number of signs before one value is no nesting")
    func signs() {
        #expect(mistakes(ruleFile("when: '" + String(repeating: "!", count: 3_000) + "true'")).isEmpty)
        #expect(mistakes(ruleFile("when: '" + String(repeating: "-", count: 3_000) + "1 == 1'")).isEmpty)
    }
}
