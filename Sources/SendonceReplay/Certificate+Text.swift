// A certificate for people.
import SendonceCore

extension Certificate {
    /// Lines of plain text. The same log gives the same lines but for the last one, the duration.
    package var text: String {
        var lines = [verdictLine, ""]
        func line(_ name: String, _ value: String) { lines.append("\(name.padded(to: 22))\(value)") }
        line("log", name?.description ?? "empty")
        line("place", place.string)
        line("positions", to < from ? "none" : "\(from) to \(to)")
        line("link at the end", head.link.description)
        line("log, recomputed", digests.log.description)
        line("decisions, recorded", digests.recordedDecisions.description)
        line("decisions, recomputed", digests.recomputedDecisions?.description ?? "not all recomputed")
        line("ledger", digests.ledger.description)
        line("command ids", digests.commandIDs.description)
        line("events", "\(counts.events)")
        line("decisions", "\(counts.decisions)")
        for word in Reason.words { if let count = counts.reasons[word] { line("  \(word)", "\(count)") } }
        line("commands", "\(counts.commands)")
        line("keys won", "\(counts.ledger)")
        line("differences", "\(differenceCount)")
        for difference in differences { lines += difference.lines }
        if differenceCount > Int64(differences.count) {
            lines.append("  and \(differenceCount - Int64(differences.count)) more")
        }
        for promise in promises {
            line(promise.breaches == 0 ? "kept" : "BROKEN", promise.promise.words)
            for breach in promise.shown { lines.append("  \(breach.words)") }
            if promise.breaches > Int64(promise.shown.count) {
                lines.append("  and \(promise.breaches - Int64(promise.shown.count)) more")
            }
        }
        for words in obstacles { line("could not tell", words) }
        for words in assumptions { line("assumed", words) }
        for words in barriers { line("barrier", words) }
        line("duration", duration.description)
        return lines.joined(separator: "\n")
    }

    private var verdictLine: String {
        switch verdict {
        case .same: "SAME: what is recorded is what follows from the log."
        case .differs: "DIFFERS: what is recorded is not what follows from the log."
        case .unclear: "COULD NOT TELL: not everything could be decided again."
        }
    }
}

extension Difference {
    /// What differs, then both sides.
    fileprivate var lines: [String] {
        var what = "  position \(position): \(subject.rawValue)"
        if !rule.isEmpty { what += " of rule \(rule)" + (item > 0 ? ", item \(item)" : "") }
        if !columns.isEmpty { what += ", " + columns.joined(separator: ", ") }
        return [
            what, "    recorded    \(recorded ?? "nothing")", "    recomputed  \(recomputed ?? "nothing")",
        ]
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - unicodeScalars.count))
    }
}
