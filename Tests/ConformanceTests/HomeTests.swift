// The fence: what it holds, what it refuses, and how it is lifted.
import SendonceCore
import SendonceStore
import Testing

@Suite struct HomeTests {
    private static let home = DigestBuilder.digest(of: [1])

    private func record(
        _ state: HomeState, number: Int64 = 0, at time: Timestamp = .start, _ reason: Text = "why"
    ) -> HomeRecord {
        HomeRecord(
            number: number, state: state, home: Self.home, place: "here", actor: "ann", reason: reason,
            recordedAt: time)
    }

    private func isFenced(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch StoreError.fenced {
            return true
        } catch {
            return false
        }
    }

    @Test("A log is put in force once, and fenced once", arguments: StoreUnderTest.allCases)
    func records(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        #expect(try store.homeRecord() == nil)
        try store.bind(record(.bound))
        try store.bind(record(.bound, "another"))
        #expect(try store.homeRecord() == record(.bound, number: 1))
        try store.fence(record(.fenced, at: .start + .hours(1)), now: .start)
        try store.fence(record(.fenced, at: .start + .hours(2)), now: .start)
        #expect(try store.homeRecord() == record(.fenced, number: 2, at: .start + .hours(1)))
        #expect(throws: StoreError.self) { try store.checkFence() }
    }

    @Test(
        "A fence holds all that is queued, also what is being sent, and leaves what is held already",
        arguments: StoreUnderTest.allCases)
    func holds(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let operatorHeld = try store.emit { try Sample.command("1", at: $0) }
        _ = try store.act(.order(.hold), on: .all, confirmed: 1)
        let unknown = try store.emit { try Sample.command("2", at: $0) }
        let first = try #require(try store.claimAll().claimed.first)
        let again = DeliveryStep.retry(at: .start, state: .unknown)
        _ = try store.settle([first.settlement(Verdict(.unknown, code: "curl_28"), again)])
        _ = try store.act(
            .order(.hold, "to be released"), on: CommandSelection(ids: [unknown.id]), confirmed: 1)
        let sending = try store.emit { try Sample.command("3", at: $0) }
        let open = try #require(try store.claimAll().claimed.first)
        let pending = try store.emit { try Sample.command("4", at: $0) }
        _ = try store.act(
            .order(.release, "released"), on: CommandSelection(ids: [unknown.id]), confirmed: 1)

        try store.fence(record(.fenced, "copied"), now: .start)
        for command in [unknown, sending, pending] {
            #expect(try store.queued(command)?.state == .held)
            #expect(try store.queued(command)?.hold == .fence)
            #expect(try store.queued(command)?.holdDetail == "copied")
        }
        #expect(try store.queued(operatorHeld)?.hold == .operator)
        #expect(try store.attempts(of: sending.id).map { $0.outcome?.verdict.outcome } == [.unknown])
        // Where nothing is due, a store may find that out before it looks at the fence.
        var claimed: [ClaimedCommand] = []
        let isRefused = isFenced { claimed = try store.claimAll(now: .start + .days(9)).claimed }
        #expect(claimed.isEmpty && (isRefused || kind == .sqlite))
        #expect(isFenced { try store.emit { try Sample.command("5", at: $0) } })
        #expect(isFenced { _ = try store.act(.order(.cancel), on: .all, confirmed: 4) })
        // What was under way and comes back as proof is proof.
        let accepted = Verdict(.accepted, messageID: "<late@p>", code: "http_201")
        #expect(try store.settle([open.settlement(accepted, .finish(.accepted))]) == [.stale])
        #expect(try store.message(sending.id)?.standing.word == "accepted")
    }

    @Test(
        "A lifted fence sends nothing by itself: what was there stays held, what came later goes",
        arguments: StoreUnderTest.allCases)
    func lifts(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.bind(record(.bound))
        let queued = try store.emit { try Sample.command("1", at: $0) }
        for _ in 1...2 { _ = try store.append(NewEvent(type: "a", payload: Array("{}".utf8))) }
        try store.fence(record(.fenced, "copied"), now: .start)
        _ = try store.append(NewEvent(type: "a", payload: Array("{}".utf8)))

        let lift = ActOrder.order(.liftFence, at: .start + .hours(1))
        let bound = record(.bound, at: .start + .hours(1))
        #expect(try store.plan(.liftFence, .all).count == 1)
        #expect(try store.lift(bound, lift, confirmed: 2) == .differs(1))
        #expect(try store.homeRecord()?.state == .fenced)
        guard case .done(let act) = try store.lift(bound, lift, confirmed: 1) else {
            Issue.record("not lifted")
            return
        }
        #expect(try store.lift(bound, lift, confirmed: 1) == .repeated(act))
        #expect(throws: StoreError.self) {
            try store.lift(bound, .order(.liftFence, "again"), confirmed: 1)
        }
        #expect(try store.homeRecord()?.state == .bound)
        #expect(try store.acts(on: queued.id) == [act])

        try store.decideAll(batches: 2)
        let held = try store.messages(MessageFilter(hold: .fence), before: nil, limit: 9)
        #expect(held.map(\.key) == [#"["3"]"#, #"["2"]"#, #"["1"]"#])
        #expect(try held.allSatisfy { try store.queuedDetail($0.id) == "copied" })
        let claimed = try store.claimAll(now: .start + .days(9)).claimed
        #expect(claimed.map(\.due.command.key.text) == [#"["4"]"#])
        _ = try store.act(
            .order(.release, at: .start + .days(9)), on: CommandSelection(hold: .fence), confirmed: 3)
        #expect(try store.claimAll(now: .start + .days(9)).claimed.count == 3)
    }

    @Test(
        "A record follows the one before it, also where the clock went back; what is held says when",
        arguments: StoreUnderTest.allCases)
    func order(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let ahead = Timestamp.start + .days(900)
        try store.bind(record(.bound, at: ahead))
        let queued = try store.emit { try Sample.command("1", at: $0) }
        try store.fence(record(.fenced), now: .start)
        #expect(try store.homeRecord() == record(.fenced, number: 2, at: ahead + Span(microseconds: 1)))
        let lift = ActOrder.order(.liftFence)
        guard case .done(let act) = try store.lift(record(.bound), lift, confirmed: 1) else {
            Issue.record("not lifted")
            return
        }
        #expect(act.recordedAt == lift.now)
        #expect(try store.homeRecord() == record(.bound, number: 3, at: ahead + Span(microseconds: 2)))
        #expect(try store.homeRecord()?.isLift == true)
        #expect(try store.queued(queued)?.heldAt == .start)
    }

    @Test(
        "Who knows another act that put the log in force neither claims nor projects",
        arguments: StoreUnderTest.allCases)
    func anotherAct(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.emit { try Sample.command("1", at: $0) }
        let (identity, head) = (try store.identity(), try store.head())
        func watch(_ boundAt: Timestamp) throws {
            try store.watch(Expectation(identity, boundAt: boundAt, Sighting(head: head)))
        }
        try watch(.start)
        #expect(isFenced { try store.emit { try Sample.command("2", at: $0) } })
        try store.bind(record(.bound, at: .start + .hours(1)))
        for other in [Timestamp.start, .start + .hours(2)] {
            try watch(other)
            #expect(isFenced { _ = try store.claimAll() })
            #expect(isFenced { try store.emit { try Sample.command("2", at: $0) } })
        }
        try watch(.start + .hours(1))
        #expect(try store.claimAll().claimed.count == 1)
    }

    @Test(
        "Who has seen more than the database has neither claims nor projects",
        arguments: StoreUnderTest.allCases)
    func watched(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        try store.emit { try Sample.command("1", at: $0) }
        let ends = try #require(try store.logEnds())
        #expect(ends.head.position == 1 && ends.head.link == ends.name)
        try store.watch(Expectation(try store.identity(), boundAt: nil, Sighting(head: ends.head)))
        let claimed = try #require(try store.claimAll().claimed.first)
        let mark = ClaimMark(
            command: claimed.due.number, attempt: 1, token: claimed.token, startedAt: claimed.startedAt)
        store.saw(mark)
        try store.emit { try Sample.command("2", at: $0) }
        #expect(try store.claimAll().claimed.count == 1)
        #expect(store.sighting()?.head.position == 2)
        try store.emit { try Sample.command("3", at: $0) }

        let other = DigestBuilder.digest(of: [7])
        let cases: [(Sighting, Missing)] = [
            (Sighting(head: LogHead(position: 4, link: other)), .position(seen: 4, last: 3)),
            (Sighting(head: LogHead(position: 1, link: other)), .event(1)),
            (
                Sighting(head: ends.head, claims: [mark, mark.later]), .claim(mark.later)
            ),
            (
                Sighting(head: ends.head, claims: [mark.withAnotherToken]), .claim(mark.withAnotherToken)
            ),
        ]
        for (sighting, missing) in cases {
            #expect(try store.missing(of: sighting) == missing)
            try store.watch(Expectation(try store.identity(), boundAt: nil, sighting))
            #expect(isFenced { _ = try store.claimAll(now: .start + .days(9)) }, "\(missing)")
            #expect(isFenced { try store.emit { try Sample.command("9", at: $0) } }, "\(missing)")
        }
        #expect(try store.missing(of: Sighting(head: ends.head, claims: [mark])) == nil)
    }

    @Test("A database that is another one than before is neither claimed from nor projected")
    func identity() throws {
        let place = try TestPlace(.postgres)
        let store = try place.open()
        try store.emit { try Sample.command("1", at: $0) }
        var identity = try store.identity()
        #expect(identity.namesItsMachine)
        let otherPlace = try TestPlace(.postgres)
        let other = try otherPlace.open().identity()
        #expect(identity.text != other.text)
        identity.text = other.text
        try store.watch(Expectation(identity, boundAt: nil, Sighting(head: .empty)))
        #expect(isFenced { _ = try store.claimAll() })
        #expect(isFenced { try store.emit { try Sample.command("9", at: $0) } })
    }
}

extension ClaimMark {
    fileprivate var later: ClaimMark {
        ClaimMark(command: command, attempt: attempt, token: token, startedAt: startedAt + .seconds(1))
    }

    fileprivate var withAnotherToken: ClaimMark {
        ClaimMark(command: command, attempt: attempt, token: token + 1, startedAt: startedAt)
    }
}

extension FenceKeeper {
    fileprivate func checkFence() throws(StoreError) {
        if let refusal = try homeRecord()?.refusal { throw .fenced(refusal) }
    }
}

extension AuditReader {
    fileprivate func queuedDetail(_ id: CommandID) throws -> Text? {
        guard case .queued(let standing) = try message(id)?.standing else { return nil }
        return standing.holdDetail
    }
}

extension ProjectionStore {
    /// Moves all that waits, in one transaction of several batches; each event emits a command whose key is
    /// its position.
    fileprivate func decideAll(batches: Int) throws {
        try project { (open: any ProjectionTransaction) throws(StoreError) in
            var head = try open.head()
            let taken = try open.take(events: 100, bytes: 1 << 20)
            for start in stride(from: 0, to: taken.count, by: (taken.count + batches - 1) / batches) {
                var batch = ProjectedBatch()
                for intake in taken[start..<min(start + (taken.count + batches - 1) / batches, taken.count)] {
                    head = head.adding(intake.event)
                    batch.events.append(
                        LoggedEvent(
                            position: head.position, event: intake.event, link: head.link,
                            recordedAt: .start))
                    guard let command = try? Sample.command(Text("\(head.position)"), at: head.position)
                    else {
                        throw .failed("no sample")
                    }
                    batch.decisions.append(Sample.emitted(command))
                    batch.moved.append(intake.sequence)
                }
                try open.write(batch)
            }
        }
    }
}
