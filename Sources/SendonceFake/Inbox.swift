// The accepted messages as text for people: what `curl localhost:…/fake/inbox` shows during `sendonce dev`.

import Foundation

/// Writes the inbox.
enum Inbox {
    /// The messages, newest first, at most `limit` of them; the first line counts all.
    static func text(_ acceptances: [FakeBrevo.Acceptance], limit: Int = 200) -> String {
        var text =
            acceptances.count == 1 ? "1 message accepted\n" : "\(acceptances.count) messages accepted\n"
        for (index, acceptance) in acceptances.enumerated().suffix(limit).reversed() {
            text += "\n#\(index + 1)  \(time(acceptance.receivedAt))  \(acceptance.messageId)\n"
            add("to", acceptance.to.joined(separator: ", "), &text)
            add("from", acceptance.sender, &text)
            add("subject", acceptance.subject, &text)
            add("template", acceptance.templateId.map { "\($0)" }, &text)
            add("params", acceptance.params, &text)
            add("tags", acceptance.tags.isEmpty ? nil : acceptance.tags.joined(separator: ", "), &text)
            add("key", acceptance.key ?? "none: a repeat of this message would be accepted again", &text)
            if acceptance.refusedDuplicates > 0 {
                add("repeats", "\(acceptance.refusedDuplicates) refused", &text)
            }
            add("text", acceptance.excerpt, &text)
        }
        if acceptances.count > limit { text += "\n\(acceptances.count - limit) older ones are not shown\n" }
        return text
    }

    private static func add(_ name: String, _ value: String?, _ text: inout String) {
        guard let value else { return }
        // Control characters in a message could take over the reader's terminal.
        let lines = value.unicodeScalars.map { scalar in
            scalar == "\n"
                ? "\n            " : (scalar.properties.generalCategory == .control ? " " : "\(scalar)")
        }
        text += "  " + name.padding(toLength: 10, withPad: " ", startingAt: 0) + lines.joined() + "\n"
    }

    private static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000).formatted(.iso8601)
    }
}
