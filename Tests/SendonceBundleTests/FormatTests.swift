// The format is what its description says: others can read it and recompute the chain without our code.
import Foundation
import SendonceBundle
import SendonceCore
import Testing

@Suite(.serialized) struct FormatTests {
    @Test("Each line is a CloudEvents 1.0 object by the published schema, and Python recomputes every link")
    func python() throws {
        let place = try Place(.file)
        try place.fill()
        var source = HostileEvents(seed: 11)
        try place.log((0..<300).map { _ in source.next() })
        try place.export()
        #expect(try check(place.path()) == "324 links fit\n")
        var bytes = try place.bytes()
        let order = try #require(bytes.firstRange(of: Array("\"order\":7".utf8)))
        bytes[order.upperBound - 1] = UInt8(ascii: "8")
        #expect(try check(try place.write(bytes)).contains("position 8"))
        try place.export(redaction: Redaction(key: Array(0..<32)), to: "redacted.jsonl")
        #expect(try check(place.path("redacted.jsonl")) == "redacted\n")
    }

    private func check(_ path: String) throws -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = tests.deletingLastPathComponent().deletingLastPathComponent()
        let check = Process()
        check.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        check.arguments = [
            "python3", tests.appending(path: "links.py").path,
            root.appending(path: "schema/export.schema.json").path, path,
        ]
        let output = Pipe()
        check.standardOutput = output
        check.standardError = output
        try check.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        check.waitUntilExit()
        return text
    }
}
