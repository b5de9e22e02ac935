// What people ask: by recipient, key part, event, command, provider's id; page by page.
import SendonceCore
import SendonceStore
import Testing

@Suite struct AuditTests {
    @Test(
        "Messages are listed newest first, page by page, by all that is given",
        arguments: StoreUnderTest.allCases)
    func messages(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        for number in 1...5 {
            try store.emit {
                try Sample.command(
                    Text("\(number)"), at: $0, rule: number < 3 ? "one" : "two",
                    route: number % 2 == 0 ? "b" : "a",
                    recipient: number == 5 ? "bob@x.test" : "ann@x.test")
            }
        }
        let first = try store.messages(MessageFilter(), before: nil, limit: 3)
        #expect(first.map(\.key) == [#"["5"]"#, #"["4"]"#, #"["3"]"#])
        let second = try store.messages(MessageFilter(), before: first.last?.number, limit: 3)
        #expect(second.map(\.key) == [#"["2"]"#, #"["1"]"#])
        func keys(_ filter: MessageFilter) throws -> [Text] {
            try store.messages(filter, before: nil, limit: 9).map(\.key)
        }
        #expect(try keys(MessageFilter(recipient: "bob@x.test")) == [#"["5"]"#])
        #expect(try keys(MessageFilter(rule: "one", route: "b")) == [#"["2"]"#])
        _ = try store.claimAll(limit: 1)
        #expect(try keys(MessageFilter(state: "sending")).count == 1)
        #expect(try keys(MessageFilter(route: "a", state: "pending")).count == 2)
    }

    @Test(
        "However many commands there are, each is found by its id and by its recipient, and no other is",
        arguments: StoreUnderTest.allCases)
    func many(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        var commands: [Command] = []
        // More than two of SQLite's runs, written in batches that do not end where runs do, and some after.
        for size in [7_000, 4_000, 13_000, 20] {
            try store.log(Array(repeating: Sample.event(), count: size)) { position in
                let command = try Sample.command(
                    Text("\(position)"), at: position, recipient: "shopper\(position % 997)@x.test")
                commands.append(command)
                return [Sample.emitted(command)]
            }
        }
        for place in [0, 1, 9_999, 10_000, 10_999, 11_000, 23_999, 24_000, 24_019] {
            let message = try #require(try store.message(commands[place].id), "command \(place)")
            #expect(message.number == Int64(place) + 1)
            #expect(message.key == commands[place].key.text)
        }
        let stranger = try Sample.command("none", at: 1)
        #expect(try store.message(stranger.id) == nil)
        let filter = MessageFilter(recipient: "shopper500@x.test")
        var found: [Int64] = []
        while true {
            let page = try store.messages(filter, before: found.last, limit: 10)
            found += page.map(\.number)
            if page.count < 10 { break }
        }
        let expected = commands.indices.map { Int64($0) + 1 }.filter { $0 % 997 == 500 }
        #expect(found == expected.reversed())
    }

    @Test(
        "Messages are found by any part of their key, and only by a whole part",
        arguments: StoreUnderTest.allCases)
    func keyParts(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.emit { try Sample.command("42", at: $0) }
        try store.emit { try Sample.command("42", "a\"b", at: $0) }
        try store.emit { try Sample.command("421", "42", at: $0) }
        try store.emit { try Sample.command("4", "2,\"42\"", at: $0) }
        #expect(try store.messages(keyPart: "42", limit: 9).map(\.position) == [3, 2, 1])
        #expect(try store.messages(keyPart: "a\"b", limit: 9).map(\.position) == [2])
        #expect(try store.messages(keyPart: "2,\"42\"", limit: 9).map(\.position) == [4])
        #expect(try store.messages(keyPart: "2", limit: 9).isEmpty)
        #expect(try store.messages(keyPart: "42", limit: 1).map(\.position) == [3])
    }

    @Test(
        "Near misses of a key differ in case, zeros, blanks or punctuation",
        arguments: StoreUnderTest.allCases)
    func similar(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        for part: Text in ["ORD-0042", "ord 0042", "0042", "43"] {
            try store.emit { try Sample.command(part, at: $0) }
        }
        #expect(try Set(store.similarKeys(to: "ord0042", limit: 9)) == ["ORD-0042", "ord 0042"])
        #expect(try store.similarKeys(to: "42", limit: 9) == ["0042"])
        #expect(try store.similarKeys(to: "43", limit: 9).isEmpty)
    }

    @Test("Events are paged in both directions, and by type", arguments: StoreUnderTest.allCases)
    func events(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.log([
            Sample.event("a", subject: "s"), Sample.event("b"), Sample.event("a"),
            Sample.event("a", subject: "s"),
        ]) { _ in [] }
        #expect(try store.events(after: 1, type: nil, limit: 2).map(\.position) == [2, 3])
        #expect(try store.events(before: 4, type: nil, limit: 2).map(\.position) == [3, 2])
        #expect(try store.events(before: .max, type: "a", limit: 2).map(\.position) == [4, 3])
        #expect(try store.events(after: 0, type: "b", limit: 9).map(\.position) == [2])
        #expect(try store.positions(ofSubject: "s", limit: 9) == [4, 1])
        #expect(try store.event(at: 9) == nil)
    }

    @Test("Losers are found by their winner, refusals by their recipient", arguments: StoreUnderTest.allCases)
    func losers(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.emit { try Sample.command("42", at: $0) }
        for _ in 1...2 {
            try store.log([Sample.event()]) {
                [
                    Decision(position: $0, rule: "r", reason: .duplicate(winner: 1), recipient: "ann@x.test"),
                    Decision(
                        position: $0, rule: "s", reason: .conditionFalse(detail: nil), recipient: "ann@x.test"
                    ),
                ]
            }
        }
        #expect(try store.decisions(losingTo: 1, limit: 9).map(\.position) == [2, 3])
        let refusals = try store.refusals(of: "ann@x.test", rule: nil, limit: 9)
        #expect(refusals.map(\.position) == [3, 2])
        #expect(Set(refusals.map(\.rule)) == ["s"])
        #expect(try store.refusals(of: "bob@x.test", rule: nil, limit: 9).isEmpty)
    }

    @Test("Repeats are found by the event that they repeat", arguments: StoreUnderTest.allCases)
    func repeats(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.log([Sample.event()]) { [Decision(position: $0, reason: .noRule)] }
        try store.log(Array(repeating: Sample.event(), count: 2)) {
            [Decision(position: $0, reason: .repeatedEvent(of: 1))]
        }
        let found = try store.decisions(losingTo: 1, limit: 9)
        #expect(found.map(\.position) == [2, 3])
        #expect(found.map(\.reason) == [.repeatedEvent(of: 1), .repeatedEvent(of: 1)])
    }

    @Test(
        "A rule's refusals of a recipient are found behind any number of another rule's",
        arguments: StoreUnderTest.allCases)
    func refusalsOfRule(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.log(Array(repeating: Sample.event(), count: 300)) { position in
            [
                Decision(
                    position: position, rule: position % 100 == 1 ? "rare" : "often",
                    reason: .paramMissing(name: "name"), recipient: "ann@x.test")
            ]
        }
        func found(_ rule: Text?, limit: Int) throws -> [Int64] {
            try store.refusals(of: "ann@x.test", rule: rule, limit: limit).map(\.position)
        }
        #expect(try found("rare", limit: 9) == [201, 101, 1])
        #expect(try found("rare", limit: 2) == [201, 101])
        #expect(try found("often", limit: 100).last == 200)
        #expect(try found(nil, limit: 100).last == 201)
        #expect(try found("none", limit: 9).isEmpty)
    }

    @Test("Counts say what waits, since when, and what is done", arguments: StoreUnderTest.allCases)
    func counts(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        _ = try store.append(
            NewEvent(type: "a", payload: Array("{}".utf8), occurredAt: "2026-11-21T00:00:00Z"))
        try store.emit { try Sample.command("1", at: $0, notBefore: .start + .seconds(5)) }
        try store.emit { try Sample.command("2", at: $0) }
        let claimed = try #require(try store.claimAll().claimed.first)
        _ = try store.settle([claimed.settlement(Verdict(.rejected, code: "no"), .finish(.rejected))])
        let counts = try store.counts()
        #expect(counts.intake == 1)
        #expect(counts.logged == 2)
        #expect(counts.commands == 2)
        #expect(counts.queued == ["pending": 1])
        #expect(counts.finished == ["rejected": 1])
        #expect(counts.oldestIntakeAt == .start)
        #expect(counts.oldestDueAt == .start + .seconds(5))
        #expect(counts.oldestHeldAt == nil)
    }
}
