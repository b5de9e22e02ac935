// The port of replay: the same rows in the same form on every store, in pages, and nothing behind a page's
// end.
import SendonceCore
import SendonceStore
import Testing

@Suite("Conformance: what replay reads")
struct ReplayLogTests {
    /// Three orders, one of them twice, in two batches, and an activation's worth of nothing.
    private func filled(_ kind: StoreUnderTest) throws -> TestPlace {
        let place = try TestPlace(kind)
        let store = try place.open()
        var head = LogHead.empty
        for batch in [[1, 2], [3, 1], [4]] {
            try store.project { transaction throws(StoreError) in
                var projected = ProjectedBatch()
                for order in batch {
                    let event = Event(
                        id: order == 4 ? nil : Text("e\(order)"), type: "order.placed", source: "shop",
                        payload: Array(#"{"order":\#(order)}"#.utf8), occurredAt: .start)
                    head = head.adding(event)
                    projected.events.append(
                        LoggedEvent(
                            position: head.position, event: event, link: head.link,
                            recordedAt: .start + .seconds(1)))
                    projected.decisions.append(Self.decision(order, at: head.position))
                }
                try transaction.write(projected)
            }
        }
        return place
    }

    private static func decision(_ order: Int, at position: Int64) -> Decision {
        let key = Key(scope: "rule", parts: [Text("\(order)")])
        guard position != 4 else {
            return Decision(
                position: position, rule: "rule", reason: .duplicate(winner: 1), key: key,
                recipient: "a@x.test")
        }
        let command = Command(
            id: CommandID(key: key.digest, slot: "forever", generation: 1), position: position, rule: "rule",
            item: 0, key: key, slot: "forever", generation: 1, ruleSet: key.digest,
            recipient: EmailAddress(recorded: "a@x.test"), route: "a", occurredAt: .start, notBefore: .start,
            expiresAt: order == 2 ? .start + .hours(1) : nil, onUnknown: order == 2 ? .hold : nil,
            supersedeDigest: order == 3 ? key.digest : nil)
        return Decision(
            position: position, rule: "rule", reason: .emitted, key: key, recipient: "a@x.test",
            command: command)
    }

    private func page(_ log: any RecordReader, _ change: (inout RecordRequest) -> Void = { _ in }) throws
        -> RecordPage
    {
        var request = RecordRequest(after: 0, through: .max, number: 0, events: 100, bytes: 1 << 20)
        change(&request)
        let page = RecordPage()
        try log.read(request, into: page)
        #expect(page.commands.ends.isEmpty)
        try log.readCommands(request, into: page)
        return page
    }

    @Test(
        "The head is the last position with its link, and the log's name the first link",
        arguments: StoreUnderTest.allCases)
    func head(_ kind: StoreUnderTest) throws {
        let empty = try TestPlace(kind)
        let place = try filled(kind)
        defer { withExtendedLifetime((empty, place)) {} }
        #expect(try empty.replayLog().head() == .empty)
        #expect(try empty.replayLog().name() == nil)
        let log = try place.replayLog()
        #expect(try log.head().position == 5)
        #expect(try log.name() == log.events(after: 0, limit: 9, bytes: 1 << 20).first?.link)
        #expect(try log.events(after: 2, limit: 2, bytes: 1 << 20).map(\.position) == [3, 4])
        #expect(try log.events(after: 0, limit: 9, bytes: 1).map(\.position) == [1])
        #expect(try log.extent() == LogExtent(head: log.head(), number: 4))
        #expect(try empty.replayLog().extent() == LogExtent(head: .empty, number: 0))
        #expect(try log.emitted(1...5) == 4)
        #expect(try log.emitted(5...9) == 1)
    }

    @Test("Recorded rows have the bytes of the values that were written", arguments: StoreUnderTest.allCases)
    func sameBytes(_ kind: StoreUnderTest) throws {
        let place = try filled(kind)
        defer { withExtendedLifetime(place) {} }
        let page = try page(place.replayLog())
        let (decisions, commands) = (RowBuffer(), RowBuffer())
        for (place, order) in [1, 2, 3, 1, 4].enumerated() {
            let decision = Self.decision(order, at: Int64(place) + 1)
            DecisionRow.add(decision, to: decisions)
            if let command = decision.command {
                CommandRow.add(command, number: Int64(commands.ends.count) + 1, to: commands)
            }
        }
        #expect(page.decisions.hasSameBytes(as: decisions))
        #expect(page.commands.hasSameBytes(as: commands))
        #expect(page.events.ends.count == 5)
        // What the chain is made from stands first, as `LogHead.adding` takes it.
        var builder = DigestBuilder()
        builder.add(Digest.zero)
        var cursor = page.events.cursor(0)
        _ = cursor.integer()
        _ = cursor.integer()
        for _ in 0..<6 { _ = cursor.part() }
        builder.add(UnsafeRawBufferPointer(rebasing: page.events.row(0)[..<cursor.offset]))
        #expect(builder.digest() == cursor.digest())
    }

    @Test("A page ends where it is told, and holds nothing behind it", arguments: StoreUnderTest.allCases)
    func pages(_ kind: StoreUnderTest) throws {
        let place = try filled(kind)
        defer { withExtendedLifetime(place) {} }
        let log = try place.replayLog()
        let first = try page(log) { $0.events = 2 }
        #expect(first.through == 2)
        #expect([first.events, first.decisions, first.commands].map(\.ends.count) == [2, 2, 2])
        let second = try page(log) {
            ($0.after, $0.number, $0.through) = (2, 2, 4)
        }
        #expect(second.through == 4)
        #expect([second.events, second.decisions, second.commands].map(\.ends.count) == [2, 2, 1])
        let small = try page(log) { $0.bytes = 1 }
        #expect(small.through == 1)
        #expect([small.events, small.decisions, small.commands].map(\.ends.count) == [1, 1, 1])
        let behind = try page(log) { ($0.after, $0.number) = (5, 4) }
        #expect([behind.events, behind.decisions, behind.commands].map(\.ends.count) == [0, 0, 0])
        #expect(behind.through == 105)
    }

    @Test("Names come in their order, page by page, up to a position", arguments: StoreUnderTest.allCases)
    func names(_ kind: StoreUnderTest) throws {
        let place = try filled(kind)
        defer { withExtendedLifetime(place) {} }
        let log = try place.replayLog()
        var positions: [Int64] = []
        var last: NamePlace?
        while true {
            let rows = RowBuffer()
            try log.names(after: last, through: 4, limit: 1, into: rows)
            guard rows.ends.count == 1 else { break }
            var cursor = rows.cursor(0)
            let (id, source) = (
                Array(cursor.part() ?? .init(start: nil, count: 0)),
                Array(cursor.part() ?? .init(start: nil, count: 0))
            )
            positions.append(cursor.integer())
            last = NamePlace(id: id, source: source, position: positions.last ?? 0)
        }
        #expect(positions == [1, 4, 2, 3])
        let rows = RowBuffer()
        try log.names(after: nil, through: 3, limit: 10, into: rows)
        #expect(rows.ends.count == 3)
    }

    @Test("The ledger comes in the order of its keys, page by page", arguments: StoreUnderTest.allCases)
    func ledger(_ kind: StoreUnderTest) throws {
        let place = try filled(kind)
        defer { withExtendedLifetime(place) {} }
        let log = try place.replayLog()
        let whole = RowBuffer()
        try log.ledger(after: nil, limit: 10, into: whole)
        #expect(whole.ends.count == 4)
        let paged = RowBuffer()
        var last: LedgerPlace?
        for count in 1...4 {
            try log.ledger(after: last, limit: 1, into: paged)
            #expect(paged.ends.count == count)
            var cursor = paged.cursor(count - 1)
            func bytes() -> [UInt8] { cursor.part().map { Array($0) } ?? [] }
            last = LedgerPlace(key: bytes(), digest: bytes(), slot: bytes(), generation: cursor.integer())
        }
        #expect(paged.hasSameBytes(as: whole))
        let expected = RowBuffer()
        for (number, order) in [1, 2, 3, 4].enumerated() {
            guard let command = Self.decision(order, at: order == 4 ? 5 : Int64(order)).command else {
                continue
            }
            LedgerRow.add(command, scope: "rule", number: Int64(number) + 1, to: expected)
        }
        #expect(whole.hasSameBytes(as: expected))
    }

    @Test("Deliveries are those of the numbers that are asked for", arguments: StoreUnderTest.allCases)
    func deliveries(_ kind: StoreUnderTest) throws {
        let place = try filled(kind)
        defer { withExtendedLifetime(place) {} }
        let store = try place.open()
        let claimed = try store.claim(
            [RouteShare(route: "a", commands: 2)], now: .start + .minutes(1), lease: .minutes(1),
            dispatcher: "d"
        ) { _ in .attempt(request: DigestBuilder.digest(of: [1])) }.claimed
        let first = try #require(claimed.first)
        _ = try store.settle([
            Settlement(
                number: first.due.number, attempt: 1, token: first.token,
                verdict: Verdict(.accepted, code: "x"),
                step: .finish(.accepted), status: nil, issues: 1, finishedAt: .start + .minutes(2))
        ])
        let page = DeliveryPage()
        try place.replayLog().deliveries(1...3, into: page)
        #expect(
            [page.queued, page.attempts, page.outcomes, page.finishes].map(\.ends.count) == [2, 2, 1, 1])
        var attempt = page.attempts.cursor(0)
        #expect(
            (0..<4).map { _ in attempt.integer() } == [
                first.due.number, 1, 1, (Timestamp.start + .minutes(1)).microseconds,
            ])
        var finish = page.finishes.cursor(0)
        #expect(
            (0..<3).map { _ in finish.integer() } == [
                first.due.number, (Timestamp.start + .minutes(2)).microseconds, 1,
            ])
    }
}
