// A certificate as data: members in a fixed order, so that the same log gives the same bytes but for
// `duration`.
package import SendonceCore

extension Certificate {
    package var json: JSONValue {
        .object([
            JSONMember("verdict", .string(Text(verdict.rawValue))),
            JSONMember("log", word(name?.description)), JSONMember("place", .string(place)),
            JSONMember("from", count(from)), JSONMember("to", count(to)),
            JSONMember("link", .string(Text(head.link.description))),
            JSONMember("digests", digests.json), JSONMember("counts", counts.json),
            JSONMember("difference_count", count(differenceCount)),
            JSONMember("differences", .array(differences.map(\.json))),
            JSONMember("promises", .array(promises.map(\.json))),
            JSONMember("obstacles", list(obstacles)), JSONMember("assumptions", list(assumptions)),
            JSONMember("barriers", list(barriers)),
            JSONMember("checkpoint", checkpoint?.json ?? .null),
            JSONMember("duration_us", count(duration.microseconds)),
        ])
    }
}

private func count(_ value: Int64) -> JSONValue { .integer(String(value)) }
private func word(_ value: String?) -> JSONValue { value.map { .string(Text($0)) } ?? .null }
private func list(_ values: [String]) -> JSONValue { .array(values.map { .string(Text($0)) }) }
private func digest(_ value: Digest?) -> JSONValue { word(value?.description) }

extension Certificate.Digests {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("log", digest(log)), JSONMember("decisions_recorded", digest(recordedDecisions)),
            JSONMember("decisions_recomputed", digest(recomputedDecisions)),
            JSONMember("ledger", digest(ledger)), JSONMember("command_ids", digest(commandIDs)),
        ])
    }
}

extension Certificate.Counts {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("events", count(events)), JSONMember("decisions", count(decisions)),
            JSONMember("commands", count(commands)), JSONMember("ledger", count(ledger)),
            JSONMember(
                "reasons",
                .object(
                    Reason.words.compactMap { word in
                        reasons[word].map { JSONMember(Text(word), count($0)) }
                    })),
        ])
    }
}

extension Certificate.Promise {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("promise", .string(Text(promise.rawValue))), JSONMember("breaches", count(breaches)),
            JSONMember("shown", list(shown.map(\.words))),
        ])
    }
}

extension Difference {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("position", count(position)), JSONMember("subject", word(subject.rawValue)),
            JSONMember("rule", .string(rule)), JSONMember("item", count(item)),
            JSONMember("columns", list(columns)), JSONMember("recorded", word(recorded)),
            JSONMember("recomputed", word(recomputed)),
        ])
    }
}

extension Certificate.Checkpoint {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("position", count(position)), JSONMember("link", digest(link)),
            JSONMember("decisions", digest(decisions)), JSONMember("command_ids", digest(commandIDs)),
            JSONMember("number", count(number)), JSONMember("counts", counts.json),
        ])
    }
}
