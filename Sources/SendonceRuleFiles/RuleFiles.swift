// Rule files on disk: the only place where they are opened, for the program that sends and for the one that
// cannot.
import Foundation
package import SendonceRules

/// A rule file that holds no bytes which could hold a mistake.
package struct UnreadableRules: Error, Hashable {
    package var words: String
}

package enum RuleFiles {
    /// Longest rule file or template, in bytes: larger than any that people write by hand.
    package static let bytesAtMost = 1 << 20

    /// Reads a rule file and the templates beside it, strictly. Errors: `UnreadableRules`, `RuleMistakes`.
    package static func load(_ path: String) throws -> ParsedRules {
        let content = try bytes(path)
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent()
        return try RuleFile.parse(content, fileName: path) { name in
            // Names come from the rule file: only plain ones, never a way out of its directory.
            guard !name.contains("/"), !name.hasPrefix(".") else { return nil }
            return try? bytes(directory.appendingPathComponent(name).path)
        }
    }

    private static func bytes(_ path: String) throws(UnreadableRules) -> [UInt8] {
        // A handle reads pipes and devices too; one byte more than may be there says that there are too many.
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: bytesAtMost + 1) ?? Data()
        else { throw UnreadableRules(words: "\(path): the file cannot be read") }
        guard data.count <= bytesAtMost else {
            throw UnreadableRules(words: "\(path): longer than \(bytesAtMost) bytes")
        }
        return [UInt8](data)
    }
}
