// A file that is not what was written is noticed, with its line, what is wrong, and what to do.
import SendonceBundle
import SendonceCore
import SendonceStore
import Testing

@Suite(.serialized) struct ReadingTests {
    private let place: Place
    private let lines: [String]

    init() throws {
        place = try Place(.file)
        try place.fill()
        try place.export()
        lines = try place.lines()
    }

    private func reading(_ lines: [String]) throws -> String {
        let path = try place.write(lines)
        return words { _ = try LogFile(path: path) }.replacing(path, with: "FILE")
    }

    /// The file with one line changed. Line 1 is the first line, 2 to 4 are a rule set, 5 its activation, 6
    /// to 15 orders.
    private func changing(_ line: Int, _ old: String, _ new: String) throws -> String {
        var changed = lines
        #expect(changed[line - 1].contains(old), "line \(line) has no \(old)")
        changed[line - 1] = changed[line - 1].replacing(old, with: new)
        return try reading(changed)
    }

    @Test("The file that the others are made from is whole")
    func whole() throws {
        #expect(try reading(lines) == "nothing was wrong")
        #expect(lines.count == 31)
    }

    @Test("A line that is no event of the format is named with its mistake")
    func forms() throws {
        let cases: [(Int, String, String, String)] = [
            (7, "{\"spec", "[{\"spec", "FILE, line 7: not a JSON object"),
            (
                7, "\"position\"", "\"positoin\"",
                "FILE, line 7: `positoin` is not known here: no line of an export has it"
            ),
            (7, "\"id\":", "\"id\":\"a\",\"id\":", "FILE, line 7: \"id\" stands there twice"),
            (7, "\"1.0\"", "\"2.0\"", "FILE, line 7: `specversion` must be 1.0"),
            (7, "\"position\":\"3\"", "\"position\":3", "FILE, line 7: `position` must be a text"),
            (
                7, "\"position\":\"3\"", "\"position\":\"0\"",
                "FILE, line 7: `position` must be a text with a number from 1"
            ),
            (7, "\"idgiven\":false", "\"idgiven\":true", "FILE, line 7: `idgiven` can only be false"),
            (7, "\"time\":\"2026-11", "\"time\":\"2026-13", "FILE, line 7: `time` must be a time such as"),
            (7, "\"link\":\"", "\"link\":\"x", "FILE, line 7: `link` must be 64 hexadecimal digits"),
            (7, "\"data\":{", "\"data\":{,", "FILE, line 7: `data`: not valid JSON"),
            (7, "\"data\":{", "\"data\":[{", "FILE, line 7: the object is cut off"),
            (7, ",\"data\":{", ",\"data\":1,\"x\":{", "FILE, line 7: `x` is not known here"),
            (
                7, "\"data\":{", "\"data_base64\":\"e30\",\"data\":{",
                "FILE, line 7: one of `data` and `data_base64`"
            ),
            (2, "\"data_base64\":\"", "\"data_base64\":\"=", "FILE, line 2: `data_base64` is not base64"),
            (
                2, "\"subject\":", "\"subjectbase64\":",
                "FILE, line 2: `subjectbase64` is not a text as base64"
            ),
            (
                1, "\"format\":1", "\"format\":2",
                "FILE, line 1: format 2 is not known here: use a newer sendonce"
            ),
            (
                1, "\"format\":1", "\"form\":1",
                "FILE, line 1: this is no export of sendonce: `data.format` is missing"
            ),
            (
                1, "\"through\":24", "\"through\":-2",
                "FILE, line 1: `data.from` and `data.through` name no part of a log"
            ),
            (
                1, "\"redacted\":false", "\"redacted\":0",
                "FILE, line 1: `data.redacted` must be true or false"
            ),
        ]
        for (line, old, new, expected) in cases {
            let found = try changing(line, old, new)
            #expect(found.hasPrefix(expected), "\(old) → \(new): \(found)")
        }
    }

    @Test("A changed byte breaks the chain at its position, whichever attribute it is in")
    func chain() throws {
        let cases: [(Int, String, String)] = [
            (9, "\"order\":4", "\"order\":5"), (9, "{\"order\"", "{ \"order\""),
            (9, "\"type\":\"order.placed", "\"type\":\"order.placeD"),
            (9, "00:00:00.000000Z\",\"datac", "00:00:00.000001Z\",\"datac"),
            (9, "\"idgiven\":false,", ""), (9, "\"sourcebase64\":\"\"", "\"sourcebase64\":\"YQ==\""),
            (9, "\"datacontenttype\"", "\"subject\":\"x\",\"datacontenttype\""),
            (9, "\"recordedat\"", "\"traceparent\":\"x\",\"recordedat\""),
        ]
        for (line, old, new) in cases {
            let found = try changing(line, old, new)
            #expect(
                found
                    == "FILE, line \(line): the chain does not fit at position 5: this event or its link was "
                    + "changed; export it again", "\(old) → \(new): \(found)")
        }
        #expect(try changing(1, "\"before\":\"0", "\"before\":\"1").contains("does not fit `data.from`"))
        #expect(try changing(1, "\"log\":\"", "\"log\":\"0000").contains("line 1: `log` must be 64"))
    }

    @Test("A file that was cut off, put together or sorted otherwise is noticed")
    func order() throws {
        #expect(try reading([]).contains("line 1: not a JSON object"))
        #expect(
            words { _ = try LogFile(path: try place.write([UInt8]())) }.contains("begins with a line of type")
        )
        #expect(
            try reading(Array(lines.dropLast()))
                == "FILE, line 30: the file ends with position 23, and its first line says 24: it was cut off; "
                + "export it again")
        let bytes = try place.bytes()
        let path = try place.write(Array(bytes.dropLast(10)))
        #expect(
            words { _ = try LogFile(path: path) }.hasSuffix(
                "line 31: the file ends in the middle of this line: it was cut off; export it again"))
        #expect(
            words { _ = try LogFile(path: try place.write(Array(bytes.dropLast()))) }.contains(
                "in the middle"))
        #expect(
            try reading(Array(lines.dropFirst())).contains("line 1: an export begins with a line of type"))
        #expect(try reading(lines + lines).contains("line 32: a second first line"))
        #expect(try reading(lines + [lines[30]]).contains("line 32: position 24 follows the last one, 24"))
        var missing = lines
        missing.remove(at: 9)
        #expect(try reading(missing).contains("line 10: position 7 stands where 6 has to be"))
        var swapped = lines
        swapped.swapAt(8, 9)
        #expect(try reading(swapped).contains("line 9: position 6 stands where 5 has to be"))
        #expect(try reading(lines.map { $0 + "\r" }) == "nothing was wrong")
        #expect(
            try reading(Array(lines.prefix(9)) + [""] + lines.dropFirst(9)).contains(
                "line 10: not a JSON object"))
    }

    @Test("A rule set that is missing, incomplete or changed is noticed at its activation")
    func ruleSets() throws {
        var missing = lines
        missing.removeSubrange(1...3)
        #expect(try reading(missing).contains("line 2: position 1 activates rule set"))
        var incomplete = lines
        incomplete.remove(at: 3)
        #expect(try reading(incomplete).contains("line 4: the files of rule set"))
        #expect(
            try changing(2, "\"data_base64\":\"T3", "\"data_base64\":\"U3").contains(
                "line 5: the files of rule set"))
        #expect(
            try reading(Array(lines.prefix(2)) + lines.dropFirst(1)).contains(
                "has the file order.subject.mustache twice"))
        #expect(
            try reading(Array(lines.prefix(7)) + [lines[1]] + lines.dropFirst(7)).contains(
                "line 8: rule set"))
    }

    @Test("A line that is too long, a folder, a pipe and nothing at all are refused in words")
    func places() throws {
        let long = String(repeating: "x", count: BundleLimits.lineBytes + 1)
        #expect(try reading([lines[0], long]).contains("line 2: longer than 2097152 bytes"))
        #expect(words { _ = try LogFile(path: "/") }.contains("not a file of its own"))
        #expect(words { _ = try LogFile(path: "/dev/null") }.contains("not a file of its own"))
        #expect(words { _ = try LogFile(path: place.path("absent")) }.contains("No such file or directory"))
    }

    @Test("A file that changes while it is open gives no event in another's place")
    func changedMeanwhile() throws {
        let file = try LogFile(path: place.path())
        var swapped = lines
        swapped.swapAt(8, 9)
        // In place: the file that is open has the new content.
        _ = try place.write(swapped, to: "export.jsonl")
        #expect(words { _ = try events(of: file) }.contains("was changed while it was read"))
        _ = try place.write(Array(lines.prefix(9)), to: "export.jsonl")
        #expect(words { _ = try events(of: file) }.contains("was changed while it was read"))
    }
}
