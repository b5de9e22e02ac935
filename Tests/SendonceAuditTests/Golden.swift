// Answers compared byte for byte with what stands in `fixtures/why`.
import Foundation
import SendonceAudit
import SendonceCore
import SendonceStore
import Testing

/// Compares an answer's sentences with `NAME.txt` and its JSON with `NAME.json`. With `SENDONCE_RECORD=1` in
/// the environment the files are written instead, and the test fails, so that nobody takes a recording for a
/// check.
func expectGolden(
    _ name: String, _ question: Question, in recorded: Recorded, at now: Int64 = 60,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let answer = try Why.answer(question, in: recorded, now: time(now), providerCapability: capability)
    try expectGolden(name, answer, sourceLocation: sourceLocation)
}

func expectGolden(_ name: String, _ answer: WhyAnswer, sourceLocation: SourceLocation) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "fixtures/why")
    let contents = [("txt", answer.text), ("json", indented(answer.json) + "\n")]
    for (suffix, content) in contents {
        let file = folder.appending(path: "\(name).\(suffix)")
        if ProcessInfo.processInfo.environment["SENDONCE_RECORD"] == "1" {
            try Data(content.utf8).write(to: file)
            Issue.record("recorded \(name).\(suffix); run again to compare", sourceLocation: sourceLocation)
        } else {
            let expected = try Data(contentsOf: file)
            let isSame = expected.elementsEqual(content.utf8)
            #expect(
                isSame, "\(name).\(suffix): \(difference(expected, content))", sourceLocation: sourceLocation)
        }
    }
}

/// The first line that differs, as it is recorded and as it is now.
private func difference(_ expected: Data, _ content: String) -> String {
    let recorded = expected.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    let present = Array(content.utf8).split(separator: 0x0A, omittingEmptySubsequences: false).map {
        Array($0)
    }
    let line = zip(recorded, present).enumerated().first { $0.element.0 != $0.element.1 }
    guard let (number, (before, now)) = line else { return "\(recorded.count) lines became \(present.count)" }
    return "line \(number + 1) was\n\(String(decoding: before, as: UTF8.self))\nand is\n"
        + String(decoding: now, as: UTF8.self)
}

/// JSON with a member a line, so that a change of a golden file is seen in its diff.
private func indented(_ value: JSONValue, _ margin: String = "") -> String {
    let inner = margin + "  "
    switch value {
    case .object(let members) where !members.isEmpty:
        let lines = members.map {
            "\(inner)\(JSONValue.quoted($0.name.string)): \(indented($0.value, inner))"
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n\(margin)}"
    case .array(let values) where !values.isEmpty:
        return "[\n" + values.map { inner + indented($0, inner) }.joined(separator: ",\n") + "\n\(margin)]"
    default: return value.jsonText
    }
}
