// Logs whose tables end at, or just behind, a page of a rebuild: nothing depends on where a page ends.
import SendonceCore
import SendonceProjection
import SendonceRebuild
import SendonceRules
import SendonceStore
import SendonceTransfer
import Testing

@Suite(.serialized) struct PageTests {
    private static let page = RebuildLimits.commands

    private static let cases: [(PlaceKind, Int)] =
        [page - 1, page, page + 1, 2 * page + 1].map { (.file, $0) } + [(.server, page + 1)]

    @Test("Whole pages of finished commands are finished again", arguments: cases)
    func finished(kind: PlaceKind, count: Int) throws {
        let pair = try Pair(kind, commands: count)
        try pair.old.accept(count)
        let before = try pair.old.digests()
        let report = try pair.run()
        #expect(report.isWhole && report.commands.finished == Int64(count))
        #expect(try pair.new.digests() == before)
        _ = try pair.run(name: "r2")
        #expect(try pair.new.digests() == before)
    }

    @Test("Whole pages of ends that were lost follow from the outcomes", arguments: cases)
    func ended(kind: PlaceKind, count: Int) throws {
        let pair = try Pair(kind, commands: count)
        try pair.old.accept(count)
        let before = try pair.old.digests()
        try pair.old.empty(.finish)
        let report = try pair.run()
        #expect(report.isWhole && report.commands.ended == Int64(count))
        #expect(try pair.new.digests() == before)
    }

    @Test("Whole pages of commands that were never tried are held", arguments: cases)
    func untried(kind: PlaceKind, count: Int) throws {
        let pair = try Pair(kind, commands: count)
        let report = try pair.run()
        #expect(report.isWhole && report.commands.restored == Int64(count))
        for table in ["outbox_gate", "outbox_queue"] {
            #expect(try pair.new.number("SELECT count(*) FROM \(table)") == count, "\(table)")
        }
        let before = try pair.new.digests()
        _ = try pair.run(name: "r2")
        #expect(try pair.new.digests() == before)
    }

    @Test("Interrupted before any step, a page of finished and one of queued commands come over all the same")
    func interrupted() throws {
        let (finished, count) = (Self.page + 1, 2 * Self.page)
        let whole = try Pair(.file, commands: count)
        try whole.old.accept(finished)
        try whole.run()
        let expected = try whole.new.digests()
        var step = 0
        var isOver = false
        while !isOver {
            step += 3
            let pair = try Pair(.file, commands: count)
            try pair.old.accept(finished)
            let target = FailingTarget(store: pair.new.store, steps: Steps(failing: step))
            do {
                _ = try Rebuild(from: pair.old.store, to: target).run(Pair.act, name: "r1")
                isOver = true
            } catch {
                guard case .store(Steps.failure) = error else { throw error }
            }
            try pair.run(name: "r2")
            #expect(try pair.new.digests() == expected, "step \(step)")
        }
        #expect(step > 15)
    }
}

extension Pair {
    /// A log with so many commands, all due.
    fileprivate init(_ kind: PlaceKind, commands: Int) throws {
        self.init(old: try Place(kind), new: try Place(kind))
        let parsed = try RuleFile.parse(Array(Self.rules.utf8), fileName: "rules") { _ in nil }
        _ = try RuleSetActivation.activate(
            RuleSetActivation.plan(parsed, in: old.store), actor: "ann", reason: "first", confirmedKeys: 0,
            now: .start, in: old.store)
        try old.damage(
            [],
            """
            INSERT INTO outbox (event_type, payload, occurred_at)
            WITH RECURSIVE made (number) AS (
                SELECT 1 UNION ALL SELECT number + 1 FROM made WHERE number < \(commands))
            SELECT 'order.placed', '{"order":' || number || ',"email":"a@x.test"}',
                '\(Timestamp.start.text)' FROM made
            """)
        let projector = LiveProjector(store: old.store)
        while case .moved = try projector.step(now: .start) {}
    }

    private static let rules = """
        version: 1
        defaults: { route: a, from: "Shop <no-reply@shop.example>" }
        rules:
          confirmation:
            event: order.placed
            to: data.email
            once_per: [data.order]
            template: { provider_id: "1" }

        """
}

extension Place {
    /// Sends the first so many commands, each with one attempt.
    fileprivate func accept(_ count: Int) throws {
        var left = count
        while left > 0 {
            let claimed = try store.claim(
                [RouteShare(route: "a", commands: min(left, 500))], now: .start + .days(1),
                lease: .minutes(1), dispatcher: "d"
            ) { _ in .attempt(request: Story.request) }.claimed
            try #require(!claimed.isEmpty)
            let settlements = claimed.map { one in
                Settlement(
                    number: one.due.number, attempt: one.attempt, token: one.token,
                    verdict: Verdict(.accepted, code: "http_201"), step: .finish(.accepted), status: 201,
                    issues: 1, finishedAt: .start + .days(1))
            }
            #expect(try store.settle(settlements).allSatisfy { $0 == .recorded })
            left -= claimed.count
        }
    }
}
