// What a rebuild makes is what was there: the same decisions, ledger and commands, byte for byte, whatever
// was lost beside the log.
import Foundation
import SendonceBundle
import SendonceCore
import SendonceProjection
import SendonceRebuild
import SendonceReplay
import SendonceStore
import SendonceTransfer
import Testing

@Suite(.serialized) struct RebuildTests {
    private static let decided: [TransferTable] = [
        .log, .ruleSet, .activation, .scope, .decision, .ledger, .command,
    ]
    private static let delivered: [TransferTable] = [
        .attempt, .outcome, .lateAnswer, .finish, .act, .actCommand,
    ]

    private static let cases: [(PlaceKind, PlaceKind, UInt64)] =
        (1...6).map { (.file, .file, $0) } + [
            (.file, .server, 7), (.server, .file, 8), (.server, .server, 9), (.server, .server, 10),
        ]

    private func expectSame(
        _ before: [String: TableDigest], _ after: [String: TableDigest], _ tables: [TransferTable],
        seed: UInt64
    ) {
        for table in tables {
            #expect(before[table.name] == after[table.name], "\(table.name), seed \(seed)")
            #expect((before[table.name]?.rows ?? 0) > 0, "\(table.name) is empty, seed \(seed)")
        }
    }

    @Test("A whole log gives every table again, byte for byte", arguments: cases)
    func whole(from: PlaceKind, to: PlaceKind, seed: UInt64) throws {
        let pair = try Pair(from, to, seed: seed)
        let before = try pair.old.digests()
        let report = try pair.run()
        let after = try pair.new.digests()
        expectSame(before, after, Self.decided + [.attempt, .finish, .act, .actCommand], seed: seed)
        for table in Self.delivered { #expect(before[table.name] == after[table.name], "\(table.name)") }
        #expect(report.isWhole && report.differences.isEmpty && report.remaining == 0)
        #expect(report.brought == 5)
        #expect(try pair.new.store.head() == pair.old.store.head())
        #expect(
            try pair.new.number("SELECT count(*) FROM outbox_decision WHERE event IS NOT NULL") > 5,
            "no backfill in seed \(seed)")
    }

    @Test("With nothing left beside the log, decisions, ledger and commands are the same", arguments: cases)
    func emptied(from: PlaceKind, to: PlaceKind, seed: UInt64) throws {
        let pair = try Pair(from, to, seed: seed)
        let before = try pair.old.digests()
        try pair.old.empty(.decision, .ledger, .command, .queue)
        let report = try pair.run()
        let after = try pair.new.digests()
        expectSame(before, after, Self.decided + [.attempt, .finish, .act, .actCommand], seed: seed)
        #expect(report.isWhole)
        #expect(report.differences.map(\.table) == ["outbox_decision", "outbox_ledger", "outbox_command"])
        for table in report.differences {
            #expect(table.restored == before[table.table]?.rows && table.changed == 0 && table.gone == 0)
        }
        try expectPlaces(pair)
    }

    @Test("An imported log has its decisions again in a second database", arguments: PlaceKind.allCases)
    func imported(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind.other, seed: 11)
        let before = try pair.old.digests()
        var bytes: [UInt8] = []
        _ = try Export(from: pair.old.store).run(
            from: 1, through: nil, redaction: nil, now: .start, write: { bytes += $0 })
        let path = pair.old.folder.appending(path: "log.jsonl").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let imported = try Place(kind)
        _ = try Import(LogFile(path: path), into: imported.store).run(
            actor: "ann", reason: "lost the disk", now: .start)
        _ = try imported.store.append(
            NewEvent(type: "order.placed", payload: Array("{}".utf8), occurredAt: nil))

        let rebuild = Rebuild(from: imported.store, to: pair.new.store)
        #expect(try rebuild.plan(now: .start).isImport)
        let report = try rebuild.run(Pair.act, name: "unused")
        expectSame(before, try pair.new.digests(), Self.decided, seed: 11)
        #expect(report.isWhole && report.brought == 1)
        #expect(!imported.isInForce && !pair.new.isInForce)
        let held = try pair.new.number("SELECT count(*) FROM outbox_queue WHERE hold_reason = 'restored'")
        #expect(Int64(held) == before["outbox_command"]?.rows)
        let refused = words {
            _ = try TransferConfirmation.confirm(pair.new.store, source: imported.store, Pair.act)
        }
        #expect(refused.contains("--source-lost"))
        _ = try TransferConfirmation.confirm(pair.new.store, source: nil, Pair.act)
        #expect(pair.new.isInForce && !imported.isInForce)
        #expect(try rebuild.run(Pair.act, name: "again").brought == 0)
        #expect(try pair.new.store.intakeCount() == 1)
    }

    @Test("Run twice, and after the confirmation, it changes nothing", arguments: PlaceKind.allCases)
    func twice(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind.other, seed: 12)
        try pair.old.empty(.queue)
        let report = try pair.run()
        let once = try pair.new.digests()
        let again = try pair.run(name: "r2")
        #expect(try pair.new.digests() == once)
        #expect(again.transfer == report.transfer && again.digest == report.digest)
        #expect(again.commands == report.commands)
        try pair.confirm()
        _ = try pair.old.store.append(
            NewEvent(type: "order.placed", payload: Array("{}".utf8), occurredAt: nil))
        #expect(try pair.run(name: "r3").brought == 1)
        #expect(try pair.new.digests() == once)
        #expect(try pair.new.store.intakeCount() == 6 && pair.old.store.intakeCount() == 0)
    }

    @Test("After it the log goes on as it would have at its old place", arguments: PlaceKind.allCases)
    func goesOn(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind, seed: 13)
        try pair.old.empty(.decision, .ledger, .command, .queue)
        try pair.run()
        try pair.confirm()
        let other = try Place(kind)
        var same = try Story(seed: 13, in: other.store)
        try same.tell()
        for store in [pair.new.store, other.store] {
            let projector = LiveProjector(store: store)
            while case .moved = try projector.step(now: .start + .days(401)) {}
        }
        for table: TransferTable in [.log, .decision, .ledger, .command] {
            #expect(try pair.new.store.digest(of: table) == other.store.digest(of: table), "\(table.name)")
        }
    }

    @Test("Replay verifies what was rebuilt", arguments: PlaceKind.allCases)
    func verified(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind, seed: 16, isBackfilling: false)
        let before = try pair.old.verify()
        #expect(before.verdict == .same)
        try pair.old.empty(.decision, .ledger, .command, .queue)
        #expect(try pair.old.verify().verdict == .differs)
        try pair.run()
        let after = try pair.new.verify()
        #expect(after.verdict == .same, "\(after.differences) \(after.obstacles) \(after.promises)")
        #expect(after.digests == before.digests && after.counts == before.counts)
    }

    // MARK: The place of each command

    /// No command is due without a recorded attempt, each has one place, and each hold has its gate row.
    private func expectPlaces(_ pair: Pair) throws {
        let new = pair.new
        #expect(
            try new.number(
                """
                SELECT count(*) FROM outbox_queue q WHERE state <> 'held'
                    AND NOT EXISTS (SELECT 1 FROM outbox_attempt a WHERE a.command = q.command)
                """) == 0)
        #expect(
            try new.number(
                """
                SELECT count(*) FROM outbox_command c WHERE
                    (SELECT count(*) FROM outbox_queue q WHERE q.command = c.number)
                    + (SELECT count(*) FROM outbox_finish f WHERE f.command = c.number) <> 1
                """) == 0)
        #expect(
            try new.number(
                """
                SELECT count(*) FROM outbox_queue q WHERE hold_reason = 'restored' AND NOT EXISTS (
                    SELECT 1 FROM outbox_gate g WHERE g.command = q.command AND g.gate = 'restored'
                        AND g.at = q.held_at)
                """) == 0)
        #expect(try new.number("SELECT count(*) FROM outbox_queue WHERE hold_reason = 'restored'") > 3)
    }

    @Test("What is recorded as tried stands as the old queue says; all else is held", arguments: cases)
    func places(from: PlaceKind, to: PlaceKind, seed: UInt64) throws {
        let pair = try Pair(from, to, seed: seed)
        let tried = """
            SELECT command || ' ' || state || ' ' || due_at || ' ' || token || ' ' || attempts || ' '
                || counted || ' ' || coalesce(first_unsure_at, 0) || ' ' || coalesce(hold_reason, '') || ' '
                || coalesce(cancelled_by, 0) || ' ' || coalesce(superseded_by, 0)
            FROM outbox_queue q
            WHERE state = 'held'
                OR EXISTS (SELECT 1 FROM outbox_attempt a WHERE a.command = q.command)
            ORDER BY command
            """
        let before = try pair.old.texts(tried)
        let held = try pair.old.number("SELECT count(*) FROM outbox_queue WHERE state = 'held'")
        let report = try pair.run()
        let after = try pair.new.texts(tried).filter { !$0.contains(" restored ") }
        #expect(after == before && before.count > 2, "seed \(seed)")
        #expect(held > 0 && report.commands.kept == Int64(before.count))
        #expect(report.commands.unsure == 0 && report.commands.ended == 0)
        try expectPlaces(pair)
    }

    @Test("With the queue lost, what may have been sent is held as unknown", arguments: PlaceKind.allCases)
    func lostQueue(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind, seed: 14)
        let unsure = try pair.old.texts(
            """
            SELECT DISTINCT a.command FROM outbox_attempt a
            LEFT JOIN outbox_outcome o ON o.command = a.command AND o.attempt = a.attempt
            WHERE coalesce(o.outcome, 'unknown') = 'unknown'
                AND a.command NOT IN (SELECT command FROM outbox_finish) ORDER BY a.command
            """)
        let untried = try pair.old.number(
            "SELECT count(*) FROM outbox_queue WHERE cancelled_by IS NOT NULL AND attempts = 0")
        try pair.old.empty(.queue)
        let report = try pair.run()
        #expect(
            try pair.new.texts(
                "SELECT command FROM outbox_queue WHERE hold_reason = 'unknown_outcome' ORDER BY command")
                == unsure)
        #expect(unsure.count > 1 && report.commands.unsure == Int64(unsure.count))
        #expect(
            try pair.new.number(
                "SELECT count(*) FROM outbox_queue WHERE cancelled_by IS NOT NULL AND attempts = 0")
                == untried)
        #expect(try pair.new.number("SELECT count(*) FROM outbox_queue WHERE state <> 'held'") == 0)
        #expect(
            try pair.new.number(
                """
                SELECT count(*) FROM outbox_queue q WHERE first_unsure_at IS NOT
                    (SELECT min(a.started_at) FROM outbox_attempt a
                    LEFT JOIN outbox_outcome o ON o.command = a.command AND o.attempt = a.attempt
                    WHERE a.command = q.command AND coalesce(o.outcome, 'unknown') = 'unknown')
                """.replacing("IS NOT\n", with: kind == .file ? "IS NOT\n" : "IS DISTINCT FROM\n")) == 0)
        try expectPlaces(pair)
    }

    @Test("With the ends lost, an accepted outcome ends its command again", arguments: PlaceKind.allCases)
    func lostEnds(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind.other, seed: 15)
        let accepted = try pair.old.texts(
            "SELECT command FROM outbox_finish WHERE state = 'accepted' ORDER BY command")
        let rejected = try pair.old.texts(
            """
            SELECT command FROM outbox_finish f WHERE state = 'rejected' AND NOT EXISTS (
                SELECT 1 FROM outbox_outcome o WHERE o.command = f.command AND outcome = 'unknown')
            ORDER BY command
            """)
        try pair.old.empty(.finish)
        let report = try pair.run()
        for (state, commands) in [("accepted", accepted), ("rejected", rejected)] {
            let made = try pair.new.texts(
                "SELECT command FROM outbox_finish WHERE state = '\(state)' ORDER BY command")
            #expect(made == commands && !made.isEmpty, "\(state)")
        }
        #expect(report.commands.ended == Int64(accepted.count + rejected.count))
        try expectPlaces(pair)
    }
}
