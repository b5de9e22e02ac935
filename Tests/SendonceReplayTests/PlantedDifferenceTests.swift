// A planted difference of every kind is found, and named by its place.
import SendonceCore
import SendonceReplay
import SendonceStore
import Testing

/// Something forged: statements that both stores understand, and what must be said of it.
struct Planted: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Picks the row: its first column becomes `$1` of the statement.
    var pick: String
    var forge: String
    /// The first difference at the row's position, or the promise that is broken.
    var subject: Difference.Subject?
    var columns: [String] = []
    var promise: LogPromise?
    /// What the row that was picked says; else the picked number is a position.
    var position: String?

    init(
        _ name: String, pick: String, _ forge: String, _ subject: Difference.Subject? = nil,
        _ columns: [String] = [], promise: LogPromise? = nil, position: String? = nil
    ) {
        testDescription = name
        self.pick = pick
        self.forge = forge
        self.subject = subject
        self.columns = columns
        self.promise = promise
        self.position = position
    }

    static let all = log + decisions + commands + ledger + activations + beyond + sameSigns + deliveries

    private static let order =
        "SELECT position FROM outbox_log WHERE event_type = 'order.placed' AND id IS NULL "
        + "ORDER BY position LIMIT 1 OFFSET 5"

    private static let log = [
        Planted(
            "a payload byte", pick: order,
            "UPDATE outbox_log SET payload = replace(payload, '{\"', '{ \"') WHERE position = $1", .link,
            ["link"]),
        Planted(
            "an event's time", pick: order,
            "UPDATE outbox_log SET occurred_at = occurred_at + 1 WHERE position = $1", .link, ["link"]),
        Planted(
            "an event's type", pick: order,
            "UPDATE outbox_log SET event_type = 'other' WHERE position = $1", .link, ["link"]),
        Planted(
            "an event's source", pick: order, "UPDATE outbox_log SET source = 'x' WHERE position = $1", .link,
            ["link"]),
        Planted(
            "an event's subject, empty for absent",
            pick:
                "SELECT min(position) FROM outbox_log WHERE subject IS NULL AND position > 1",
            "UPDATE outbox_log SET subject = '' WHERE position = $1", .link, ["link"]),
        Planted(
            "an event's traceparent", pick: order,
            "UPDATE outbox_log SET traceparent = 'x' WHERE position = $1",
            .link, ["link"]),
        Planted(
            "a deleted event", pick: order, "DELETE FROM outbox_log WHERE position = $1", .event,
            promise: .positionsWithoutHoles),
        Planted(
            "the deleted last event", pick: "SELECT max(position) FROM outbox_log",
            "DELETE FROM outbox_log WHERE position = $1", .decision),
        Planted(
            "two swapped events", pick: order,
            """
            UPDATE outbox_log SET position = -1 WHERE position = $1;
            UPDATE outbox_log SET position = $1 WHERE position = $1 + 1;
            UPDATE outbox_log SET position = $1 + 1 WHERE position = -1
            """, .link, ["link"]),
        Planted(
            "an event below the first position", pick: "SELECT -3",
            """
            INSERT INTO outbox_log SELECT -3, id, event_type, source, subject, payload, occurred_at,
                traceparent, recorded_at, link FROM outbox_log WHERE position = 2
            """, .event),
    ]

    private static let emitted =
        "SELECT position FROM outbox_decision WHERE reason = 'emitted' AND rule = 'digest' "
        + "ORDER BY position LIMIT 1 OFFSET 2"

    private static func decision(_ name: String, _ reason: String, _ change: String, _ columns: [String])
        -> Planted
    {
        Planted(
            "a decision's \(name)",
            pick: "SELECT min(position) FROM outbox_decision WHERE reason = '\(reason)'",
            "UPDATE outbox_decision SET \(change) WHERE position = $1 AND reason = '\(reason)'", .decision,
            columns)
    }

    private static let decisions = [
        decision("recipient", "emitted", "recipient = 'eve@x.test'", ["recipient"]),
        decision("key", "emitted", "key = '[\"x\"]'", ["key"]),
        decision(
            "command", "emitted",
            "command = '00000000-0000-8000-8000-000000000000'", ["command"]),
        decision("winner", "duplicate", "winner = winner + 1", ["winner"]),
        decision("end of the window", "within_window", "until = until + 1", ["until"]),
        decision("detail", "key_missing", "detail = 'x'", ["detail"]),
        decision("reason", "no_rule", "reason = 'recipient_missing'", ["reason"]),
        decision("rule", "no_rule", "rule = 'zzz'", []),
        decision("item", "no_rule", "item = 7", []),
        decision(
            "reason, from lost to won", "condition_false", "reason = 'no_rule', detail = NULL", ["reason"]),
        Planted(
            "a deleted decision", pick: emitted,
            "DELETE FROM outbox_decision WHERE position = $1 AND rule = 'digest'",
            .decision),
        Planted(
            "a decision too much", pick: emitted,
            """
            INSERT INTO outbox_decision (position, rule, item, reason) VALUES ($1, 'zzz', 0, 'no_rule')
            """, .decision),
    ]

    private static func command(_ change: String, _ columns: [String]) -> Planted {
        Planted(
            "a command's \(columns.joined(separator: ", "))",
            pick: "SELECT number FROM outbox_command WHERE rule = 'password-reset' ORDER BY number LIMIT 1",
            "UPDATE outbox_command SET \(change) WHERE number = $1", .command, columns,
            position: "SELECT position FROM outbox_command WHERE number = $1")
    }

    private static let commands = [
        command("id = '00000000-0000-8000-8000-000000000000'", ["id"]),
        command("key = '[\"x\"]'", ["key"]), command("key_digest = rule_set", ["key_digest"]),
        command("slot = 'every:1:1'", ["slot"]), command("generation = 2", ["generation"]),
        command("rule_set = key_digest", ["rule_set"]), command("recipient = 'eve@x.test'", ["recipient"]),
        command("route = 'b'", ["route"]), command("occurred_at = occurred_at + 1", ["occurred_at"]),
        command("not_before = not_before - 1", ["not_before"]), command("expires_at = NULL", ["expires_at"]),
        command("on_unknown = 'retry'", ["on_unknown"]),
        command("supersede_digest = key_digest", ["supersede_digest"]), command("rule = 'zzz'", []),
        command("item = 3", []),
        Planted(
            "a command's position", pick: "SELECT 20",
            "UPDATE outbox_command SET position = 1000000 WHERE number = $1",
            .command, position: "SELECT position FROM outbox_ledger WHERE number = $1"),
        Planted(
            "a missing command", pick: "SELECT 20", "DELETE FROM outbox_command WHERE number = $1", .command,
            promise: .commandNumbersWithoutHoles,
            position: "SELECT position FROM outbox_ledger WHERE number = $1"),
        Planted(
            "a command too much", pick: "SELECT max(number) FROM outbox_command",
            """
            INSERT INTO outbox_command SELECT $1 + 1, '00000000-0000-8000-8000-000000000000', position, rule,
                item + 50, key, key_digest, slot, generation, rule_set, recipient, route, occurred_at,
                not_before, expires_at, on_unknown, supersede_digest FROM outbox_command WHERE number = $1
            """, .command, position: "SELECT position FROM outbox_command WHERE number = $1"),
    ]

    private static func won(_ change: String, _ columns: [String]) -> Planted {
        Planted(
            "a ledger row's \(columns.isEmpty ? change : columns.joined(separator: ", "))",
            pick: "SELECT 15", "UPDATE outbox_ledger SET \(change) WHERE number = $1", .ledger, columns,
            position: "SELECT position FROM outbox_command WHERE number = $1")
    }

    private static let ledger = [
        won("occurred_at = occurred_at + 1", ["occurred_at"]), won("scope = 'x'", ["scope"]),
        won("command = '00000000-0000-8000-8000-000000000000'", ["command"]), won("slot = 'every:1:1'", []),
        won("generation = 2", []), won("key = '[\"x\"]'", []),
        Planted(
            "a deleted ledger row", pick: "SELECT 15", "DELETE FROM outbox_ledger WHERE number = $1", .ledger,
            position: "SELECT position FROM outbox_command WHERE number = $1"),
        Planted(
            "a second winner of a key", pick: "SELECT 15",
            """
            INSERT INTO outbox_ledger (key_digest, slot, generation, scope, key, position, occurred_at,
                command, number)
            SELECT key_digest, 'every:1:1', generation, scope, key, position, occurred_at, command, number
            FROM outbox_ledger WHERE number = $1
            """, .ledger, position: "SELECT position FROM outbox_command WHERE number = $1"),
    ]

    private static let activations = [
        Planted(
            "an activation's actor", pick: "SELECT min(position) FROM outbox_activation",
            "UPDATE outbox_activation SET actor = 'eve' WHERE position = $1", .activation, ["actor"]),
        Planted(
            "an activation's rule set", pick: "SELECT min(position) FROM outbox_activation",
            """
            UPDATE outbox_activation SET digest =
                (SELECT digest FROM outbox_activation WHERE position > 1 LIMIT 1)
            WHERE position = $1
            """, .activation, ["rule_set"]),
        Planted(
            "a changed scope", pick: "SELECT max(position) FROM outbox_activation",
            "UPDATE outbox_scope SET scope = 'x' WHERE position = $1 AND rule = 'digest'", .activation,
            ["scopes"]),
        Planted(
            "an activation that no event says", pick: order,
            """
            INSERT INTO outbox_activation (position, digest, actor, reason, recorded_at)
            SELECT $1, digest, actor, reason, recorded_at FROM outbox_activation WHERE position = 1
            """, .activation),
        Planted(
            "a deleted activation", pick: "SELECT max(position) FROM outbox_activation",
            "DELETE FROM outbox_scope WHERE position = $1; DELETE FROM outbox_activation WHERE position = $1",
            .activation),
        Planted(
            "a changed rule text", pick: "SELECT min(position) FROM outbox_activation",
            """
            UPDATE outbox_rule_set SET content = digest
            WHERE digest = (SELECT digest FROM outbox_activation WHERE position = $1)
            """, .ruleSet, ["digest"]),
        Planted(
            "a deleted rule text", pick: "SELECT min(position) FROM outbox_activation",
            "DELETE FROM outbox_rule_set "
                + "WHERE digest = (SELECT digest FROM outbox_activation WHERE position = $1)",
            .ruleSet, ["digest"]),
    ]

    /// Rows where the log has not come to yet, or never comes.
    private static let far = "SELECT max(position) + 1000 FROM outbox_log"
    private static func won(_ number: String, at name: String, pick: String) -> Planted {
        Planted(
            "a ledger row \(name)", pick: pick,
            """
            INSERT INTO outbox_ledger (key_digest, slot, generation, scope, key, position, occurred_at,
                command, number)
            SELECT key_digest, 'every:1:1', generation, scope, key, $1, occurred_at, command, \(number)
            FROM outbox_ledger WHERE number = 15
            """, .ledger)
    }
    private static let beyond = [
        Planted(
            "a decision far behind the head", pick: far,
            "INSERT INTO outbox_decision (position, rule, item, reason) VALUES ($1, '', 0, 'no_rule')",
            .decision),
        Planted(
            "an activation behind the head", pick: far,
            """
            INSERT INTO outbox_activation SELECT $1, digest, actor, reason, recorded_at
            FROM outbox_activation WHERE position = 1
            """, .activation),
        Planted(
            "an activation before the first event", pick: "SELECT 0",
            """
            INSERT INTO outbox_activation SELECT $1, digest, actor, reason, recorded_at
            FROM outbox_activation WHERE position = 1
            """, .activation),
        won("15", at: "of an event behind the head", pick: far),
        won("15", at: "of an event before the first", pick: "SELECT 0"),
        won("100000", at: "of a command behind the last", pick: far),
        won("9000000000000000000", at: "of a command far behind the last", pick: "SELECT 20"),
        won("-1", at: "of a command before the first", pick: "SELECT 20"),
        Planted(
            "a command far behind the last", pick: "SELECT 20",
            """
            INSERT INTO outbox_command SELECT 9000000000000000000, '00000000-0000-8000-8000-000000000000',
                position, rule, item + 50, key, key_digest, slot, generation, rule_set, recipient, route,
                occurred_at, not_before, expires_at, on_unknown, supersede_digest
            FROM outbox_command WHERE number = $1
            """, .command, position: "SELECT position FROM outbox_command WHERE number = $1"),
        Planted(
            "an event far behind the last", pick: "SELECT max(position) + 1 FROM outbox_log",
            """
            INSERT INTO outbox_log SELECT 4000000000000000000, id, event_type, source, subject, payload,
                occurred_at, traceparent, recorded_at, link FROM outbox_log WHERE position = 2
            """, .event, promise: .positionsWithoutHoles),
    ]

    /// Looks the same, and Swift's strings are equal: other bytes are another key and another address.
    private static func decomposed(
        _ table: String, _ column: String, _ subject: Difference.Subject
    ) -> Planted {
        Planted(
            "other bytes for the same signs in \(table)",
            pick: "SELECT min(number) FROM outbox_command WHERE key LIKE '%Zoë%'",
            """
            UPDATE \(table) SET \(column) = replace(\(column), 'ë', 'e\u{308}') WHERE position =
                (SELECT position FROM outbox_command WHERE number = $1) AND key LIKE '%Zoë%'
            """, subject, subject == .ledger ? [] : [column],
            position: "SELECT position FROM outbox_command WHERE number = $1")
    }
    private static let sameSigns = [
        decomposed("outbox_decision", "recipient", .decision),
        decomposed("outbox_command", "recipient", .command), decomposed("outbox_ledger", "key", .ledger),
        Planted(
            "the numbers of two commands, everywhere", pick: "SELECT 20",
            """
            UPDATE outbox_command SET number = -1 WHERE number = $1;
            UPDATE outbox_command SET number = $1 WHERE number = $1 + 1;
            UPDATE outbox_command SET number = $1 + 1 WHERE number = -1;
            UPDATE outbox_ledger SET number = -1 WHERE number = $1;
            UPDATE outbox_ledger SET number = $1 WHERE number = $1 + 1;
            UPDATE outbox_ledger SET number = $1 + 1 WHERE number = -1
            """, .command, ["number"], position: "SELECT position FROM outbox_command WHERE number = $1"),
    ]

    private static let twice = "SELECT min(command) FROM outbox_attempt WHERE attempt = 2"
    private static let deliveries = [
        Planted(
            "an outcome without attempt", pick: "SELECT min(command) FROM outbox_outcome",
            "DELETE FROM outbox_attempt WHERE command = $1", promise: .outcomeHasAttempt),
        Planted(
            "an attempt after the finish",
            pick: "SELECT min(command) FROM outbox_finish WHERE state = 'accepted'",
            """
            INSERT INTO outbox_attempt SELECT command, attempt + 1, token + 1, route, request_digest,
                dispatcher, started_at + 100000000 FROM outbox_attempt WHERE command = $1
                ORDER BY attempt DESC LIMIT 1
            """, promise: .noAttemptAfterFinish),
        Planted(
            "an attempt after a finish without attempts",
            pick: "SELECT min(command) FROM outbox_finish WHERE state = 'expired'",
            """
            INSERT INTO outbox_attempt SELECT $1, 1, 1, route, request_digest, dispatcher,
                (SELECT at + 1 FROM outbox_finish WHERE command = $1) FROM outbox_attempt LIMIT 1
            """, promise: .noAttemptAfterFinish),
        Planted(
            "an attempt with its outcome, after a gate had finished the command",
            pick: "SELECT min(command) FROM outbox_finish WHERE state = 'expired'",
            """
            INSERT INTO outbox_attempt SELECT $1, 1, 1, route, request_digest, dispatcher,
                (SELECT at + 1 FROM outbox_finish WHERE command = $1) FROM outbox_attempt LIMIT 1;
            INSERT INTO outbox_outcome SELECT $1, 1, 'accepted', 1, code, words, message_id, retry_after,
                trouble, status, issues, finished_at + 100000000000 FROM outbox_outcome LIMIT 1
            """, promise: .noAttemptAfterFinish),
        Planted(
            "a token that shrinks", pick: twice,
            "UPDATE outbox_attempt SET token = 1 WHERE command = $1", promise: .tokensGrow),
        Planted(
            "a hole in the attempts", pick: twice,
            "UPDATE outbox_attempt SET attempt = 3 WHERE command = $1 AND attempt = 2",
            promise: .attemptsWithoutHoles),
        Planted(
            "a command that is nowhere", pick: "SELECT min(command) FROM outbox_queue",
            "DELETE FROM outbox_queue WHERE command = $1", promise: .queuedOrFinished),
        Planted(
            "a command that is queued and finished", pick: "SELECT min(command) FROM outbox_finish",
            """
            INSERT INTO outbox_queue (command, state, due_at, route) VALUES ($1, 'pending', 1, 'a')
            """, promise: .queuedOrFinished),
    ]
}

@Suite("Planted differences")
struct PlantedDifferenceTests {
    @Test("Each is found and named on SQLite", arguments: Planted.all)
    func sqlite(_ planted: Planted) throws { try find(planted, on: .sqlite) }

    @Test("Each is found and named on PostgreSQL", arguments: Planted.all)
    func postgres(_ planted: Planted) throws { try find(planted, on: .postgres) }

    private func find(_ planted: Planted, on kind: StoreKind) throws {
        let place = try ReplayPlace(kind)
        var shop = Shop(place.store, seed: 5)
        try shop.run(rounds: 3, events: 80, batchEvents: 80)
        try shop.deliver()
        let row = try place.number(planted.pick)
        func sql(_ text: String) -> String { text.replacing("$1", with: "(\(row))") }
        let position = try planted.position.map { try place.number(sql($0)) } ?? row
        try place.tamper(sql(planted.forge))

        let found = try place.verify()
        #expect(found.verdict == .differs)
        if let subject = planted.subject {
            let named = found.differences.first { $0.position == position && $0.subject == subject }
            #expect(named != nil, "\(found.text)")
            #expect(named?.columns == planted.columns, "\(found.text)")
        } else {
            #expect(found.differenceCount == 0, "\(found.text)")
        }
        for promise in found.promises {
            let isExpected = promise.promise == planted.promise
            if isExpected { #expect(promise.breaches > 0, "\(found.text)") }
        }
    }
}
