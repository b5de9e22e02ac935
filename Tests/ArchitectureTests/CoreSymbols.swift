// The list of what the core's object files may be linked against, and the check of a file against it.
import Foundation

struct CoreSymbols {
    private var modules: Set<String> = []
    private var symbols: [String] = []
    private var refused: [String] = []

    struct Malformed: Error {
        var line: String
    }

    /// Reads `fixtures/architecture/core-symbols.txt`. Every entry needs its reason.
    init(_ text: String) throws {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard words.count == 3 else { throw Malformed(line: String(line)) }
            switch words[0] {
            case "module": modules.insert(String(words[1]))
            case "symbol": symbols.append(String(words[1]))
            case "refuse": refused.append(String(words[1]))
            default: throw Malformed(line: String(line))
            }
        }
    }

    /// The symbols that are not allowed, demangled.
    func violations(in undefined: [String], demangled: [String]) -> [String] {
        zip(undefined, demangled).compactMap { symbol, name in
            let isRefused = refused.contains { symbol.contains($0) || name.contains($0) }
            let isAllowed = symbol.hasPrefix("$s") ? isOfAllowedModules(name) : isAllowedByName(symbol)
            return isRefused || !isAllowed ? "\(name) [\(symbol)]" : nil
        }
    }

    private func isAllowedByName(_ symbol: String) -> Bool {
        symbols.contains { $0.hasSuffix("*") ? symbol.hasPrefix($0.dropLast()) : symbol == $0 }
    }

    /// Every dotted path in a demangled name begins with its module, or with a generic parameter (`A`, `B1`).
    private func isOfAllowedModules(_ name: String) -> Bool {
        let roots = name.matches(of: /(?<root>\b[A-Za-z_]\w*)\./).filter { match in
            guard match.range.lowerBound > name.startIndex else { return true }
            return name[name.index(before: match.range.lowerBound)] != "."
        }
        return roots.allSatisfy { match in
            let root = String(match.output.root)
            return modules.contains(root) || root.wholeMatch(of: /[A-Z][0-9]?/) != nil
        }
    }
}

/// Tools that look into object files.
enum ObjectFile {
    struct Failure: Error {
        var words: String
    }

    /// Names that the file needs from elsewhere, mangled.
    static func undefinedSymbols(of files: [URL]) throws -> [String] {
        let lines = try run(["nm", "-u"] + files.map(\.path))
        let names = lines.compactMap { line -> String? in
            let words = line.split(separator: " ")
            return words.count == 2 && "Uw".contains(words[0]) ? String(words[1]) : nil
        }
        return Array(Set(names)).sorted()
    }

    static func demangled(_ symbols: [String]) throws -> [String] {
        guard !symbols.isEmpty else { return [] }
        return try run(["swift-demangle", "--compact"] + symbols)
    }

    /// Compiles one file of Swift into an object file.
    static func compile(_ source: String, in folder: URL) throws -> URL {
        let input = folder.appending(path: "sample.swift")
        let output = folder.appending(path: "sample.o")
        try source.write(to: input, atomically: true, encoding: .utf8)
        _ = try run([
            "swiftc", "-c", "-parse-as-library", "-module-name", "SendonceCore", input.path, "-o",
            output.path,
        ])
        return output
    }

    private static func run(_ words: [String]) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Into a file, because a pipe that nobody drains would stop the tool.
        let file = folder.appending(path: "output")
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        guard process.terminationStatus == 0 else {
            throw Failure(words: "\(words.prefix(3).joined(separator: " ")): \(text.prefix(2_000))")
        }
        return text.split(separator: "\n").map(String.init)
    }
}
