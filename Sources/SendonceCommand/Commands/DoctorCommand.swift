// `sendonce doctor`: what is wrong, and the exact cure.
import ArgumentParser
import Foundation
import SendonceCore
import SendonceSQLite
import SendonceStore

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check settings, database, rules and backlog; print the cure.",
        discussion: "Exit 0 if nothing is wrong (warnings do not count), 1 if something is.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let settings = try await store.settings()
        let findings = Examination(settings: settings, now: SystemClock.now()).findings()
        switch output.format {
        case .table:
            for finding in findings {
                Printer.line("\(finding.grade.mark)  \(Printer.visible(finding.words))")
                if let cure = finding.cure { Printer.line("      → \(cure)") }
            }
        case .json, .jsonl:
            Printer.json(
                .object([
                    JSONMember("schema", "sendonce.doctor.v1".json),
                    JSONMember("findings", .array(findings.map(\.json))),
                ]))
        }
        if findings.contains(where: { $0.grade == .wrong }) { throw ExitCode(ExitStatus.no.rawValue) }
    }
}

/// One thing that was looked at.
struct Finding {
    enum Grade: String {
        case good, warning, wrong

        var mark: String {
            switch self {
            case .good: "ok   "
            case .warning: "warn "
            case .wrong: "WRONG"
            }
        }
    }

    var grade: Grade
    var words: String
    var cure: String?

    var json: JSONValue {
        .object([
            JSONMember("grade", grade.rawValue.json), JSONMember("words", words.json),
            JSONMember("cure", cure.map(\.json) ?? .null),
        ])
    }
}
