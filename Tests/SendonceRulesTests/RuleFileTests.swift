// What a good file becomes.
import SendonceCore
import Testing

@testable import SendonceRules

@Suite("Rule files")
struct RuleFileTests {
    @Test("Every good file is read without a mistake")
    func good() throws {
        let files = try Fixtures.ruleFiles("good")
        #expect(files.count >= 5)
        for file in files {
            #expect(throws: Never.self) { try Fixtures.parse("good", file) }
        }
    }
}
