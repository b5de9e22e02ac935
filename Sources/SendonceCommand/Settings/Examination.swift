// What `doctor` looks at, from the outside in.
import Foundation
import SendonceCore
import SendonceDelivery
import SendonceFence
import SendoncePostgres
import SendonceProjection
import SendonceReading
import SendonceRules
import SendonceSQLite
import SendonceStore

struct Examination {
    let settings: Settings
    let now: Timestamp

    func findings() -> [Finding] {
        var findings = [routesSet()]
        guard Store.exists(settings) else {
            return findings + [
                Finding(
                    grade: .wrong, words: "\(settings.database.words): no such database",
                    cure: "sendonce migrate up")
            ]
        }
        if let path = settings.database.path, !FileManager.default.isWritableFile(atPath: path) {
            findings.append(
                Finding(
                    grade: .wrong, words: "\(path): not writable for this user",
                    cure: "change the owner or the permissions of the file and of its directory"))
        }
        do throws(StoreError) {
            let store: AnyStore
            switch settings.database {
            case .file(let path):
                let file = try SQLiteStore(path: path, settings: settings.sqlite)
                findings += engine(try file.engine())
                store = file
            case .server:
                let server = try PostgresStore(settings.postgres)
                findings.append(
                    Finding(
                        grade: .good,
                        words: "\(settings.database.words), server version \(try server.engine())"))
                try server.probe()
                store = server
            }
            findings += try authority(store)
            findings += try fence(store)
            findings += try rules(store)
            findings += try backlog(store.counts())
        } catch {
            let cure: String? = if case .schemaTooOld = error { "sendonce migrate up" } else { nil }
            findings.append(Finding(grade: .wrong, words: error.description, cure: cure))
        }
        return findings
    }

    private func routesSet() -> Finding {
        settings.routes.isEmpty
            ? Finding(
                grade: .wrong, words: "no route is set",
                cure: "name one in `routes:` (`sendonce init` shows how)")
            : Finding(
                grade: .good, words: "routes: \(settings.routes.map(\.name.string).joined(separator: ", "))")
    }

    /// SQLite's WAL-reset defect (sqlite.org/wal.html#walresetbug): commits can be lost when one process
    /// checkpoints while another resets the log.
    private func engine(_ engine: SQLiteEngine) -> [Finding] {
        let words = "SQLite \(engine.versionText), journal_mode \(engine.journal)"
        guard engine.hasWALResetBug, engine.journal == "wal" else {
            return [Finding(grade: .good, words: words)]
        }
        return [
            Finding(
                grade: .warning,
                words: "\(words): this version can lose commits when several processes write one WAL",
                cure: "use SQLite 3.51.3, 3.50.7 or 3.44.6, or PRAGMA journal_mode=DELETE on the file")
        ]
    }

    /// Where the log is in force, if it ever moved.
    private func authority(_ store: AnyStore) throws(StoreError) -> [Finding] {
        guard let record = try store.authority() else { return [] }
        guard let refusal = record.refusal else {
            let words =
                "in force here since \(record.recordedAt.shortText), by \(record.actor) (\(record.reason))"
            return [Finding(grade: .good, words: words)]
        }
        var findings = [Finding(grade: .wrong, words: refusal, cure: nil)]
        let waiting = try store.intakeCount()
        if record.state == .moved, waiting > 0 {
            findings.append(
                Finding(
                    grade: .warning, words: Printer.count(waiting, "event") + " in the intake here",
                    cure:
                        "once the copy is confirmed and nobody writes here, `sendonce transfer` brings what "
                        + "did not come"))
        }
        return findings
    }

    /// Home, witness and fence.
    private func fence(_ store: AnyStore) throws(StoreError) -> [Finding] {
        let fence = try settings.fence.guarding(store)
        let finding = try fence.examine()
        if let trouble = finding.trouble {
            return [
                Finding(
                    grade: .wrong, words: "fenced: \(trouble): nothing is decided or sent here",
                    cure: "sendonce fence")
            ]
        }
        var findings: [Finding] = []
        if case .inForce(let record) = finding {
            findings.append(
                Finding(
                    grade: .good,
                    words: "home: \(record.place), since \(record.recordedAt.shortText)"))
        }
        if settings.fence.isPlaceVague(fence.identity) {
            findings.append(
                Finding(
                    grade: .warning,
                    words: "no /etc/machine-id: a copy on another machine under this path is not noticed",
                    cure: "name this installation in `deployment:`"))
        }
        if !settings.fence.isWitnessWanted {
            findings.append(
                Finding(
                    grade: .warning, words: "witness: none: a restored backup is not noticed",
                    cure: "name a directory in `state_directory:`"))
        } else if let trouble = settings.fence.witnessTrouble {
            findings.append(
                Finding(
                    grade: .wrong, words: "no witness can be kept, so `run` refuses: \(trouble)",
                    cure: "name a directory that this user may write in `state_directory:`"))
        } else if let path = fence.witnessPath {
            findings.append(Finding(grade: .good, words: "witness: \(path)"))
        }
        return findings
    }

    private func rules(_ store: AnyStore) throws(StoreError) -> [Finding] {
        guard let activation = try store.activation() else {
            return [
                Finding(
                    grade: .wrong, words: "no rule set is active, so events wait",
                    cure: "sendonce rules activate rules.yaml")
            ]
        }
        let parsed = try StoredRules.load(activation.ruleSet, from: store)
        let rules = parsed.ruleSet
        let check = MessageCheck(parsed)
        let known = Set(settings.routes.map(\.name))
        let missing = Set(rules.rules.map(\.route)).subtracting(known).sorted()
        let short = activation.ruleSet.description.prefix(12)
        return [
            Finding(
                grade: .good,
                words:
                    "rule set \(short), active since \(activation.recordedAt.shortText) "
                    + "by \(activation.actor)"
            )
        ]
            + missing.map { route in
                Finding(
                    grade: .wrong,
                    words: "rules name the route \(route), which is not set: its commands wait",
                    cure: "add \(route) to `routes:` and write route.\(route).provider")
            }
            + (check.templateTroubles + check.idTroubles(over: settings.routes)).map { trouble in
                Finding(
                    grade: .wrong, words: "rules in force make commands that are held: \(trouble)",
                    cure: "put it right and activate the rules again; `sendonce messages --state held` shows "
                        + "what was held")
            }
    }

    private func backlog(_ counts: StoreCounts) -> [Finding] {
        var findings = [
            Finding(
                grade: .good,
                words: Printer.count(counts.logged, "event") + " in the log, "
                    + Printer.count(counts.commands, "command") + ", \(counts.intake) waiting")
        ]
        if let oldest = counts.oldestIntakeAt, now - oldest > .minutes(5) {
            findings.append(
                Finding(
                    grade: .warning, words: "the oldest undecided event is \((now - oldest).roughText) old",
                    cure: "is `sendonce run` running?"))
        }
        if let held = counts.queued[QueueState.held.rawValue], held > 0 {
            let age = counts.oldestHeldAt.map { ", the oldest for \((now - $0).roughText)" } ?? ""
            findings.append(
                Finding(
                    grade: .warning, words: "\(held) \(held == 1 ? "command is" : "commands are") held\(age)",
                    cure: "sendonce messages --state held"))
        }
        if let oldest = counts.oldestDueAt, now - oldest > .minutes(5) {
            findings.append(
                Finding(
                    grade: .warning, words: "a command has been due for \((now - oldest).roughText)",
                    cure: "is `sendonce run` running, and are its routes open?"))
        }
        return findings
    }
}

extension Span {
    /// For people: the largest whole unit.
    var roughText: String {
        let seconds = microseconds / 1_000_000
        return switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) days"
        }
    }
}

extension String {
    var json: JSONValue { .string(Text(self)) }
}
