// The projector's port: all or nothing, places without holes, winners of every range.
import SendonceCore
import SendonceStore
import Testing

@Suite struct ProjectionTests {
    @Test(
        "A batch that fails leaves nothing behind, and the intake keeps its rows",
        arguments: StoreUnderTest.allCases)
    func atomicity(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        _ = try store.append(NewEvent(type: "order.placed", payload: Array("{}".utf8)))
        let event = LoggedEvent(
            position: 1, event: Sample.event(), link: LogHead.empty.adding(Sample.event()).link,
            recordedAt: .start)
        #expect(throws: StoreError.failed("stop")) {
            try store.project { (open: any ProjectionTransaction) throws(StoreError) in
                let taken = try open.take(events: 10, bytes: 1_000)
                var batch = ProjectedBatch()
                batch.events = [event]
                batch.moved = taken.map(\.sequence)
                try open.write(batch)
                throw .failed("stop")
            }
        }
        #expect(try store.intake(limit: 10).count == 1)
        #expect(try store.event(at: 1) == nil)
        #expect(try store.hasIntake())
    }

    @Test(
        "A position that leaves a hole is refused, and so is one that exists",
        arguments: StoreUnderTest.allCases)
    func positionsHaveNoHoles(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.log([Sample.event()]) { _ in [] }
        for position: Int64 in [1, 3] {
            var batch = ProjectedBatch()
            batch.events = [
                LoggedEvent(
                    position: position, event: Sample.event(), link: Sample.ruleSet, recordedAt: .start)
            ]
            let wrong = batch
            let error = #expect(throws: StoreError.self) {
                try store.project { (open: any ProjectionTransaction) throws(StoreError) in
                    try open.write(wrong)
                }
            }
            guard case .conflict = error else {
                Issue.record("expected a conflict, got \(String(describing: error))")
                continue
            }
        }
        #expect(try store.counts().logged == 1)
    }

    @Test("The head is the last position with its link", arguments: StoreUnderTest.allCases)
    func head(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let empty = try store.project { (open: any ProjectionTransaction) throws(StoreError) in
            try open.head()
        }
        #expect(empty == .empty)
        let expected = try store.log([Sample.event(), Sample.event("order.paid")]) { _ in [] }
        let found = try store.project { (open: any ProjectionTransaction) throws(StoreError) in
            try open.head()
        }
        #expect(found == expected)
        #expect(found.position == 2)
    }

    @Test("Links are what anybody computes from the log's rows", arguments: StoreUnderTest.allCases)
    func links(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let rich = Event(
            id: kind.keepsNUL ? "e\u{0}1" : "e1", type: "order.placed", source: "shop", subject: "é",
            payload: Array(#"{"a" :  1.0}"#.utf8),
            occurredAt: Timestamp(microseconds: -1), traceparent: "00-0-0-00")
        try store.log([Sample.event(), rich, Sample.event()]) { _ in [] }
        var head = LogHead.empty
        for logged in try store.events(after: 0, type: nil, limit: 10) {
            head = head.adding(logged.event)
            #expect(logged.link == head.link)
        }
        #expect(head.position == 3)
        #expect(try store.event(at: 2)?.event == rich)
    }

    @Test(
        "Intake rows are taken oldest first, within bounds of rows and bytes",
        arguments: StoreUnderTest.allCases)
    func take(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        for number in 1...5 {
            _ = try store.append(
                NewEvent(id: Text("e\(number)"), type: "a", payload: Array(#"{"n":"1234"}"#.utf8)))
        }
        func taken(_ events: Int, _ bytes: Int) throws -> [Text?] {
            try store.project { (open: any ProjectionTransaction) throws(StoreError) in
                try open.take(events: events, bytes: bytes).map(\.event.id)
            }
        }
        #expect(try taken(3, 1_000) == ["e1", "e2", "e3"])
        #expect(try taken(10, 24) == ["e1", "e2"])
        #expect(try taken(10, 1) == ["e1"])
    }

    @Test("Moved rows leave the intake, others stay", arguments: StoreUnderTest.allCases)
    func moved(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        var sequences: [Int64] = []
        for _ in 1...6 { sequences.append(try store.append(NewEvent(type: "a", payload: Array("{}".utf8)))) }
        var batch = ProjectedBatch()
        batch.moved = [sequences[0], sequences[1], sequences[3], sequences[5]]
        let complete = batch
        try store.project { (open: any ProjectionTransaction) throws(StoreError) in try open.write(complete) }
        #expect(try store.intake(limit: 10).map(\.sequence) == [sequences[2], sequences[4]])
        let error = #expect(throws: StoreError.self) {
            try store.project { (open: any ProjectionTransaction) throws(StoreError) in
                try open.write(complete)
            }
        }
        guard case .conflict = error else {
            Issue.record("rows that are gone were moved again")
            return
        }
    }

    @Test("A repeated name is found at its lowest position", arguments: StoreUnderTest.allCases)
    func names(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.log([
            Sample.event(id: "1", source: "a"), Sample.event(id: "1", source: "b"),
            Sample.event(id: "1", source: "a"),
            Sample.event(),
        ]) { _ in [] }
        let names = [
            EventName(source: "a", id: "1"), EventName(source: "b", id: "1"), EventName(source: "", id: "1"),
        ]
        let found = try store.project { (open: any ProjectionTransaction) throws(StoreError) in
            try open.positions(of: names)
        }
        #expect(found == [names[0]: 1, names[1]: 2])
        #expect(try store.positions(ofEvent: "1", limit: 10) == [1, 2, 3])
    }

    @Test("Winners are found first, latest and between two times", arguments: StoreUnderTest.allCases)
    func winners(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        var commands: [Command] = []
        for day: Int64 in [3, 1, 2] {
            commands.append(
                try store.emit { position in
                    let time = Timestamp.start + .days(day)
                    return try Sample.command(
                        "42", at: position, slot: Window.within(.days(1)).slot(at: time), occurredAt: time)
                })
        }
        let key = commands[0].key
        let day2 = Timestamp.start + .days(2)
        let questions = [
            LedgerQuestion(key: key, range: .first), LedgerQuestion(key: key, range: .latest),
            LedgerQuestion(key: key, range: .between(from: day2, before: day2 + .days(1))),
            LedgerQuestion(key: key, range: .between(from: .start, before: day2 + .days(9))),
            LedgerQuestion(key: Key(scope: "other", parts: ["42"]), range: .first),
        ]
        let found = try store.project { (open: any ProjectionTransaction) throws(StoreError) in
            try open.winners(questions)
        }
        #expect(found[questions[0]]?.map(\.position) == [1])
        #expect(found[questions[1]]?.map(\.command) == [commands[2].id])
        #expect(found[questions[2]]?.map(\.position) == [3])
        #expect(found[questions[3]]?.map(\.position) == [1, 2, 3])
        #expect(found[questions[4]] == nil)
    }

    @Test("A key that is won cannot be won again", arguments: StoreUnderTest.allCases)
    func ledgerIsUnique(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.emit { try Sample.command("42", at: $0) }
        let error = #expect(throws: StoreError.self) { try store.emit { try Sample.command("42", at: $0) } }
        guard case .conflict = error else {
            Issue.record("expected a conflict, got \(String(describing: error))")
            return
        }
        #expect(try store.counts().commands == 1)
        #expect(try store.counts().logged == 1)
    }

    @Test("Every reason comes back as it was written", arguments: StoreUnderTest.allCases)
    func reasons(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let won = try store.emit { try Sample.command("1", at: $0) }
        let reasons: [Reason] = [
            .duplicate(winner: 1), .withinWindow(winner: 1, until: .start), .repeatedEvent(of: 1),
            .conditionFalse(detail: nil), .conditionFalse(detail: "no total"), .noRule,
            .keyMissing(part: "data.a"),
            .keyInvalid(part: "data.b"), .recipientMissing, .recipientInvalid(detail: "no @"),
            .paramMissing(name: "x"),
            .payloadInvalid(detail: "depth"), .cancels(command: won.id), .cancelsNothing,
            .control(detail: "activated"),
        ]
        #expect(Set(reasons.map(\.word)).union(["emitted"]) == Set(Reason.words))
        try store.log([Sample.event()]) { position in
            reasons.enumerated().map {
                // A cancel finds its command by the key.
                Decision(position: position, item: Int64($0), reason: $1, key: won.key)
            }
        }
        #expect(try store.decisions(at: 2).map(\.reason) == reasons)
        let first = try store.decisions(at: 1)
        #expect(first.map(\.reason) == [.emitted])
        #expect(first.map(\.command) == [won.id])
    }

    @Test(
        "An activation is in force with its scopes, and its files are found by digest",
        arguments: StoreUnderTest.allCases)
    func activation(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        #expect(try store.activation() == nil)
        let files = [
            RuleSetFile(name: "rules", content: Array("version: 1".utf8)),
            RuleSetFile(name: "empty.txt.mustache", content: []),
        ]
        for position: Int64 in [1, 2] {
            let activation = Activation(
                position: position, ruleSet: Sample.ruleSet, scopes: ["new": position == 1 ? "new" : "old"],
                actor: "ann", reason: "because", recordedAt: .start)
            try store.project { (open: any ProjectionTransaction) throws(StoreError) in
                let event = Sample.event(Event.activationType)
                let head = try open.head().adding(event)
                try open.write(
                    activation,
                    event: LoggedEvent(position: position, event: event, link: head.link, recordedAt: .start),
                    decision: Decision(position: position, reason: .control(detail: "activated")),
                    files: files)
            }
            #expect(try store.activation() == activation)
        }
        try store.emit { try Sample.command("1", at: $0, rule: "new") }
        #expect(try store.scopes() == ["new": 0, "old": 1])
        #expect(try store.lastScopes() == ["new": "old"])
        #expect(try Set(store.ruleSetFiles(Sample.ruleSet) ?? []) == Set(files))
        #expect(try store.ruleSetFiles(.zero) == nil)
    }
}
