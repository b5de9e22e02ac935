// What a comparison came to, and everything that it took for granted.
import SendonceCore
import SendonceRules
import SendonceStore

extension WhatIf {
    func report(_ name: LogName?, through end: Int64) -> WhatIfReport {
        let from = startedAt ?? end + 1
        // Of those before the start only the last one counts: it is in force there.
        let first = ruleSets.lastIndex { $0.position <= from } ?? 0
        let inForce = Array(ruleSets.dropFirst(first))
        return WhatIfReport(
            name: name, place: request.place, from: from, to: end, recorded: inForce,
            given: request.rules.ruleSet.digest, file: request.file, counts: tally.total,
            recipients: tally.recipients, endedRecorded: tally.endedRecorded.counts,
            endedGiven: tally.endedGiven.counts, rules: tally.rules, reasons: tally.reasonCounts,
            fields: tally.fieldCounts, samples: tally.sampleList, gates: request.gates,
            assumptions: assumptions(from: from, inForce), obstacles: obstacles, barriers: request.barriers)
    }

    private func assumptions(from: Int64, _ inForce: [WhatIfReport.RuleSetInForce]) -> [String] {
        var list = [
            "recorded rules: each rule set from its activation on, decided again from the log; what was "
                + "recorded as decided was not read",
            givenWords(from: from),
        ]
        let later = inForce.filter { $0.position > from }.map { "\($0.position)" }
        if !later.isEmpty {
            list.append(
                "activations: those at \(WhatIf.some(later)) changed the recorded rules; the given rules "
                    + "stayed in force")
        }
        if !freed.isEmpty {
            list.append(
                "keys: to activate the given rules there would free keys: " + freed.joined(separator: "; "))
        }
        if !confused.isEmpty {
            list.append(
                "keys: the given rules cannot be activated there, and keys of both lists pass for each "
                    + "other here: " + confused.joined(separator: "; "))
        }
        if namesAreOfTheEnd {
            list.append(
                "names: `was` names rules that came later; their keys are known by scope all the same")
        }
        if let firstPosition {
            list.append(
                "log: events before position \(firstPosition) are not there; keys that they won "
                    + "count as free on both sides")
        }
        for kind in unknown {
            list.append(
                "control events: \(kind.count) of the type \(kind.type), the first at \(kind.position), "
                    + (kind.count == 1 ? "is" : "are")
                    + " not known to this program and did nothing on both sides")
        }
        return list + WhatIf.standing
    }

    private func givenWords(from: Int64) -> String {
        switch request.start {
        case .beginning: "given rules: in force from position \(from), with no key won before"
        case .position, .time:
            "given rules: in force from position \(from); keys that the recorded rules won before it stay won"
        }
    }

    /// What holds for every comparison.
    private static let standing = [
        "windows: by each event's own time; no clock was read",
        "a message: a command that was emitted; expiry, holds, pauses, suppressed addresses and answers of "
            + "providers were not looked at",
        "cancel_on, supersedes: a command that a later event ends counts as a message; those that had not "
            + "been due by that event's own time are counted beside",
        "changed: of each message "
            + MessageComparison.compared.map(\.rawValue).joined(separator: ", ")
            + " were compared; template, params, from and cc as the rule files write them, not as rendered",
        "the log: taken as it is; `sendonce-replay verify` checks its chain",
    ]

    /// A list that does not grow without end.
    private static func some(_ items: [String], atMost limit: Int = 10) -> String {
        guard items.count > limit else { return items.joined(separator: ", ") }
        return items.prefix(limit).joined(separator: ", ") + " and \(items.count - limit) more"
    }
}
