// What a wrong file is told, word for word: `fixtures/rules/bad/NAME.yaml` and `NAME.expected`.
import Foundation
import Testing

@testable import SendonceRules

@Suite("Mistakes in rule files")
struct BadRuleFileTests {
    static let files = (try? Fixtures.ruleFiles("bad")) ?? []

    @Test("There are bad files for every kind of mistake")
    func enough() {
        #expect(BadRuleFileTests.files.count >= 50)
    }

    @Test("A bad file is refused with exactly the mistakes that stand beside it", arguments: files)
    func golden(file: String) throws {
        let expected = try Fixtures.text("fixtures/rules/bad/\(file.dropLast(5)).expected")
        do {
            _ = try Fixtures.parse("bad", file)
            Issue.record("\(file) was accepted")
        } catch let mistakes as RuleMistakes {
            #expect(mistakes.description + "\n" == expected)
        }
    }
}
