// `sendonce-replay what-if`
import ArgumentParser
import Foundation
import SendonceAudit
import SendonceCore
import SendonceReplay
import SendonceRuleFiles
import SendonceRules
import SendonceStore

struct WhatIfCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "what-if",
        abstract: "Decide the same log under other rules and compare the messages.",
        discussion: """
            Says who would have got more (new), nothing (lost) or something else (changed), by rule and by \
            reason, with samples, and what was assumed. The recorded rules decide again from the log, each \
            set from its activation on; the rules of the file are in force from the first position, or \
            from --since on, with the keys that were won before.

            As a gate for CI: --max-new 0 --max-lost 0 --output junit.

            Exit codes: 0 done, 1 a limit is exceeded, 2 could not tell or a mistake in the rules, 64 usage.
            """)

    enum Output: String, ExpressibleByArgument, CaseIterable {
        case table, json, junit
    }

    @OptionGroup var place: LogPlace

    @Option(help: "The rule file; its templates are beside it.")
    var rules: String

    @Option(
        help:
            "Position, or RFC 3339 time when an event came into the log: before it the recorded rules decide."
    )
    var since: String?

    @Option(help: "Samples of each kind.")
    var samples = WhatIfLimits.samples

    @Flag(inversion: .prefixedNo, help: "Show recipients and keys.")
    var personal = true

    @Option(help: "Exit 1 if more messages than this are new.")
    var maxNew: Int64?

    @Option(help: "Exit 1 if more messages than this are lost.")
    var maxLost: Int64?

    @Option(help: "Exit 1 if more messages than this are changed.")
    var maxChanged: Int64?

    @Option(help: "table, json or junit.")
    var output: Output = .table

    func validate() throws {
        guard (0...WhatIfLimits.samplesAtMost).contains(samples) else {
            throw ValidationError("--samples: a number from 0 to \(WhatIfLimits.samplesAtMost)")
        }
        for gate in gates where gate.limit < 0 {
            throw ValidationError("--max-\(gate.kind.rawValue): a number of messages, 0 or more")
        }
        _ = try start()
    }

    /// Read the rules, open the log, put up the barriers, run: in this order.
    func run() throws {
        var request = try readRequest()
        let open = try OpenLog(place)
        request.place = open.place
        request.barriers = open.barriers
        var comparison = WhatIf(open.log, request)
        let report: WhatIfReport
        do throws(WhatIfError) {
            report = try comparison.run()
        } catch {
            switch error {
            case .store(let error): throw error
            case .unfit(let error): throw refused("\(rules): \(error.description)")
            }
        }
        switch output {
        case .table: print(report.table)
        case .json: print(report.json.jsonText)
        case .junit: print(report.junit)
        }
        if !report.obstacles.isEmpty { throw ExitCode(2) }
        if !report.exceeded.isEmpty { throw ExitCode(1) }
    }

    private func readRequest() throws -> WhatIfRequest {
        do {
            var request = WhatIfRequest(rules: try RuleFiles.load(rules), file: Text(rules))
            request.start = try start()
            request.samples = samples
            request.isPersonal = personal
            request.gates = gates
            return request
        } catch let unreadable as UnreadableRules {
            throw refused(unreadable.words)
        } catch let mistakes as RuleMistakes {
            throw refused(mistakes.list.map { VisibleText.escaped($0.description) }.joined(separator: "\n"))
        }
    }

    /// Says it on standard error; the answer is that there is none.
    private func refused(_ words: String) -> ExitCode {
        FileHandle.standardError.write(Data("\(words)\n".utf8))
        return ExitCode(2)
    }

    private var gates: [WhatIfReport.Gate] {
        let limits: [(WhatIfReport.Kind, Int64?)] = [
            (.new, maxNew), (.lost, maxLost), (.changed, maxChanged),
        ]
        return limits.compactMap { kind, limit in limit.map { WhatIfReport.Gate(kind, $0) } }
    }

    private func start() throws -> WhatIfStart {
        guard let since else { return .beginning }
        if let position = Int64(since) {
            guard position >= 1 else { throw ValidationError("--since: positions begin at 1") }
            return .position(position)
        }
        guard let time = Timestamp(since) else {
            throw ValidationError(
                "--since: \(since) is neither a position nor a time such as 2026-03-01T12:00:00Z")
        }
        return .time(time)
    }
}
