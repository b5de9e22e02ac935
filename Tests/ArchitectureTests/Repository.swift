// The files of the package as text, found from this file's own place.
import Foundation

/// A place that breaks a rule, as `file:line: what stands there`.
struct Finding: Hashable, CustomStringConvertible {
    var path: String
    var line: Int
    var words: String

    var description: String { "\(path):\(line): \(words)" }
}

/// One text file.
struct SourceFile {
    /// From the root of the package, with slashes.
    var path: String
    var text: String
    /// As written.
    var lines: [Substring]
    /// Line by line without comments and without what stands in string literals.
    var code: [Substring]
    /// Line by line without comments.
    var spoken: [Substring]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        let scanned = ScannedSource(text)
        func split(_ text: String) -> [Substring] {
            text.split(separator: "\n", omittingEmptySubsequences: false)
        }
        lines = split(text)
        code = split(scanned.code)
        spoken = split(scanned.spoken)
    }

    /// `Sources/SendonceCore/Key.swift` is of the module `SendonceCore`.
    var module: String {
        let parts = path.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    /// Lines (of the given form) in which the pattern occurs and that `allowed` does not excuse.
    func findings(
        _ pattern: String, in lines: KeyPath<SourceFile, [Substring]>,
        unless allowed: (Int) -> Bool = { _ in false }
    ) -> [Finding] {
        guard let expression = try? NSRegularExpression(pattern: pattern) else {
            return [Finding(path: path, line: 0, words: "the pattern \(pattern) is malformed")]
        }
        let lines = self[keyPath: lines]
        return lines.indices.compactMap { index in
            let line = String(lines[index])
            let whole = NSRange(location: 0, length: line.utf16.count)
            guard expression.firstMatch(in: line, range: whole) != nil, !allowed(index) else { return nil }
            return finding(index)
        }
    }

    func finding(_ index: Int) -> Finding {
        Finding(path: path, line: index + 1, words: lines[index].trimmingCharacters(in: .whitespaces))
    }

    /// Whether a comment stands on the line or in the three lines above it.
    func hasReason(near index: Int) -> Bool {
        (max(0, index - 3)...index).contains { lines[$0].contains("//") }
    }
}

enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let sources = swiftFiles(under: "Sources")
    static let tests = swiftFiles(under: "Tests")

    static func swiftFiles(under folder: String) -> [SourceFile] {
        files(under: folder).filter { $0.hasSuffix(".swift") }.compactMap(read)
    }

    static func read(_ path: String) -> SourceFile? {
        guard let data = try? Data(contentsOf: root.appending(path: path)),
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        return SourceFile(path: path, text: text)
    }

    /// Paths of all files below a folder of the package (the package itself: ""), without what builds and
    /// version control leave behind.
    static func files(under folder: String) -> [String] {
        var found: [String] = []
        let start = folder.isEmpty ? root : root.appending(path: folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: start.path)) ?? []
        for name in names.sorted() {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            guard name != ".git", !name.hasPrefix(".build"), name != "__pycache__", name != "node_modules"
            else { continue }
            var isFolder: ObjCBool = false
            guard
                FileManager.default.fileExists(
                    atPath: root.appending(path: path).path, isDirectory: &isFolder)
            else { continue }
            if isFolder.boolValue {
                found += files(under: path)
            } else {
                found.append(path)
            }
        }
        return found
    }
}
