// What people read about a rule: goldens in `fixtures/rules/good/NAME.explained`.
import SendonceCore
import Testing

@testable import SendonceRules

@Suite("Rules in words")
struct RuleWordsTests {
    @Test(
        "A rule is explained in the same words as ever", arguments: ["shop.yaml", "full.yaml", "params.yaml"])
    func golden(file: String) throws {
        let rules = try Fixtures.parse("good", file).ruleSet.rules
        let words = rules.map { RuleWords.explain($0) + "\n" }.joined()
        #expect(words == (try Fixtures.text("fixtures/rules/good/\(file.dropLast(5)).explained")))
    }
}
