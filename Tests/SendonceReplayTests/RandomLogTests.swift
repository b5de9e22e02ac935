// Whatever the projector wrote, verification finds it the same: for random logs, in whatever batches.
import SendonceCore
import SendonceReplay
import SendonceStore
import Testing

@Suite("Verification of random logs")
struct RandomLogTests {
    private static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6]

    @Test("A log is the same again, whatever its batches were", arguments: seeds, [1, 3, 1_000])
    func clean(_ seed: UInt64, _ batchEvents: Int) throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: seed)
        try shop.run(rounds: 4, events: 150, batchEvents: batchEvents)
        try shop.deliver()
        try expectSame(place.verify(), events: 604)
    }

    @Test("The same on PostgreSQL", arguments: seeds.prefix(2))
    func postgres(_ seed: UInt64) throws {
        let place = try ReplayPlace(.postgres)
        var shop = Shop(place.store, seed: seed)
        try shop.run(rounds: 4, events: 150, batchEvents: 100)
        try shop.deliver()
        try expectSame(place.verify(), events: 604)
    }

    @Test("Both stores give one log the same certificate")
    func bothStores() throws {
        var texts: Set<String> = []
        for kind in StoreKind.allCases {
            let place = try ReplayPlace(kind)
            var shop = Shop(place.store, seed: 9)
            try shop.run(rounds: 3, events: 100, batchEvents: 40)
            texts.insert(try place.verify().json.jsonText)
        }
        #expect(texts.count == 1)
    }

    @Test("Several passes give the same certificate as one", arguments: seeds.prefix(3))
    func passes(_ seed: UInt64) throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: seed)
        // More keys than the fewest that one pass has room for.
        try shop.run(rounds: 3, events: 400, batchEvents: 500)
        let one = try place.verify().json.jsonText
        for passes in [2, 3, 7] {
            #expect(try place.verify { $0.passes = passes }.json.jsonText == one)
        }
    }

    @Test("Several passes find what one finds", arguments: seeds.prefix(3))
    func passesFind(_ seed: UInt64) throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: seed)
        try shop.run(rounds: 3, events: 200, batchEvents: 500)
        try place.tamper(
            """
            UPDATE outbox_decision SET recipient = 'eve@x.test'
            WHERE position % 50 = 7 AND reason = 'emitted';
            UPDATE outbox_command SET route = 'other' WHERE number % 40 = 3;
            DELETE FROM outbox_decision WHERE position = 100;
            """)
        let one = try place.verify()
        #expect(one.differenceCount > 5)
        for passes in [2, 5] {
            let several = try place.verify { $0.passes = passes }
            #expect(several.differenceCount == one.differenceCount)
            #expect(several.differences == one.differences)
            #expect(several.counts == one.counts)
        }
    }

    @Test("A part of a log is the same too, from any position on", arguments: seeds.prefix(3))
    func parts(_ seed: UInt64) throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: seed)
        try shop.run(rounds: 3, events: 120, batchEvents: 50)
        for (from, to) in [(1, 1), (2, 122), (122, 123), (60, 300), (200, 363), (363, 363)]
            as [(Int64, Int64)]
        {
            let certificate = try place.verify {
                $0.from = from
                $0.to = to
            }
            try expectSame(certificate, events: to - from + 1)
            #expect(certificate.from == from && certificate.to == to)
            #expect(certificate.assumptions.isEmpty == (from == 1))
        }
    }

    @Test("What is gone on with comes to the same digests and figures as one run")
    func goingOn() throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: 11)
        try shop.run(rounds: 3, events: 1_800, batchEvents: 1_000)
        let first = try place.verify { $0.to = 5_000 }
        let checkpoint = try Certificate.checkpoint(inJSON: Array(first.json.jsonText.utf8))
        #expect(checkpoint.position == 4_096)
        let rest = try place.verify { $0.checkpoint = checkpoint }
        let whole = try place.verify()
        try expectSame(rest, events: 5_403)
        #expect(rest.digests == whole.digests)
        #expect(rest.counts == whole.counts)
        #expect(rest.from == 4_097)
        // Nobody has verified what stands before this one.
        let part = try place.verify { $0.from = 2 }
        #expect(throws: CertificateDefect.self) {
            try Certificate.checkpoint(inJSON: Array(part.json.jsonText.utf8))
        }
    }

    @Test("Pages that end early, because payloads are large, follow each other as others do")
    func largePayloads() throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: 5)
        try shop.activate(variant: 0, at: .start)
        for index in 0..<1_200 {
            // Three of them are more than a page may hold.
            let isLarge = index % 97 < 4
            guard isLarge else {
                _ = try place.store.append(shop.event())
                continue
            }
            let padding = String(repeating: "x", count: 400_000)
            let payload = #"{"order":\#(index),"email":"ann@x.test","total":5,"padding":"\#(padding)"}"#
            _ = try place.store.append(NewEvent(type: "order.placed", payload: Array(payload.utf8)))
        }
        try shop.project(batchEvents: 100, at: .start)
        try shop.activate(variant: 1, at: .start + .hours(1))
        try shop.project(batchEvents: 100, at: .start)
        try expectSame(place.verify(), events: 1_202)
        try expectSame(place.verify { $0.from = 700 }, events: 503)
        try expectSame(place.verify { $0.passes = 3 }, events: 1_202)
    }

    @Test("A forged table of activations is named, and decides nothing: the log says which rules hold")
    func forgedActivation() throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: 8)
        // Pages of the second rule set lie wholly behind its activation.
        try shop.run(rounds: 2, events: 1_500, batchEvents: 1_000)
        try place.tamper(
            """
            UPDATE outbox_activation SET digest = (SELECT digest FROM outbox_activation WHERE position = 1)
            WHERE position > 1
            """)
        let certificate = try place.verify()
        #expect(certificate.differences.map(\.subject) == [.activation], "\(certificate.text)")
        #expect(certificate.digests.recomputedDecisions == certificate.digests.recordedDecisions)
    }

    @Test("A log that cannot be read on ends in its error, wherever that is", .timeLimit(.minutes(5)))
    func unreadable() throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: 6)
        try shop.run(rounds: 2, events: 2_000, batchEvents: 1_000)
        for readers in [0, 3] {
            for position in [Int64(0), 1_024, 3_584] {
                let log = BreakingLog(try place.log(readers: readers), at: position)
                var verification = Verification(log, VerificationRequest(place: "here")) { .start }
                #expect(throws: StoreError.unavailable("broken at \(position)")) {
                    try verification.run()
                }
            }
        }
    }

    @Test("A decision without its event is found behind the head, also behind what came meanwhile")
    func behindTheHead() throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: 7)
        try shop.run(rounds: 1, events: 120, batchEvents: 60)
        let last = try place.log().head().position
        try place.tamper("DELETE FROM outbox_log WHERE position = \(last)")
        for readers in [0, 3] {
            let log = try place.log(readers: readers)
            let event = try #require(try log.events(after: 19, limit: 1, bytes: 1).first)
            let head = LogHead(position: 20, link: event.link)
            let earlier = BreakingLog(log, extent: LogExtent(head: head, number: try log.emitted(1...20)))
            var verification = Verification(earlier, VerificationRequest(place: "here")) { .start }
            let certificate = try verification.run()
            #expect(certificate.differences.map(\.position) == [last], "\(certificate.text)")
        }
    }

    @Test(
        "Behind rules that cannot be read every command is counted once and its delivery looked at",
        arguments: StoreKind.allCases)
    func countedOnce(_ kind: StoreKind) throws {
        let place = try ReplayPlace(kind)
        var shop = Shop(place.store, seed: 9)
        try shop.run(rounds: 3, events: 2_500, batchEvents: 1_000)
        try shop.deliver()
        try place.tamper(
            """
            DELETE FROM outbox_rule_set WHERE digest =
                (SELECT digest FROM outbox_activation ORDER BY position LIMIT 1 OFFSET 1);
            DELETE FROM outbox_attempt WHERE command = (SELECT max(command) FROM outbox_outcome)
            """)
        let certificate = try place.verify()
        #expect(certificate.counts.commands == (try place.number("SELECT count(*) FROM outbox_command")))
        #expect(certificate.promises.first { $0.promise == .outcomeHasAttempt }?.breaches == 1)
    }

    @Test(
        "Rows that nothing can have written end in a certificate, whatever is asked for",
        arguments: StoreKind.allCases,
        [
            "UPDATE outbox_ledger SET position = -5 WHERE number = 3",
            "UPDATE outbox_ledger SET occurred_at = 9223372036854775807 WHERE number = 3",
            "UPDATE outbox_command SET number = 9223372036854775807 WHERE number = 20",
            "UPDATE outbox_command SET number = -9223372036854775807 WHERE number = 20",
            "UPDATE outbox_log SET position = 9223372036854775807 WHERE position = 150",
            "UPDATE outbox_decision SET position = 9223372036854775807 WHERE position = 150",
            "UPDATE outbox_log SET occurred_at = -9223372036854775807 WHERE position = 150",
        ])
    func hostile(_ kind: StoreKind, _ forge: String) throws {
        let place = try ReplayPlace(kind)
        var shop = Shop(place.store, seed: 3)
        try shop.run(rounds: 2, events: 120, batchEvents: 50)
        try place.tamper(forge)
        for readers in [0, 3] {
            #expect(try place.verify(readers: readers).verdict == .differs)
            #expect(try place.verify(readers: readers) { $0.keyMemory = 1 }.verdict == .differs)
            #expect(try place.verify(readers: readers) { $0.passes = 3 }.verdict == .differs)
            // What stands before the first position is taken as it is.
            _ = try place.verify(readers: readers) { $0.from = 130 }
            _ = try place.verify(readers: readers) { ($0.from, $0.to) = (100, 200) }
        }
    }

    private func expectSame(_ certificate: Certificate, events: Int64) throws {
        #expect(certificate.verdict == .same, "\(certificate.text)")
        #expect(certificate.counts.events == events)
        #expect(certificate.digests.recomputedDecisions == certificate.digests.recordedDecisions)
        #expect(certificate.digests.log == certificate.head.link)
    }
}
