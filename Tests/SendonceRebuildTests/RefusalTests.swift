// What a rebuild refuses, what it reports, and that two places are never in force.
import SendonceCore
import SendonceRebuild
import SendonceStore
import SendonceTransfer
import Testing

@Suite(.serialized) struct RefusalTests {
    @Test("A broken link ends it before anything is sealed, and is named", arguments: PlaceKind.allCases)
    func brokenLink(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind, seed: 1)
        try pair.old.damage(
            ["outbox_log"], "UPDATE outbox_log SET payload = payload || ' ' WHERE position = 17")
        for _ in 0..<2 {
            #expect(words { try pair.run() }.contains("breaks at position 17"))
            #expect(words { _ = try pair.rebuild.plan(now: .start + .days(400)) }.contains("position 17"))
        }
        #expect(pair.old.isInForce)
        #expect(try pair.new.store.authority() == nil && pair.new.store.count(of: .log) == 0)
    }

    @Test("A link that breaks after the seal ends it too, and nothing new is in force")
    func brokenLater() throws {
        let pair = try Pair(.file, .file, seed: 1)
        let steps = Steps(failing: 5)
        #expect(throws: TransferError.self) {
            _ = try Rebuild(from: pair.old.store, to: FailingTarget(store: pair.new.store, steps: steps))
                .run(Pair.act, name: "r1")
        }
        #expect(try pair.new.store.count(of: .log) > 0)
        let last = try pair.new.store.head().position
        try pair.old.damage(
            ["outbox_log"], "UPDATE outbox_log SET subject = 'x' WHERE position = \(last + 1)")
        #expect(words { try pair.run() }.contains("breaks at position \(last + 1)"))
        #expect(!pair.new.isInForce && !pair.old.isInForce)
        #expect(words { try pair.confirm() }.contains("run `sendonce rebuild` again"))
        _ = try TransferConfirmation.takeBack(pair.old.store, copy: pair.new.store, Pair.act)
        #expect(pair.old.isInForce && !pair.new.isInForce)
        #expect(words { try pair.run() }.contains("given up"))
    }

    @Test("A hole in the log, and a rule set that is not the activated one, are named")
    func otherDamage() throws {
        let hole = try Pair(.file, .file, seed: 2)
        try hole.old.damage(["outbox_log"], "DELETE FROM outbox_log WHERE position = 9")
        #expect(words { try hole.run() }.contains("breaks at position 9"))
        let rules = try Pair(.file, .file, seed: 2)
        try rules.old.damage(
            ["outbox_rule_set"], "UPDATE outbox_rule_set SET content = CAST(content || ' ' AS BLOB)")
        #expect(words { try rules.run() }.contains("rule set"))
        #expect(hole.old.isInForce && rules.old.isInForce)
    }

    @Test("At no time are both in force, and one needs a person", arguments: PlaceKind.allCases)
    func oneInForce(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind.other, seed: 3)
        #expect(pair.old.isInForce)
        try pair.run()
        #expect(!pair.old.isInForce && !pair.new.isInForce)
        let refusal = try #require(try pair.new.store.authority()?.refusal)
        #expect(refusal.contains("a rebuild from") && refusal.contains("`sendonce rebuild confirm`"))
        try pair.confirm()
        #expect(!pair.old.isInForce && pair.new.isInForce)
        #expect(throws: TransferError.self) {
            _ = try TransferConfirmation.takeBack(pair.old.store, copy: pair.new.store, Pair.act)
        }
    }

    @Test("A transfer does not go on with a rebuild, nor a rebuild with a transfer")
    func otherCommand() throws {
        let pair = try Pair(.file, .file, seed: 4)
        try pair.run()
        let transfer = Transfer(from: pair.old.store, to: pair.new.store)
        #expect(words { _ = try transfer.run(Pair.act, name: "t1") }.contains("a rebuild from"))
        let moved = try Pair(.file, .file, seed: 4)
        _ = try Transfer(from: moved.old.store, to: moved.new.store).run(Pair.act, name: "t1")
        #expect(words { try moved.run() }.contains("a copy of"))
    }

    @Test("A place that holds a log, the same place twice, and an import that is not whole are refused")
    func wrongPlaces() throws {
        let pair = try Pair(.file, .file, seed: 5)
        let full = try Pair(.file, .file, seed: 5)
        #expect(
            words { _ = try Rebuild(from: pair.old.store, to: full.old.store).run(Pair.act, name: "r") }
                .contains("holds a log already"))
        #expect(
            words { _ = try Rebuild(from: pair.old.store, to: pair.old.store).run(Pair.act, name: "r") }
                .contains("same database"))
        let imported = try Place(.file)
        let name = AuthorityRecord.importName(of: try pair.old.store.head())
        try imported.store.begin(Pair.act.record(.copy, name, place: "the file x"))
        #expect(
            words { _ = try Rebuild(from: imported.store, to: pair.new.store).run(Pair.act, name: "r") }
                .contains("not complete"))
        #expect(pair.old.isInForce && full.old.isInForce)
    }

    // MARK: What is otherwise at the old place

    @Test("A forged decision, a changed key and a second winner are named, and do not come over")
    func forged() throws {
        let pair = try Pair(.file, .file, seed: 6)
        let before = try pair.old.digests()
        try pair.old.damage(
            ["outbox_decision", "outbox_ledger"],
            """
            UPDATE outbox_decision SET recipient = 'eve@x.test'
                WHERE position = (SELECT min(position) FROM outbox_decision WHERE reason = 'emitted');
            INSERT INTO outbox_ledger SELECT key_digest, slot, 99, scope, key, position, occurred_at, command,
                number FROM outbox_ledger WHERE number = 1;
            """)
        let report = try pair.run()
        #expect(!report.isWhole)
        let decisions = try #require(report.differences.first { $0.table == "outbox_decision" })
        #expect(decisions.changed >= 1 && decisions.gone == 0 && !decisions.first.isEmpty)
        #expect(report.differences.first { $0.table == "outbox_ledger" }?.gone == 1)
        let after = try pair.new.digests()
        for table: TransferTable in [.decision, .ledger, .command] {
            #expect(after[table.name] == before[table.name])
        }
    }

    @Test("Rows go by the id of their command, whatever its number is", arguments: PlaceKind.allCases)
    func renumbered(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind.other, seed: 7)
        let before = try pair.old.digests()
        // The order is reversed.
        let columns = ["outbox_attempt", "outbox_outcome", "outbox_queue", "outbox_finish"]
        let others = ["outbox_late_answer", "outbox_gate", "outbox_act_command"]
        let count = try pair.old.number("SELECT count(*) FROM outbox_command")
        var sql = ""
        for (table, column) in (columns + others).map({ ($0, "command") }) + [("outbox_command", "number")] {
            sql += "UPDATE \(table) SET \(column) = -\(column);"
            sql += "UPDATE \(table) SET \(column) = \(count + 1) + \(column);"
        }
        try pair.old.damage(["outbox_command"] + columns + others, sql)
        let report = try pair.run()
        #expect(report.renumbered >= Int64(count - 1) && report.lost.isEmpty && !report.isWhole)
        let after = try pair.new.digests()
        for table: TransferTable in [.command, .attempt, .outcome, .lateAnswer, .finish, .act, .actCommand] {
            #expect(after[table.name] == before[table.name], "\(table.name)")
        }
    }

    @Test("Rows whose command does not follow from the log are named and do not come")
    func lost() throws {
        let pair = try Pair(.file, .file, seed: 8)
        let before = try pair.old.digests()
        try pair.old.damage(
            ["outbox_command", "outbox_finish", "outbox_attempt", "outbox_outcome", "outbox_act_command"],
            """
            INSERT INTO outbox_finish (command, state, at) VALUES (9999, 'accepted', 1);
            INSERT INTO outbox_attempt VALUES (9999, 1, 1, 'a', zeroblob(32), 'd', 1);
            INSERT INTO outbox_outcome (command, attempt, outcome, counts, code, words, issues, finished_at)
                VALUES (1, 77, 'accepted', 1, 'c', '', 1, 1);
            INSERT INTO outbox_act_command VALUES (4242, 1, 'pending', NULL);
            """)
        let report = try pair.run()
        #expect(!report.isWhole)
        #expect(
            Set(report.lost.map { "\($0.table) \($0.rows) \($0.first)" }) == [
                #"outbox_attempt 1 ["9999 1"]"#, #"outbox_finish 1 ["9999"]"#,
                #"outbox_outcome 1 ["1 77"]"#, #"outbox_act_command 1 ["4242 1"]"#,
            ])
        let after = try pair.new.digests()
        for table: TransferTable in [.attempt, .outcome, .finish, .actCommand] {
            #expect(after[table.name] == before[table.name], "\(table.name)")
        }
    }
}
