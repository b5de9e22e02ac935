// A backfill wins keys and emits commands for events that were decided long before: verification must not
// take them for what was there before.
import SendonceCore
import SendonceProjection
import SendonceReplay
import SendonceStore
import Synchronization
import Testing

@Suite("Verification of logs with a backfill")
struct BackfilledLogTests {
    private static let late = """
          welcome:
            event: order.placed
            to: data.email
            once_per: [data.order, recipient]
            template: { provider_id: "8" }

        """

    /// Only that rule, with another line.
    private static func welcome(_ line: String = "on_unknown: hold") -> String {
        """
        version: 1
        defaults: { route: a, from: "Shop <no-reply@shop.example>" }
        rules:
          welcome:
            event: order.placed
            \(line)
            to: data.email
            once_per: [data.order]
            template: { provider_id: "8" }

        """
    }

    /// A log of this many events and two activations, the later one of a rule that no event triggered yet.
    private func shop(_ kind: StoreKind, events: Int = 200) throws -> (ReplayPlace, Shop) {
        let place = try ReplayPlace(kind)
        var shop = Shop(place.store, seed: 4)
        try shop.run(rounds: 1, events: events, batchEvents: 500)
        try shop.activate(variant: 0, extra: Self.late, at: .start + .hours(2))
        return (place, shop)
    }

    private static func backfill(_ store: LiveStore, through last: Int64) throws {
        let backfill = try RuleBackfill(
            BackfillRequest(
                rule: "welcome", from: .position(1), through: .position(last), actor: "ann",
                reason: "added late", name: nil), in: store)
        let done = try backfill.run(confirmed: 1_000_000, now: { .start + .hours(3) })
        #expect(done.totals.emitted > 10)
    }

    private func expectSame(_ certificate: Certificate) {
        #expect(certificate.verdict == .same, "\(certificate.text)")
    }

    @Test("Up to a position before the backfill the log is the same", arguments: StoreKind.allCases)
    func upTo(_ kind: StoreKind) throws {
        var (place, shop) = try shop(kind)
        try Self.backfill(place.store, through: 202)
        for _ in 0..<30 { _ = try place.store.append(shop.event()) }
        try shop.project(batchEvents: 7, at: .start + .hours(4))
        try expectSame(place.verify())
        for position in [Int64(1), 60, 201, 202, 203, 220] {
            let certificate = try place.verify { $0.to = position }
            expectSame(certificate)
            let emitted = try place.number(
                "SELECT count(*) FROM outbox_decision WHERE reason = 'emitted' AND position <= \(position)")
            #expect(certificate.counts.commands == emitted && certificate.counts.ledger == emitted)
        }
        try expectSame(place.verify { ($0.from, $0.to) = (100, 202) })
    }

    @Test("What begins behind the backfill is the same; what begins before it and meets it says so")
    func from() throws {
        var (place, shop) = try shop(.sqlite)
        try Self.backfill(place.store, through: 202)
        for _ in 0..<30 { _ = try place.store.append(shop.event()) }
        try shop.project(batchEvents: 7, at: .start + .hours(4))
        try expectSame(place.verify { $0.from = 204 })
        let certificate = try place.verify { $0.from = 150 }
        #expect(certificate.verdict == .unclear, "\(certificate.text)")
        #expect(certificate.obstacles.first?.contains("begin at position 1") == true)
    }

    @Test(
        "Several passes say that they cannot judge a backfill, and nothing else",
        arguments: StoreKind.allCases)
    func severalPasses(_ kind: StoreKind) throws {
        // Pages of events that emitted nothing stand before it: its commands are the first ones of all.
        let place = try ReplayPlace(kind)
        let shop = Shop(place.store, seed: 4)
        try shop.activate(text: Self.welcome("when: data.total > 100"), at: .start)
        for order in 0..<1_300 {
            let payload = #"{"order":\#(order),"email":"ann@x.test","total":5}"#
            _ = try place.store.append(NewEvent(type: "order.placed", payload: Array(payload.utf8)))
        }
        try shop.project(batchEvents: 500, at: .start)
        try shop.activate(text: Self.welcome(), at: .start + .hours(1))
        try Self.backfill(place.store, through: 1_301)
        try expectSame(place.verify())
        for readers in [0, 3] {
            let certificate = try place.verify(readers: readers) { $0.passes = 3 }
            #expect(certificate.verdict == .unclear, "\(certificate.text)")
        }
    }

    @Test("A difference before a backfill is one, and the backfill is judged with its own page")
    func differenceBefore() throws {
        let (place, _) = try shop(.sqlite)
        try Self.backfill(place.store, through: 202)
        let last = try place.number(
            "SELECT count(*) FROM outbox_decision WHERE reason = 'emitted' AND position <= 202")
        // Short pages: the backfill's commands stand within what is read ahead behind the page that differs.
        try place.tamper("UPDATE outbox_command SET route = 'other' WHERE number = \(last - 15)")
        let certificate = try place.verify()
        #expect(certificate.differenceCount == 1, "\(certificate.text)")
        #expect(certificate.differences.first?.columns == ["route"])
    }

    @Test("What begins behind the end of the log is empty, however far behind")
    func behindTheEnd() throws {
        let (place, _) = try shop(.sqlite)
        let certificate = try place.verify { $0.from = 9_000_000_000_000_000_000 }
        #expect(certificate.counts.events == 0)
    }

    @Test("A checkpoint before the backfill can be gone on with up to it")
    func after() throws {
        let (place, _) = try shop(.sqlite, events: 4_200)
        let first = try place.verify()
        let checkpoint = try Certificate.checkpoint(inJSON: Array(first.json.jsonText.utf8))
        let head = try place.log().head().position
        try Self.backfill(place.store, through: 1_000)
        try expectSame(
            place.verify {
                $0.checkpoint = checkpoint
                $0.to = head
            })
    }

    @Test("A backfill while verification runs lies behind it", arguments: StoreKind.allCases, [1, 3])
    func meanwhile(_ kind: StoreKind, _ passes: Int) throws {
        for readers in [0, 3] {
            let (place, _) = try shop(kind)
            let store = place.store
            let failure = Mutex<String?>(nil)
            let log = BreakingLog(try place.log(readers: readers)) {
                do {
                    try Self.backfill(store, through: 150)
                } catch {
                    failure.withLock { $0 = "\(error)" }
                }
            }
            var request = VerificationRequest(place: "here")
            request.passes = passes
            var verification = Verification(log, request) { .start }
            let certificate = try verification.run()
            #expect(failure.withLock { $0 } == nil)
            expectSame(certificate)
            #expect(certificate.to == 202)
        }
    }
}
