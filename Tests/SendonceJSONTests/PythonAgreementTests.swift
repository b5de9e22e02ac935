// Two parsers read the same thousands of documents and must agree about each: what it says, or that it says
// nothing.

import SendonceCore
import SendonceJSON
import Testing

@Suite struct PythonAgreementTests {
    private static func judge(_ document: [UInt8], with reader: borrowing PayloadReader)
        -> PythonJSON.Judgement
    {
        var judgement = PythonJSON.Judgement(whole: "refused", fields: "refused")
        if let value = try? PayloadReader.document(document) { judgement.whole = PythonJSON.canonical(value) }
        var fields = Fields(count: PythonJSON.paths.count)
        if (try? reader.read(document, slots: Array(PythonJSON.paths.indices), into: &fields)) != nil {
            judgement.fields = fields.values.map { PythonJSON.canonical($0) }.joined(separator: "|")
        }
        return judgement
    }

    @Test(
        "Random documents, some of them damaged, mean the same to Python's json",
        arguments: [1, 2, 3] as [UInt64])
    func agreement(seed: UInt64) throws {
        var random = RandomDocument(seed: seed)
        let documents = (0..<3_000).map { _ in random.next() }
        let reader = PayloadReader(paths: PythonJSON.paths)
        let expected = try PythonJSON.judge(documents)
        try #require(expected.count == documents.count)
        var accepted = 0
        for (document, expected) in zip(documents, expected) {
            let found = PythonAgreementTests.judge(document, with: reader)
            if found.fields != "refused" { accepted += 1 }
            #expect(found == expected, "seed \(seed): \(String(decoding: document, as: UTF8.self))")
        }
        // Neither side of the comparison may be empty.
        #expect((500...2_900).contains(accepted), "seed \(seed)")
    }

    @Test(
        "Noise breaks nothing, and what is accepted of it Python accepts as well",
        arguments: [11, 12] as [UInt64])
    func noise(seed: UInt64) throws {
        var random = RandomDocument(seed: seed)
        var bytes = SeededGenerator(state: seed)
        let documents = (0..<40_000).map { (number: Int) -> [UInt8] in
            guard number % 4 == 0 else { return random.noise() }
            return (0..<(number % 200)).map { _ in UInt8.random(in: 0...255, using: &bytes) }
        }
        let reader = PayloadReader(paths: PythonJSON.paths)
        let found = documents.map { PythonAgreementTests.judge($0, with: reader) }
        let accepted = documents.indices.filter { found[$0].whole != "refused" }
        #expect(!accepted.isEmpty, "seed \(seed)")
        let expected = try PythonJSON.judge(accepted.map { documents[$0] })
        try #require(expected.count == accepted.count)
        for (place, expected) in zip(accepted, expected) {
            #expect(found[place] == expected, "seed \(seed): \(documents[place])")
        }
    }
}
