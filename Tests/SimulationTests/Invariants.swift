// The promises, checked against the database and the provider after a run.
import Foundation
import GRDB
import SendonceCore
import SendonceDelivery

struct Invariants {
    let world: World

    init(_ world: World) {
        self.world = world
    }

    func check() throws {
        try checkLog()
        try checkCommands()
        try checkAttempts()
        try checkOutcomesAgainstTransport()
        try checkAcceptances()
        try Recomputation(world).check()
    }

    private func rows(_ sql: String) throws -> [Row] { try world.inspection.rows(sql) }

    /// G1: every committed event stands in the log once, without gaps, with a decision; no other event does.
    private func checkLog() throws {
        var positions: [Int64] = []
        var logged: [String: Int] = [:]
        var controls = 0
        for row in try rows("SELECT position, event_type, payload FROM outbox_log ORDER BY position") {
            positions.append(row["position"])
            let type: String = row["event_type"]
            if type.hasPrefix("sendonce.") { controls += 1 } else { logged[row["payload"], default: 0] += 1 }
        }
        if positions != Array(1...Int64(max(positions.count, 1))) { world.report("G1: positions have gaps") }
        for (payload, count) in logged where count != 1 {
            world.report("G1: \(payload) is logged \(count) times")
        }
        for payload in world.committed where logged[payload] == nil { world.report("G1: \(payload) is lost") }
        for payload in world.rolledBack where logged[payload] != nil {
            world.report("G1: \(payload) was rolled back and is logged")
        }
        if controls != world.activations {
            world.report("G1: \(controls) of \(world.activations) activations")
        }
        for row in try rows(
            "SELECT position FROM outbox_log WHERE position NOT IN (SELECT position FROM outbox_decision)")
        {
            world.report("G1: no decision at \(row["position"] as Int64)")
        }
    }

    /// G2 and G5: one command for a key, slot and generation; each is finished or held with a reason that
    /// fits.
    private func checkCommands() throws {
        let doubles = try rows(
            """
            SELECT key, slot, generation, count(*) AS n FROM outbox_command
            GROUP BY key_digest, slot, generation HAVING count(*) > 1
            """)
        for row in doubles { world.report("G2: \(row["n"] as Int) commands for \(row["key"] as String)") }
        for row in try rows("SELECT command, state, hold_reason FROM outbox_queue WHERE state = 'held'") {
            let reason: String? = row["hold_reason"]
            if reason != "unknown_outcome" {
                world.report("G5: command \(row["command"] as Int64) is held: \(reason ?? "no reason")")
            }
        }
        let groundless = try rows(
            """
            SELECT command FROM outbox_queue q WHERE hold_reason = 'unknown_outcome' AND NOT EXISTS (
                SELECT 1 FROM outbox_outcome o WHERE o.command = q.command AND o.outcome = 'unknown')
            """)
        for row in groundless {
            world.report("G5: command \(row["command"] as Int64) is held for an outcome that is not unknown")
        }
        let causes = try rows(
            """
            SELECT command, state FROM outbox_finish
            WHERE (cause IS NULL) = (state IN ('cancelled', 'superseded'))
            """)
        for row in causes { world.report("G5: \(row["state"] as String) does not fit its cause") }
    }

    /// G3: every attempt has an outcome in the end, and none begins after an unsure one but inside the
    /// window.
    private func checkAttempts() throws {
        let open = try rows(
            """
            SELECT command, attempt FROM outbox_attempt a WHERE NOT EXISTS (
                SELECT 1 FROM outbox_outcome o WHERE o.command = a.command AND o.attempt = a.attempt)
            """)
        for row in open { world.report("G3: attempt \(row["attempt"] as Int) has no outcome") }
        let late = try rows(
            """
            SELECT c.id, b.attempt FROM outbox_attempt a JOIN outbox_outcome o USING (command, attempt)
            JOIN outbox_attempt b ON b.command = a.command AND b.attempt > a.attempt
            JOIN outbox_command c ON c.number = a.command
            WHERE o.outcome = 'unknown' AND c.on_unknown IS NOT 'retry'
                AND (b.started_at >= a.started_at + 600000000 OR c.on_unknown IS NOT NULL)
            """)
        for row in late {
            world.report("G3: \(row["id"] as String) has attempt \(row["attempt"] as Int) after the window")
        }
        let afterEnd = try rows(
            """
            SELECT command, o.attempt FROM outbox_outcome o JOIN outbox_attempt a USING (command)
            WHERE o.outcome IN ('accepted', 'duplicate', 'rejected') AND a.attempt > o.attempt
            """)
        for row in afterEnd {
            world.report("G3: attempt \(row["attempt"] as Int) was final and was not the last")
        }
    }

    /// An attempt's recorded outcome is its own answer and nobody else's.
    private func checkOutcomesAgainstTransport() throws {
        for row in try rows(
            """
            SELECT c.id, o.attempt, o.code, o.status, o.issues, o.outcome FROM outbox_outcome o
            JOIN outbox_command c ON c.number = o.command WHERE o.code <> 'lease_lapsed'
            """)
        {
            let name = AttemptName(command: row["id"], attempt: row["attempt"])
            let (status, issues): (Int?, Int) = (row["status"], row["issues"])
            guard let answer = world.answers[name] else {
                world.report(
                    "G3: \(name.command) attempt \(name.attempt) has an outcome that no transport gave")
                continue
            }
            if answer.status != status || answer.issues != issues {
                world.report("G3: \(name.command) attempt \(name.attempt) has the outcome of another attempt")
            }
        }
    }

    /// G3 against the provider: accepted once, and known to be accepted or known to be unknown.
    private func checkAcceptances() throws {
        for row in try rows(
            """
            SELECT c.id, c.on_unknown, f.state AS finished, q.hold_reason,
                EXISTS (SELECT 1 FROM outbox_late_answer l WHERE l.command = c.number
                    AND l.outcome IN ('accepted', 'duplicate')) AS proof
            FROM outbox_command c LEFT JOIN outbox_finish f ON f.command = c.number
            LEFT JOIN outbox_queue q ON q.command = c.number
            """)
        {
            let (id, onUnknown): (String, String?) = (row["id"], row["on_unknown"])
            let (finished, hold): (String?, String?) = (row["finished"], row["hold_reason"])
            let count = world.provider.acceptances[id]?.count ?? 0
            if count > 1, onUnknown != "retry" { world.report("G3: \(id) was accepted \(count) times") }
            if finished == "accepted", count == 0 {
                world.report("G3: \(id) is accepted, but not by the provider")
            }
            if count > 0, finished != "accepted", hold != "unknown_outcome" {
                world.report("G3: \(id) was accepted by the provider and is \(finished ?? hold ?? "queued")")
            }
            if row["proof"], finished != "accepted" {
                world.report(
                    "G3: a late answer proves that \(id) was accepted, and it is \(finished ?? "held")")
            }
        }
        let known = Set(try rows("SELECT id FROM outbox_command").map { $0["id"] as String })
        for key in world.provider.acceptances.keys where !known.contains(key) {
            world.report("G3: the provider accepted \(key), which is no command")
        }
    }
}
