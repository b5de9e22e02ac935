// Results go to standard output, messages to standard error; colour and progress only where a person sits.
import Foundation
import SendonceAudit
import SendonceCore

enum Printer {
    static func line(_ text: String) {
        write(text + "\n", to: .standardOutput)
    }

    /// Text that brings its own line ends.
    static func text(_ text: String) {
        write(text.hasSuffix("\n") ? text : text + "\n", to: .standardOutput)
    }

    /// For people, beside the result.
    static func message(_ text: String) {
        write(text + "\n", to: .standardError)
    }

    static func json(_ value: JSONValue) {
        line(value.jsonText)
    }

    /// A list as an aligned table, one JSON document or one JSON line each.
    static func list(_ rows: [JSONValue], table: TextTable, named name: Text, as format: OutputFormat) {
        switch format {
        case .table: text(table.rendered(width: terminalWidth))
        case .json:
            json(
                .object([
                    JSONMember("schema", .string(Text("sendonce.\(name).v1"))),
                    JSONMember(name, .array(rows)),
                ]))
        case .jsonl: rows.forEach(json)
        }
    }

    /// `1 rule`, `2 rules`.
    static func count(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// Control characters and escapes from the outside must not move anybody's cursor; line ends may be kept.
    static func visible(_ text: String, keepingLines: Bool = false) -> String {
        guard keepingLines else { return VisibleText.escaped(text) }
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { VisibleText.escaped(String($0)) }.joined(separator: "\n")
    }

    /// Columns of the terminal; nil where output goes elsewhere, and nothing needs to be cut.
    private static var terminalWidth: Int? {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 else {
            return nil
        }
        return size.ws_col > 0 ? Int(size.ws_col) : nil
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // A reader that went away (a closed pipe) is not an error of ours.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
