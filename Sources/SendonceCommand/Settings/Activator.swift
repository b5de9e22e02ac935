// Activation from the command line: show the difference, then do it.
import Foundation
import SendonceCore
import SendonceDelivery
import SendonceProjection
import SendonceRuleFiles
import SendonceRules
import SendonceStore

enum Activator {
    static var currentUser: String { ProcessInfo.processInfo.userName }

    /// What activating the file would change. Refuses rules whose messages could not be made, unless they
    /// are in force already: then work must go on for the rules that can send.
    static func plan(_ file: String, routes: [Route], in store: AnyStore) throws -> ActivationPlan {
        let plan = try RuleSetActivation.plan(try RuleFiles.load(file), in: store)
        if !plan.isInForce {
            let check = MessageCheck(plan.parsed)
            let troubles = check.templateTroubles + check.idTroubles(over: routes).map { "\(file): \($0)" }
            guard troubles.isEmpty else { throw CommandError(troubles.joined(separator: "\n")) }
        }
        return plan
    }

    /// Prints the difference and activates. Does nothing but say so where the rule set is in force already.
    static func activate(
        file: String, actor: String, reason: String, confirmedKeys: Int64?, routes: [Route],
        in store: AnyStore
    ) throws {
        let plan = try plan(file, routes: routes, in: store)
        show(plan)
        let activation = try RuleSetActivation.activate(
            plan, actor: Text(actor), reason: Text(reason), confirmedKeys: confirmedKeys,
            now: store.now(),
            in: store)
        if let activation {
            Printer.message(
                "activated \(activation.ruleSet.description.prefix(12)) as event #\(activation.position) "
                    + "by \(actor)"
            )
        }
    }

    static func show(_ plan: ActivationPlan) {
        guard !plan.isInForce else {
            Printer.message(
                "rule set \(plan.parsed.ruleSet.digest.description.prefix(12)) is in force already")
            return
        }
        plan.change.lines.forEach { Printer.line(Printer.visible($0)) }
        for (rule, keys) in plan.orphanedKeys
        where keys > 0 && !plan.freedKeys.contains(where: { $0.cause.rule == rule }) {
            Printer.line(
                "! \(rule) leaves \(Printer.count(keys, "key")) claimed: a rule in its place must say "
                    + "`was: \(rule)`, or they send again")
        }
        for freed in plan.freedKeys {
            let count = "\(freed.keys) \(freed.keys == 1 ? "key" : "keys")"
            Printer.line("! frees \(count) of \(freed.cause.rule): each may send again")
        }
    }
}

extension RuleChange {
    /// One line for each rule that changes, as a difference is read: + - ~ and the rest counted.
    fileprivate var lines: [String] {
        added.map { "+ \($0)" } + removed.map { "- \($0)" }
            + renamed.map { "~ \($0.from) is now called \($0.to) and keeps its keys" }
            + changed.map { "~ \($0.name): \($0.aspects.map(\.rawValue).joined(separator: ", "))" }
            + (unchanged.isEmpty ? [] : ["  \(unchanged.count) unchanged"])
    }
}
