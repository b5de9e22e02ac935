// A comparison for people.
import SendonceAudit
import SendonceCore
import SendonceRules

extension WhatIfReport {
    /// Lines of plain text; the same log and rules give the same lines.
    package var table: String {
        var lines = [headline, ""] + about
        var rules = TextTable([
            .init("rule"), .init("new", side: .right), .init("lost", side: .right),
            .init("changed", side: .right), .init("unchanged", side: .right),
        ])
        for rule in self.rules {
            rules.add(
                rule.label, "\(rule.counts.new)", "\(rule.counts.lost)", "\(rule.counts.changed)",
                "\(rule.counts.unchanged)")
        }
        lines += section(rules)
        var reasons = TextTable([
            .init("recorded rules"), .init("given rules"), .init("messages", side: .right),
        ])
        for reason in self.reasons {
            reasons.add(
                reason.recorded ?? "no rule of the name", reason.given ?? "no rule of the name",
                "\(reason.messages)")
        }
        lines += section(reasons)
        var fields = TextTable([.init("changed in"), .init("messages", side: .right)])
        for field in self.fields { fields.add(field.field.rawValue, "\(field.messages)") }
        lines += section(fields)
        for kind in Kind.allCases { lines += sampleLines(kind) }
        lines.append("")
        for gate in gates {
            let found = counts.count(gate.kind)
            lines.append(line(exceeded.contains(gate) ? "EXCEEDED" : "kept", "\(gate.words): \(found)"))
        }
        lines += obstacles.map { line("could not tell", $0) }
        lines += assumptions.map { line("assumed", $0) }
        lines += barriers.map { line("barrier", $0) }
        return lines.joined(separator: "\n")
    }

    private var headline: String {
        obstacles.isEmpty ? summary : "COULD NOT TELL everything; as far as it was decided: \(summary)"
    }

    private var about: [String] {
        var lines = [
            line("log", name?.description ?? "empty"), line("place", place.string),
            line("positions", to < from ? "none" : "\(from) to \(to)"),
        ]
        lines += recorded.map { line("recorded rules", "\($0.ruleSet) from position \($0.position)") }
        lines.append(line("given rules", "\(given) from position \(from), \(file)"))
        let people = recipients
        lines.append(
            line(
                "recipients",
                "\(people.any) affected: \(people.new) with new, \(people.lost) with lost, \(people.changed) "
                    + "with changed messages"))
        lines.append(line("ended before due", "recorded rules: \(endedRecorded.words)"))
        lines.append(line("", "given rules: \(endedGiven.words)"))
        return lines
    }

    private func sampleLines(_ kind: Kind) -> [String] {
        let shown = samples.filter { $0.kind == kind }
        guard !shown.isEmpty else { return [] }
        var table = TextTable([
            .init("position", side: .right), .init("event"), .init("occurred"), .init("rule"),
            .init("to"), .init("key"), .init(kind == .changed ? "changed in" : "instead"),
        ])
        for sample in shown {
            table.add(
                "\(sample.position)", sample.type.string, sample.occurredAt.text, sample.rule,
                sample.recipient?.string ?? "hidden", sample.key?.string ?? "hidden", sample.words)
        }
        let all = counts.count(kind)
        let title = "\(kind.rawValue): \(shown.count) of \(all)"
        return ["", title] + lines(of: table)
    }

    private func section(_ table: TextTable) -> [String] {
        table.rows.isEmpty ? [] : [""] + lines(of: table)
    }

    private func lines(of table: TextTable) -> [String] {
        table.rendered().split(separator: "\n").map { String($0) }
    }

    private func line(_ name: String, _ value: String) -> String {
        name + String(repeating: " ", count: max(1, 22 - name.unicodeScalars.count))
            + VisibleText.escaped(value)
    }
}

extension WhatIfReport.Ended {
    var words: String { "\(cancelled) cancelled, \(superseded) superseded" }
}

extension WhatIfReport.Sample {
    /// What the other side decided instead, or in what the message differs.
    var words: String {
        switch kind {
        case .changed: changes.map(\.words).joined(separator: ", ")
        case .new: instead(recorded)
        case .lost: instead(given)
        }
    }

    private func instead(_ reason: String?) -> String {
        (reason ?? "no rule of the name") + (winner.map { " of #\($0)" } ?? "")
    }
}

extension WhatIfReport.Change {
    var words: String {
        guard let recorded, let given else { return field.rawValue }
        return "\(field.rawValue) \(recorded) → \(given)"
    }
}
