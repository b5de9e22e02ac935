// What a backfill reads of a store and writes into it: past events, and decisions about them.
import SendonceCore
import SendonceStore
import Testing

@Suite struct PastTests {
    /// Events of two types, #1 to #6, the even ones returned.
    private func log(_ store: AnyStore) throws {
        let types: [Text] = ["order.placed", "order.returned", "order.placed", "nobody.cares"]
        let events = (0..<6).map {
            Sample.event(
                types[$0 % 4], id: $0 < 4 ? Text("e\($0 % 2)") : nil, source: "shop", subject: Text("s\($0)"))
        }
        try store.log(events) { [Decision(position: $0, reason: .noRule)] }
    }

    @Test(
        "Past events are read by type and place, ascending, and no page is longer than asked for",
        arguments: StoreUnderTest.allCases)
    func events(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try log(store)
        func positions(
            after: Int64 = 0, through: Int64 = 6, _ types: [Text], limit: Int = 9, bytes: Int = 1_000
        ) throws -> [Int64] {
            try store.events(after: after, through: through, types: types, limit: limit, bytes: bytes)
                .map(\.position)
        }
        #expect(try positions(["order.placed"]) == [1, 3, 5])
        #expect(try positions(["order.returned", "order.placed"]) == [1, 2, 3, 5, 6])
        #expect(try positions(["order.placed", "order.placed"]) == [1, 3, 5])
        #expect(try positions(after: 1, through: 5, ["order.placed"]) == [3, 5])
        #expect(try positions(after: 1, through: 4, ["order.placed"]) == [3])
        #expect(try positions(["order.placed"], limit: 2) == [1, 3])
        let size = Sample.event().payload.count
        #expect(try positions(["order.placed"], bytes: 2 * size) == [1, 3])
        #expect(try positions(["order.placed"], bytes: 1) == [1])
        #expect(try positions([]) == [] && positions(["no.such"]) == [])
        let read = try #require(
            try store.events(after: 1, through: 2, types: ["order.returned"], limit: 1, bytes: 1).first)
        #expect(read == (try store.event(at: 2)))
    }

    @Test(
        "Names, winners and the head are those that a projector sees", arguments: StoreUnderTest.allCases)
    func asked(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        #expect(try store.head() == .empty)
        try log(store)
        let names = ["e0", "e1", "e2"].map { EventName(source: "shop", id: $0) }
        #expect(try store.positions(of: names) == [names[0]: 1, names[1]: 2])
        let won = try store.emit { try Sample.command("1", at: $0) }
        let question = LedgerQuestion(key: won.key, range: .first)
        #expect(try store.winners([question])[question]?.map(\.command) == [won.id])
        let open = try store.project { (open: any ProjectionTransaction) throws(StoreError) in
            (try open.head(), try open.winners([question]), try open.positions(of: names))
        }
        #expect(try store.head() == open.0 && store.winners([question]) == open.1)
        #expect(try store.positions(of: names) == open.2)
        #expect(try store.latestEvent(type: "order.placed", subject: "s4")?.position == 5)
        #expect(try store.latestEvent(type: "order.returned", subject: "s4") == nil)
        try store.log([Sample.event(subject: "s4")]) { [Decision(position: $0, reason: .noRule)] }
        #expect(try store.latestEvent(type: "order.placed", subject: "s4")?.position == 8)
    }

    @Test(
        "A decision about a past event is found with that event, and not with the one that made it",
        arguments: StoreUnderTest.allCases)
    func about(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try log(store)
        let command = try Sample.command("1", at: 3)
        try store.log([Sample.event("sendonce.backfill")]) { position in
            let emitted = Decision(
                position: position, event: 3, rule: "confirmation", reason: .emitted, key: command.key,
                recipient: "ann@x.test", command: command)
            return [
                Decision(position: position, reason: .control(detail: "backfill")), emitted,
                Decision(
                    position: position, event: 5, rule: "confirmation", item: 1,
                    reason: .duplicate(winner: 3), key: command.key, recipient: "ann@x.test"),
            ]
        }
        #expect(try store.decisions(at: 7).map(\.reason) == [.control(detail: "backfill")])
        let third = try store.decisions(at: 3)
        #expect(third.map(\.reason) == [.noRule, .emitted])
        #expect(third.map(\.position) == [3, 7] && third.map(\.event) == [nil, 3])
        #expect(third.map(\.about) == [3, 3] && third.last?.command == command.id)
        let losing = try store.decisions(losingTo: 3, limit: 9)
        #expect(losing.map(\.about) == [5] && losing.map(\.position) == [7])
        #expect(try store.message(command.id)?.position == 3)
    }

    @Test(
        "No decision is about an event that stands at its own position or behind it",
        arguments: StoreUnderTest.allCases)
    func notBefore(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        for event: Int64 in [0, 1, 2] {
            #expect(throws: StoreError.self) {
                try store.log([Sample.event()]) { [Decision(position: $0, event: event, reason: .noRule)] }
            }
        }
        #expect(try store.head() == .empty)
    }

    @Test(
        "What a past event sends is due with the act, and ended by what is known to be newer or to cancel it",
        arguments: StoreUnderTest.allCases)
    func queue(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try log(store)
        let digest = DigestBuilder.digest(of: Array("user 7".utf8))
        let commands = try (1...4).map { number in
            try Sample.command(
                Text("\(number)"), at: Int64(number), notBefore: .start + .hours(number == 4 ? 99 : 0),
                supersedes: number < 4 ? digest : nil)
        }
        let event = Sample.event("sendonce.backfill")
        let head = try store.head().adding(event)
        var batch = ProjectedBatch()
        batch.events = [
            LoggedEvent(position: 7, event: event, link: head.link, recordedAt: .start + .hours(50))
        ]
        batch.earliestDue = .start + .hours(50)
        batch.superseded = [commands[0].id: 5, commands[1].id: 6]
        batch.decisions = commands.enumerated().map {
            Decision(
                position: 7, event: $1.position, rule: $1.rule, item: Int64($0), reason: .emitted,
                key: $1.key, recipient: "ann@x.test", command: $1)
        }
        batch.decisions.append(
            Decision(
                position: 7, event: 6, rule: "confirmation", item: 4,
                reason: .cancels(command: commands[3].id), key: commands[3].key))
        let complete = batch
        try store.project { (open: any ProjectionTransaction) throws(StoreError) in try open.write(complete) }
        let standings = try commands.map { try #require(try store.queued($0)) }
        #expect(standings.map(\.dueAt) == [50, 50, 50, 99].map { .start + .hours($0) })
        #expect(standings.map(\.cancelledBy) == [nil, nil, nil, 6])
        // The first is displaced by what is known; the second, too, although the third is newer by place.
        #expect(standings.map(\.supersededBy) == [5, 6, nil, nil])
    }
}
