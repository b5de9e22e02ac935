// Tables that end at, or just behind, a page of a transfer: nothing depends on where a page ends.
import SendonceCore
import SendonceProjection
import SendonceStore
import SendonceTransfer
import Testing

@Suite(.serialized) struct PageTests {
    private static let page = TransferLimits.rows

    private static let cases: [(Direction, Int)] =
        [page - 1, page, page + 1, 2 * page].map { (.sqliteToSQLite, $0) }
        + [(.sqliteToPostgres, page), (.postgresToSQLite, page + 1)]

    @Test(
        "A log and an intake of whole pages arrive whole, and nothing arrives twice", arguments: cases)
    func whole(direction: Direction, count: Int) throws {
        let move = try Move(direction, filled: false)
        // The activation is an event too.
        try Story.activate(template: "1", in: move.source, at: .start)
        try move.from.appendOrders(2...count)
        let projector = LiveProjector(store: move.source)
        while case .moved = try projector.step(now: .start) {}
        try accept(from: move.source)
        try move.from.appendOrders(count + 1...2 * count)

        let report = try move.run()
        #expect(report.tables.allSatisfy(\.isEqual) && report.brought == count && report.remaining == 0)
        let rows = Dictionary(uniqueKeysWithValues: report.tables.map { ($0.name, Int($0.copy.rows)) })
        #expect(rows["outbox_log"] == count && rows["outbox_finish"] == count - 1)
        #expect(try move.run(name: "t2").brought == 0)
        try move.confirm()
        try move.from.appendOrders(2 * count + 1...3 * count)
        let rest = try move.run(name: "t3")
        // What came before the confirmation goes from the old intake now, and is known at the new one.
        #expect(rest.brought == count && rest.remaining == 0)
        #expect(try move.source.intakeCount() == 0 && move.target.intakeCount() == Int64(2 * count))
    }

    /// Sends all that is due.
    private func accept(from store: AnyStore) throws {
        while true {
            let claimed = try Story.claim(store, 500)
            if claimed.isEmpty { return }
            let settlements = claimed.map {
                Story.settlement($0, Verdict(.accepted, code: "http_201"), .finish(.accepted))
            }
            #expect(try store.settle(settlements).allSatisfy { $0 == .recorded })
        }
    }
}

extension Place {
    /// One event for each number.
    fileprivate func appendOrders(_ numbers: ClosedRange<Int>) throws {
        try run(
            """
            INSERT INTO outbox (event_type, payload, occurred_at)
            WITH RECURSIVE made (number) AS (
                SELECT \(numbers.lowerBound) UNION ALL
                SELECT number + 1 FROM made WHERE number < \(numbers.upperBound))
            SELECT 'order.placed', '{"order":' || number || ',"email":"a@x.test"}',
                '2026-11-21T00:00:00Z' FROM made
            """)
    }
}
