// Python's json as a second opinion: another parser, by other people, told to keep what it usually drops.

import Foundation
import SendonceCore

/// A batch of documents judged by Python.
enum PythonJSON {
    struct Failure: Error {
        var status: Int32
    }

    /// One judgement for each document: `whole` for reading all of it, `fields` for the paths of
    /// `PythonJSON.paths`.
    struct Judgement: Equatable {
        var whole: String
        var fields: String
    }

    static let paths = [
        Path(.data, [.member("a")]), Path(.data, [.member("b"), .member("c")]),
        Path(.data, [.member("c"), .index(-1), .member("a")]), Path(.data, [.member("d"), .index(1)]),
    ]

    static func judge(_ documents: [[UInt8]]) throws -> [Judgement] {
        let folder = FileManager.default.temporaryDirectory
        let input = folder.appendingPathComponent("sendonce-json-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: input) }
        let lines = documents.map { hexadecimal($0) + "\n" }.joined()
        try Data(lines.utf8).write(to: input)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, input.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map { line in
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            return Judgement(whole: String(parts[0]), fields: parts.count > 1 ? String(parts[1]) : "")
        }
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef")
        return bytes.reduce(into: "") { text, byte in
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
    }

    /// The form in which both sides write a value: no spaces, texts as hexadecimal digits of their bytes.
    static func canonical(_ value: JSONValue?) -> String {
        switch value {
        case nil: "absent"
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let digits): "i" + digits
        case .number(let text): "n" + text
        case .string(let text): "s" + hexadecimal(text.utf8)
        case .array(let values): "[" + values.map { canonical($0) }.joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { hexadecimal($0.name.utf8) + ":" + canonical($0.value) }.joined(separator: ",")
                + "}"
        }
    }

    private static let script = #"""
        import json, sys
        class Refused(Exception): pass
        class Members(list): pass
        def refuse(text): raise Refused()
        def text(value):
            if "\0" in value: raise Refused()
            try: return value.encode("utf-8").hex()
            except UnicodeEncodeError: raise Refused()
        def canonical(value, strict, depth=1):
            if value is None: return "null"
            if value is True: return "true"
            if value is False: return "false"
            if isinstance(value, tuple): return "".join(value)
            if isinstance(value, str): return "s" + text(value)
            if depth > 64: raise Refused()
            if isinstance(value, Members):
                if strict: repeats(value)
                return "{" + ",".join(text(k) + ":" + canonical(v, strict, depth + 1) for k, v in value) + "}"
            return "[" + ",".join(canonical(v, strict, depth + 1) for v in value) + "]"
        def repeats(members):
            if len({k for k, _ in members}) != len(members): raise Refused()
        def follow(value, steps):
            for step in steps:
                if isinstance(value, Members): repeats(value)
                if isinstance(step, str) and isinstance(value, Members) and any(k == step for k, _ in value):
                    value = next(v for k, v in value if k == step)
                elif isinstance(step, int) and type(value) is list and -len(value) <= step < len(value):
                    value = value[step]
                else: return "absent"
            return canonical(value, True)
        def integer(digits): return ("i", "0" if digits == "-0" else digits)
        def load(data):
            return json.loads(data.decode("utf-8"), object_pairs_hook=Members, parse_int=integer,
                              parse_float=lambda digits: ("n", digits), parse_constant=refuse)
        def whole(data):
            try: return canonical(load(data), True)
            except (Refused, ValueError, RecursionError): return "refused"
        def fields(data):
            try:
                value = load(data)
                canonical(value, False)
                if not isinstance(value, Members): return "refused"
                paths = [["a"], ["b", "c"], ["c", -1, "a"], ["d", 1]]
                return "|".join(follow(value, steps) for steps in paths)
            except (Refused, ValueError, RecursionError): return "refused"
        for line in open(sys.argv[1]):
            data = bytes.fromhex(line.strip())
            print(whole(data), fields(data))
        """#
}
