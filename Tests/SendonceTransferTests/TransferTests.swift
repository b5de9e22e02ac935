// A log moves with everything that it remembers, and goes on at its new place as if it had never moved.
import SendonceCore
import SendonceProjection
import SendonceStore
import SendonceTransfer
import Testing

@Suite(.serialized) struct TransferTests {
    @Test("Every table arrives whole: the digests of both sides are equal", arguments: Direction.allCases)
    func whole(direction: Direction) throws {
        let move = try Move(direction)
        let report = try move.run()
        #expect(report.tables.map(\.name) == TransferTable.all.map(\.name) + ["outbox"])
        for table in report.tables {
            #expect(table.isEqual, "\(table.name)")
            #expect(table.source.rows > 0, "\(table.name) has no row that could have been lost")
        }
        #expect(report.remaining == 0 && report.brought == 6)
        #expect(try lines(of: move.source) == lines(of: move.target))
        #expect(try intake(of: move.source) == intake(of: move.target))
    }

    @Test("There and back again, the log is the same", arguments: Direction.across)
    func back(direction: Direction) throws {
        let move = try Move(direction)
        let there = try move.run()
        try move.confirm()
        let home = try Place(direction.source)
        let second = Transfer(from: move.target, to: try home.open())
        let back = try second.run(Move.act, name: "t2")
        #expect(there.tables.dropLast() == back.tables.dropLast())
        #expect(there.tables.last?.source.rows == back.tables.last?.source.rows)
        #expect(try lines(of: move.source) == lines(of: home.open()))
    }

    @Test(
        "After the confirmation the new place decides as the old one would have, and sends nothing twice",
        arguments: Direction.allCases)
    func goesOn(direction: Direction) throws {
        let move = try Move(direction)
        let place = try Place(direction.source)
        let stayed = try place.open()
        try Story.tell(to: stayed)
        try move.run()
        try move.confirm()
        for store in [stayed, move.target] {
            for number in [5, 41, 50] { _ = try store.append(Story.order(number)) }
            try Story.project(in: store, at: .start + .days(41))
        }
        #expect(try lines(of: move.target) == lines(of: stayed))
        let (expected, claimed) = (try claimAll(stayed), try claimAll(move.target))
        #expect(claimed == expected)
        #expect(claimed.count > 10)
        let finished = try move.target.messages(MessageFilter(state: "accepted"), before: nil, limit: 1_000)
        #expect(!finished.isEmpty)
        #expect(Set(claimed.map(\.id)).isDisjoint(with: finished.map(\.id)))
        let emitted = try move.target.messages(MessageFilter(), before: nil, limit: 1_000).map(\.id)
        #expect(Set(emitted).count == emitted.count)
    }

    @Test(
        "Settling goes on: late answers get new numbers behind those that came", arguments: Direction.allCases
    )
    func numbers(direction: Direction) throws {
        let move = try Move(direction)
        let last = try move.source.lastIntakeNumber()
        try move.run()
        try move.confirm()
        #expect(try move.target.append(Story.order(60)) > last)
        let claimed = try Story.claim(move.target, 2, at: .start + .days(90))
        let lost = try #require(claimed.first)
        let hold = Verdict(.unknown, code: "curl_28")
        _ = try move.target.settle([Story.settlement(lost, hold, .hold(.unknownOutcome))])
        let late = Story.settlement(lost, Verdict(.accepted, code: "ok"), .finish(.accepted))
        #expect(try move.target.settle([late]) == [.stale])
        #expect(try move.target.message(lost.due.command.id)?.standing.word == "accepted")
    }

    @Test("An empty log moves too", arguments: Direction.across)
    func empty(direction: Direction) throws {
        let move = try Move(direction, filled: false)
        #expect(try move.run().tables.allSatisfy { $0.source.rows == 0 && $0.isEqual })
        try move.confirm()
        _ = try move.target.append(Story.order(1))
        try Story.activate(template: "1", in: move.target, at: .start)
        try Story.project(in: move.target, at: .start)
        #expect(try move.target.counts().commands == 1)
    }

    @Test("Commands of a long log are found by id and recipient at the new place")
    func lookup() throws {
        let move = try Move(.postgresToSQLite, filled: false)
        try Story.activate(template: "1", in: move.source, at: .start)
        for number in 1...10_050 {
            _ = try move.source.append(Story.order(number, email: "a\(number)@x.test"))
        }
        let projector = LiveProjector(store: move.source)
        while case .moved = try projector.step(now: .start) {}
        try move.run()
        #expect(try move.to.texts("SELECT CAST(last - first AS TEXT) FROM outbox_run").count == 1)
        for number in [1, 9_999, 10_050] {
            let found = try move.target.messages(
                MessageFilter(recipient: Text("a\(number)@x.test")), before: nil, limit: 9)
            #expect(found.count == 1)
            #expect(try found.first.flatMap { try move.target.message($0.id) } != nil)
        }
    }

    @Test(
        "Tables and columns that move, and those that do not, are all that there are",
        arguments: PlaceKind.allCases)
    func tables(kind: PlaceKind) throws {
        let place = try Place(kind)
        let sql =
            switch kind {
            case .file:
                """
                SELECT m.name || ' ' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c
                WHERE m.type = 'table' AND m.name LIKE 'outbox%'
                """
            case .server:
                """
                SELECT table_name || ' ' || column_name FROM information_schema.columns
                WHERE table_name LIKE 'outbox%' AND table_name <> 'outbox_message'
                """
            }
        let found = try place.texts(sql).filter { line in
            !TransferTable.left.keys.contains { line.hasPrefix($0 + " ") }
        }
        let known = TransferTable.all.flatMap { table in table.columnNames.map { "\(table.name) \($0)" } }
        #expect(Set(found) == Set(known))
        #expect(found.count == known.count)
    }

    // MARK: Reading

    private struct Claim: Hashable {
        var id: CommandID
        var attempt: Int
        var token: Int64
    }

    private func claimAll(_ store: AnyStore) throws -> [Claim] {
        try Story.claim(store, 1_000, at: .start + .days(200))
            .map { Claim(id: $0.due.command.id, attempt: $0.attempt, token: $0.token) }
            .sorted { $0.id < $1.id }
    }

    private func intake(of store: AnyStore) throws -> [Event] {
        try store.intake(limit: 1_000).map(\.event)
    }
}

/// All that a store tells of its log, line by line; a provider's NUL as U+FFFD, which stands for it on some.
func lines(of store: AnyStore) throws -> [String] {
    var lines: [String] = []
    for logged in try store.events(after: 0, type: nil, limit: 10_000) {
        lines.append("\(logged.position) \(logged.link) \(logged.event)")
        for decision in try store.decisions(at: logged.position) { lines.append("\(decision)") }
    }
    for message in try store.messages(MessageFilter(), before: nil, limit: 10_000) {
        lines.append("\(message)")
        for attempt in try store.attempts(of: message.id) { lines.append("\(attempt)") }
    }
    let counts = try store.counts()
    lines.append("\(counts.queued.sorted { $0.key < $1.key }) \(counts.finished.sorted { $0.key < $1.key })")
    lines.append(
        "\(try store.scopes().sorted { $0.key < $1.key }) \(String(describing: try store.activation()?.ruleSet))"
    )
    return lines.map {
        String(String.UnicodeScalarView($0.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}
