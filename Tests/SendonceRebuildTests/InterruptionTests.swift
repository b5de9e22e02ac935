// A rebuild that ends at any step goes on and comes to the same.
import SendonceCore
import SendonceRebuild
import SendonceStore
import SendonceTransfer
import Testing

@Suite(.serialized) struct InterruptionTests {
    @Test("Interrupted before any step, a second run ends as one would have", arguments: PlaceKind.allCases)
    func anyStep(kind: PlaceKind) throws {
        var step = 0
        var isOver = false
        while !isOver {
            step += kind == .file ? 2 : 9
            let pair = try Pair(.file, kind, seed: 21)
            try pair.old.damage(
                ["outbox_queue", "outbox_finish"],
                """
                DELETE FROM outbox_queue WHERE command % 3 = 0;
                DELETE FROM outbox_finish WHERE command % 2 = 0;
                """)
            let target = FailingTarget(store: pair.new.store, steps: Steps(failing: step))
            do {
                _ = try Rebuild(from: pair.old.store, to: target).run(Pair.act, name: "r1")
                isOver = true
            } catch {
                guard case .store(Steps.failure) = error else { throw error }
            }
            #expect(!pair.new.isInForce || step == 1)
            #expect(!(pair.new.isInForce && pair.old.isInForce) || step == 1)
            try pair.run(name: "r2")
            let digests = try pair.new.digests()
            let whole = try Pair(.file, kind, seed: 21)
            try whole.old.damage(
                ["outbox_queue", "outbox_finish"],
                """
                DELETE FROM outbox_queue WHERE command % 3 = 0;
                DELETE FROM outbox_finish WHERE command % 2 = 0;
                """)
            try whole.run()
            for (table, digest) in try whole.new.digests() {
                #expect(digests[table] == digest, "\(table), step \(step)")
            }
            #expect(try pair.new.store.intakeCount() == 5)
            try pair.confirm()
        }
        #expect(step > 20)
    }

    @Test(
        "In force, or under another transfer, a database cannot be decided into",
        arguments: PlaceKind.allCases)
    func fencedOnly(kind: PlaceKind) throws {
        let pair = try Pair(kind, kind, seed: 22)
        func write(_ place: Place, _ name: Text) -> String {
            words { try place.store.rebuild(name) { _ throws(StoreError) in } }
        }
        #expect(write(pair.old, "rebuild r1").contains("not, or no longer"))
        try pair.run()
        #expect(write(pair.new, "rebuild r1").isEmpty)
        #expect(write(pair.new, "rebuild r2").contains("not, or no longer"))
        try pair.confirm()
        #expect(write(pair.new, "rebuild r1").contains("not, or no longer"))
    }
}
