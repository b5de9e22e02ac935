// What a scenario came to, as the lines of `expected.jsonl`: the same from the pure projector and from a
// store.
import SendonceCore

struct ScenarioResult: Hashable {
    /// One line for each decision, then one for each command that a later event ends if it is still unsent.
    var lines: [String]
    /// The last link of the log's chain.
    var link: String
}

/// One line of `expected.jsonl` that tells of a decision. What has no value is left out.
struct DecisionLine {
    var position: Int64
    var rule: Text
    var item: Int64
    var reason: String
    var winner: Int64?
    var until: Timestamp?
    /// The part, the param or the words that the reason names.
    var detail: String?
    var key: Text?
    var recipient: Text?
    var command: String?
    var slot: Text?
    var notBefore: Timestamp?
    var expiresAt: Timestamp?

    var text: String {
        let detailName: Text =
            switch reason {
            case "key_missing", "key_invalid": "part"
            case "param_missing": "param"
            default: "detail"
            }
        return JSONValue.line([
            ("position", .integer(String(position))),
            ("rule", rule.isEmpty ? nil : .string(rule)),
            ("item", rule.isEmpty ? nil : .integer(String(item))),
            ("reason", .string(Text(reason))),
            ("winner", winner.map { .integer(String($0)) }),
            ("until", until.map { .string(Text($0.text)) }),
            (detailName, detail.map { .string(Text($0)) }),
            // A key is recorded in its canonical form, so that the line shows exactly those bytes.
            ("key", key.map { .string($0) }),
            ("recipient", recipient.map { .string($0) }),
            ("command", command.map { .string(Text($0)) }),
            ("slot", slot.map { .string($0) }),
            ("not_before", notBefore.map { .string(Text($0.text)) }),
            ("expires_at", expiresAt.map { .string(Text($0.text)) }),
        ])
    }
}

/// The line of a command that later events end.
struct EndingLine {
    var command: String
    var cancelledBy: Int64?
    var supersededBy: Int64?

    var text: String {
        JSONValue.line([
            ("ends", .string(Text(command))),
            ("cancelled_by", cancelledBy.map { .integer(String($0)) }),
            ("superseded_by", supersededBy.map { .integer(String($0)) }),
        ])
    }
}

extension JSONValue {
    fileprivate static func line(_ members: [(Text, JSONValue?)]) -> String {
        JSONValue.object(members.compactMap { name, value in value.map { JSONMember(name, $0) } }).jsonText
    }
}
