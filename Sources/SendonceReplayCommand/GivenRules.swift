// The rule file that a comparison is about, with the templates beside it.
import Foundation
import SendonceRules

/// There are no bytes that could hold a mistake.
struct UnreadableRules: Error {
    var words: String
}

enum GivenRules {
    /// Longest rule file or template, in bytes; as `sendonce rules` takes them.
    private static let bytesAtMost = 1 << 20

    /// Reads a rule file and its templates, strictly. Errors: `RuleMistakes`, and `UnreadableRules` where the
    /// file cannot be read.
    static func load(_ path: String) throws -> ParsedRules {
        guard let content = bytes(path) else {
            throw UnreadableRules(
                words: "\(path): the file cannot be read, or is longer than \(bytesAtMost) bytes")
        }
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent()
        return try RuleFile.parse(content, fileName: path) { name in
            // Names come from the rule file: only plain ones, never a way out of its directory.
            guard !name.contains("/"), !name.hasPrefix(".") else { return nil }
            return bytes(directory.appendingPathComponent(name).path)
        }
    }

    private static func bytes(_ path: String) -> [UInt8]? {
        // A handle reads pipes and devices too.
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: bytesAtMost + 1) ?? Data(), data.count <= bytesAtMost
        else { return nil }
        return [UInt8](data)
    }
}
