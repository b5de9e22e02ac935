// The JSON Schema that editors use, against the same files as the loader.
import Foundation
import Testing

@testable import SendonceRules

@Suite("JSON Schema")
struct SchemaTests {
    @Test("The schema accepts every good file")
    func good() throws {
        let files = try Fixtures.ruleFiles("good").map { Fixtures.path("fixtures/rules/good/\($0)") }
        try expectSuccess(
            "fixtures/rules/check_with_schema.py",
            [Fixtures.path("schema/rules.schema.json"), "good"] + files)
    }

    @Test("The schema refuses every bad file whose mistake a schema can express")
    func bad() throws {
        let files = try Fixtures.text("fixtures/rules/bad/refused-by-schema.txt").split(separator: "\n")
        #expect(files.count >= 25)
        try expectSuccess(
            "fixtures/rules/check_with_schema.py",
            [Fixtures.path("schema/rules.schema.json"), "bad"]
                + files.map { Fixtures.path("fixtures/rules/bad/\($0)") })
    }

    @Test("The schema knows every key that the loader knows")
    func keys() throws {
        let schema = try JSONSerialization.jsonObject(with: Data(Fixtures.bytes("schema/rules.schema.json")))
        let definitions = (schema as? [String: Any])?["definitions"] as? [String: Any]
        let properties = (definitions?["rule"] as? [String: Any])?["properties"] as? [String: Any]
        #expect(properties?.keys.sorted() == RuleReader.keys.sorted())
    }
}
