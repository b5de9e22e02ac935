// A comparison for CI servers: the XML that JUnit's reports made common, as they read it
// (testsuite, testcase, failure, error, system-out).
import SendonceAudit
import SendonceCore

extension WhatIfReport {
    /// One test case for each limit over all rules, and one for each rule and limit. Without a limit each
    /// rule is one case that says what was found. Holds no time, host or duration: the same log and rules
    /// give the same bytes.
    package var junit: String {
        let cases = gates.isEmpty ? rules.map(plainCase) : totalCases + ruleCases
        let all = obstacles.map(obstacleCase) + cases
        let failures = all.count { $0.kind == .failure }
        let errors = all.count { $0.kind == .error }
        let properties = assumptions.map { ("assumed", $0) } + barriers.map { ("barrier", $0) }
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            "<testsuite name=\"sendonce-replay what-if\" tests=\"\(all.count)\" failures=\"\(failures)\" "
                + "errors=\"\(errors)\" skipped=\"0\">",
            "  <properties>",
        ]
        lines += properties.map { name, value in
            "    <property name=\"\(name)\" value=\"\(WhatIfReport.escaped(value))\"/>"
        }
        lines.append("  </properties>")
        lines += all.flatMap(\.lines)
        lines.append("  <system-out>\(WhatIfReport.escaped(summary))</system-out>")
        lines.append("</testsuite>")
        return lines.joined(separator: "\n")
    }

    private struct Case {
        enum Kind: String {
            case passed, failure, error
        }

        var place: String
        var name: String
        var kind: Kind = .passed
        var words: String

        var lines: [String] {
            let start =
                "  <testcase classname=\"\(WhatIfReport.escaped(place))\" "
                + "name=\"\(WhatIfReport.escaped(name))\">"
            let content = WhatIfReport.escaped(words)
            let inner: String
            switch kind {
            case .passed: inner = "    <system-out>\(content)</system-out>"
            case .failure, .error: inner = "    <\(kind.rawValue) message=\"\(content)\"/>"
            }
            return [start, inner, "  </testcase>"]
        }
    }

    private func plainCase(_ rule: RuleCounts) -> Case {
        Case(place: "what-if", name: rule.label, words: rule.counts.words)
    }

    private func obstacleCase(_ words: String) -> Case {
        Case(place: "what-if", name: "everything was decided", kind: .error, words: words)
    }

    private var totalCases: [Case] {
        gates.map { judged("all rules", $0, counts) }
    }

    private var ruleCases: [Case] {
        rules.flatMap { rule in gates.map { judged(rule.label, $0, rule.counts) } }
    }

    private func judged(_ place: String, _ gate: Gate, _ counts: Counts) -> Case {
        let found = counts.count(gate.kind)
        let isKept = found <= gate.limit
        let words =
            isKept
            ? counts.words
            : "\(place): \(found) \(found == 1 ? "message is" : "messages are") \(gate.kind.rawValue), "
                + "at most \(gate.limit) may be (\(counts.words))"
        return Case(
            place: "what-if.\(place)", name: gate.words, kind: isKept ? .passed : .failure, words: words)
    }

    /// Characters that XML cannot hold, or that would end a text, in another form.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in VisibleText.escaped(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
