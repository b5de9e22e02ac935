// Rule files on disk: the only place where they are opened.
import Foundation
import SendonceRules

enum RuleFiles {
    /// Longest rule file or template, in bytes: larger than any that people write by hand.
    static let bytesAtMost = 1 << 20

    /// Reads a rule file and the templates beside it.
    static func load(_ path: String) throws -> ParsedRules {
        let content = try bytes(path)
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent()
        return try RuleFile.parse(content, fileName: path) { name in
            // Names come from the rule file: only plain ones, never a way out of its directory.
            guard !name.contains("/"), !name.hasPrefix(".") else { return nil }
            return try? bytes(directory.appendingPathComponent(name).path)
        }
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        let content = try Input.file(path)
        guard content.count <= bytesAtMost else {
            throw CommandError("\(path): longer than \(bytesAtMost) bytes")
        }
        return content
    }
}
