// Results go to standard output, messages to standard error; colour and progress only where a person sits.
import Foundation
import SendonceAudit
import SendonceCore

enum Printer {
    static func line(_ text: String) {
        write(text + "\n", to: .standardOutput)
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
        case .table: line(table.text)
        case .json: json(.object([JSONMember("schema", .string(Text("sendonce.\(name).v1"))), JSONMember(name, .array(rows))]))
        case .jsonl: rows.forEach(json)
        }
    }

    /// Control characters and escapes from the outside must not move anybody's cursor.
    static func visible(_ text: String, keepingLines: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if keepingLines, scalar == "\n" {
                result += "\n"
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // A reader that went away (a closed pipe) is not an error of ours.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}

