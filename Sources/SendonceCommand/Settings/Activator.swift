// Activation from the command line: show the difference, then do it.
import Foundation
import SendonceCore
import SendonceProjection
import SendonceRules
import SendonceSQLite

enum Activator {
    static var currentUser: String { ProcessInfo.processInfo.userName }

    /// Prints the difference and activates. Does nothing but say so where the rule set is in force already.
    static func activate(
        file: String, actor: String, reason: String, confirmedKeys: Int64?, in store: SQLiteStore
    ) throws {
        let plan = try RuleSetActivation.plan(try RuleFiles.load(file), in: store)
        show(plan)
        let activation = try RuleSetActivation.activate(
            plan, actor: Text(actor), reason: Text(reason), confirmedKeys: confirmedKeys, now: SystemClock.now(),
            in: store)
        if let activation {
            Printer.message(
                "activated \(activation.ruleSet.description.prefix(12)) as event #\(activation.position) by \(actor)")
        }
    }

    static func show(_ plan: ActivationPlan) {
        guard !plan.isInForce else {
            Printer.message("rule set \(plan.parsed.ruleSet.digest.description.prefix(12)) is in force already")
            return
        }
        plan.change.lines.forEach { Printer.line(Printer.visible($0)) }
        for (scope, keys) in plan.freedKeys {
            Printer.line("! frees \(keys) \(keys == 1 ? "key" : "keys") of \(scope): each may send again")
        }
    }
}
