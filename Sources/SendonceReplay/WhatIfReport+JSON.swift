// A comparison as data: members in a fixed order, so that the same log and rules give the same bytes.
package import SendonceCore
import SendonceRules

extension WhatIfReport {
    package var json: JSONValue {
        .object([
            JSONMember("schema", .string("sendonce.what_if.v1")),
            JSONMember("summary", .string(Text(summary))),
            JSONMember("log", word(name?.description)), JSONMember("place", .string(place)),
            JSONMember("from", number(from)), JSONMember("to", number(to)),
            JSONMember("recorded_rules", .array(recorded.map(\.json))),
            JSONMember(
                "given_rules",
                .object([
                    JSONMember("position", number(from)), JSONMember("rule_set", word(given.description)),
                    JSONMember("file", .string(file)),
                ])),
            JSONMember("counts", .object(counts.members)),
            JSONMember(
                "recipients",
                .object([
                    JSONMember("any", number(recipients.any)), JSONMember("new", number(recipients.new)),
                    JSONMember("lost", number(recipients.lost)),
                    JSONMember("changed", number(recipients.changed)),
                ])),
            JSONMember(
                "ended_before_due",
                .object([
                    JSONMember("recorded", endedRecorded.json), JSONMember("given", endedGiven.json),
                ])),
            JSONMember("rules", .array(rules.map(\.json))),
            JSONMember("reasons", .array(reasons.map(\.json))),
            JSONMember("fields", .array(fields.map(\.json))),
            JSONMember("samples", .array(samples.map(\.json))),
            JSONMember("limits", .array(gates.map(json))),
            JSONMember("obstacles", list(obstacles)), JSONMember("assumptions", list(assumptions)),
            JSONMember("barriers", list(barriers)),
        ])
    }

    private func json(_ gate: Gate) -> JSONValue {
        .object([
            JSONMember("name", .string(Text("max_\(gate.kind.rawValue)"))),
            JSONMember("limit", number(gate.limit)), JSONMember("found", number(counts.count(gate.kind))),
            JSONMember("exceeded", .bool(exceeded.contains(gate))),
        ])
    }
}

private func number(_ value: Int64) -> JSONValue { .integer(String(value)) }
private func word(_ value: String?) -> JSONValue { value.map { .string(Text($0)) } ?? .null }
private func list(_ values: [String]) -> JSONValue { .array(values.map { .string(Text($0)) }) }

extension WhatIfReport.Counts {
    fileprivate var members: [JSONMember] {
        [
            JSONMember("new", number(new)), JSONMember("lost", number(lost)),
            JSONMember("changed", number(changed)), JSONMember("unchanged", number(unchanged)),
        ]
    }
}

extension WhatIfReport.RuleSetInForce {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("position", number(position)), JSONMember("rule_set", word(ruleSet.description)),
        ])
    }
}

extension WhatIfReport.Ended {
    fileprivate var json: JSONValue {
        .object([JSONMember("cancelled", number(cancelled)), JSONMember("superseded", number(superseded))])
    }
}

extension WhatIfReport.RuleCounts {
    fileprivate var json: JSONValue {
        .object(
            [JSONMember("given", word(given?.string)), JSONMember("recorded", word(recorded?.string))]
                + counts.members)
    }
}

extension WhatIfReport.ReasonCount {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("recorded", word(recorded)), JSONMember("given", word(given)),
            JSONMember("messages", number(messages)),
        ])
    }
}

extension WhatIfReport.FieldCount {
    fileprivate var json: JSONValue {
        .object([JSONMember("field", word(field.rawValue)), JSONMember("messages", number(messages))])
    }
}

extension WhatIfReport.Sample {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("kind", word(kind.rawValue)), JSONMember("position", number(position)),
            JSONMember("type", .string(type)), JSONMember("occurred_at", word(occurredAt.text)),
            JSONMember("rule", word(rule)), JSONMember("recipient", word(recipient?.string)),
            JSONMember("key", word(key?.string)), JSONMember("recorded", word(recorded)),
            JSONMember("given", word(given)), JSONMember("winner", winner.map(number) ?? .null),
            JSONMember(
                "changes",
                .array(
                    changes.map { change in
                        .object([
                            JSONMember("field", word(change.field.rawValue)),
                            JSONMember("recorded", word(change.recorded)),
                            JSONMember("given", word(change.given)),
                        ])
                    })),
        ])
    }
}
