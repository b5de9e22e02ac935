// What people do to commands: confirmed by count, recorded, done once, and past no gate.
import SendonceCore
import SendonceStore
import Testing

@Suite struct ActTests {
    @Test(
        "A held command is not claimed until it is released, and both acts are recorded",
        arguments: StoreUnderTest.allCases)
    func holdAndRelease(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        try #expect(store.plan(.hold, .all).count == 1)
        guard case .done(let held) = try store.act(.order(.hold), on: .all, confirmed: 1) else {
            Issue.record("not held")
            return
        }
        #expect((held.commands, held.actor, held.reason, held.selection) == (1, "ann", "why", "all"))
        #expect(try store.queued(command)?.hold == .operator)
        #expect(try store.queued(command)?.holdDetail == "why")
        #expect(try store.claimAll(now: .start + .days(1)).claimed.isEmpty)
        #expect(try store.plan(.hold, .all).count == 0)
        let release = ActOrder.order(.release, at: .start + .hours(1))
        guard case .done = try store.act(release, on: CommandSelection(ids: [command.id]), confirmed: 1)
        else {
            Issue.record("not released")
            return
        }
        // Due again, not before it was released.
        #expect(try store.claimAll(now: .start + .minutes(59)).claimed.isEmpty)
        #expect(try store.claimAll(now: .start + .hours(1)).claimed.map(\.attempt) == [1])
        #expect(try store.acts(on: command.id).map(\.kind) == [.hold, .release])
    }

    @Test(
        "Nothing is done unless exactly the confirmed number is touched", arguments: StoreUnderTest.allCases)
    func count(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let commands = try (1...3).map { number in
            try store.emit { try Sample.command(Text("\(number)"), at: $0) }
        }
        for confirmed in [0, 2, 4] as [Int64] {
            #expect(try store.act(.order(.cancel), on: .all, confirmed: confirmed) == .differs(3))
        }
        for command in commands { #expect(try store.acts(on: command.id).isEmpty) }
        #expect(try store.claimAll().claimed.count == 3)
    }

    @Test(
        "The same request does nothing twice, and its name serves no other act",
        arguments: StoreUnderTest.allCases)
    func repeated(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let order = ActOrder.order(.hold, "monday")
        guard case .done(let first) = try store.act(order, on: .all, confirmed: 1) else {
            Issue.record("not held")
            return
        }
        try store.emit { try Sample.command("43", at: $0) }
        let other = try place.open()
        #expect(try other.act(order, on: .all, confirmed: 1) == .repeated(first))
        #expect(try store.acts(on: command.id) == [first])
        #expect(throws: StoreError.self) {
            try store.act(.order(.cancel, "monday"), on: .all, confirmed: 2)
        }
        #expect(throws: StoreError.self) {
            try store.act(order, on: CommandSelection(rule: "confirmation"), confirmed: 1)
        }
        #expect(try store.claimAll().claimed.count == 1)
    }

    @Test(
        "What is being sent is neither held, cancelled, released nor resolved",
        arguments: StoreUnderTest.allCases)
    func sending(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let claimed = try #require(try store.claimAll().claimed.first)
        for act in [ActKind.hold, .release, .cancel, .resolveAccepted, .resolveNotAccepted] {
            let plan = try store.plan(act, CommandSelection(ids: [command.id]))
            #expect(plan.count == 0 && plan.unfit == ["sending": 1], "\(act): \(plan.unfit)")
            #expect(try store.act(.order(act), on: .all, confirmed: 1) == .differs(0))
        }
        #expect(
            try store.settle([claimed.settlement(Verdict(.accepted, code: "ok"), .finish(.accepted))])
                == [.recorded])
        #expect(try store.plan(.cancel, CommandSelection(ids: [command.id])).unfit == ["accepted": 1])
    }

    @Test(
        "A cancelled command is never sent and keeps its key; what may have been sent is counted",
        arguments: StoreUnderTest.allCases)
    func cancel(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let pending = try store.emit { try Sample.command("1", at: $0, route: "b") }
        let unsure = try store.emit { try Sample.command("2", at: $0) }
        let claimed = try #require(try store.claimAll().claimed.first)
        let unknown = Verdict(.unknown, code: "curl_28")
        _ = try store.settle([claimed.settlement(unknown, .hold(.unknownOutcome))])
        let plan = try store.plan(.cancel, .all)
        #expect((plan.count, plan.unsure, plan.sample.map(\.id)) == (2, 1, [pending.id, unsure.id]))
        guard case .done = try store.act(.order(.cancel), on: .all, confirmed: 2) else {
            Issue.record("not cancelled")
            return
        }
        for command in [pending, unsure] {
            #expect(
                try store.message(command.id)?.standing == .finished(.cancelled, at: .start, cause: nil))
        }
        #expect(try store.claimAll(now: .start + .days(9)).claimed.isEmpty)
    }

    @Test(
        "An unknown outcome is resolved as accepted, or may be tried as if nothing had been",
        arguments: StoreUnderTest.allCases, [ActKind.resolveAccepted, .resolveNotAccepted])
    func resolve(kind: StoreUnderTest, act: ActKind) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let claimed = try #require(try store.claimAll().claimed.first)
        let unknown = Verdict(.unknown, code: "curl_28")
        _ = try store.settle([claimed.settlement(unknown, .hold(.unknownOutcome))])
        // A gate would only hold it again.
        #expect(try store.plan(.release, .all).unfit == ["held unknown_outcome": 1])
        guard case .done = try store.act(.order(act, at: .start + .days(2)), on: .all, confirmed: 1) else {
            Issue.record("not resolved")
            return
        }
        guard act == .resolveNotAccepted else {
            let standing = try store.message(command.id)?.standing
            #expect(standing == .finished(.accepted, at: .start + .days(2), cause: nil))
            return
        }
        var facts: GateFacts?
        _ = try store.claim(
            [RouteShare(route: "a", commands: 1)], now: .start + .days(2), lease: .minutes(1),
            dispatcher: "test"
        ) { due in
            facts = due.gates
            return .leave
        }
        let gates = try #require(facts)
        #expect(gates.check(at: .start + .days(2), capability: .none) == .open(until: nil))
    }

    @Test(
        "A released command passes every gate again: one that has expired meanwhile is not sent",
        arguments: StoreUnderTest.allCases)
    func gates(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let late = try store.emit { try Sample.command("1", at: $0, expiresAt: .start + .minutes(15)) }
        let returned = try store.emit { try Sample.command("2", at: $0) }
        _ = try store.act(.order(.hold), on: .all, confirmed: 2)
        try store.cancel(returned)
        let now = Timestamp.start + .hours(1)
        _ = try store.act(.order(.release, at: now), on: .all, confirmed: 2)
        let report = try store.claim(
            [RouteShare(route: "a", commands: 9)], now: now, lease: .minutes(1), dispatcher: "test"
        ) { due in
            switch due.gates.check(at: now, capability: .none) {
            case .finish(let state, let cause): .finish(state, cause: cause)
            case .hold(let reason): .hold(reason, detail: "")
            case .open: .attempt(request: Sample.request)
            }
        }
        #expect((report.claimed.count, report.finished) == (0, 2))
        #expect(try store.message(late.id)?.standing == .finished(.expired, at: now, cause: nil))
        #expect(try store.message(returned.id)?.standing.word == "cancelled")
    }

    @Test(
        "Commands are chosen by id, reason, rule, route, recipient and limit",
        arguments: StoreUnderTest.allCases)
    func selection(kind: StoreUnderTest) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let first = try store.emit { try Sample.command("1", at: $0) }
        let second = try store.emit { try Sample.command("2", at: $0, rule: "other", route: "b") }
        let third = try store.emit { try Sample.command("3", at: $0, recipient: "bob@x.test") }
        func found(_ selection: CommandSelection, _ kind: ActKind = .hold) throws -> [CommandID] {
            let plan = try store.plan(kind, selection)
            #expect(plan.count == Int64(plan.sample.count))
            return plan.sample.map(\.id)
        }
        #expect(try found(.all) == [first.id, second.id, third.id])
        #expect(try found(CommandSelection(ids: [third.id, first.id])) == [first.id, third.id])
        #expect(try found(CommandSelection(rule: "other")) == [second.id])
        #expect(try found(CommandSelection(route: "b")) == [second.id])
        #expect(try found(CommandSelection(recipient: "bob@x.test")) == [third.id])
        #expect(try found(CommandSelection(rule: "other", recipient: "bob@x.test")) == [])
        #expect(try found(CommandSelection(limit: 2)) == [first.id, second.id])
        _ = try store.act(.order(.hold), on: CommandSelection(route: "b"), confirmed: 1)
        #expect(try found(CommandSelection(hold: .operator), .release) == [second.id])
        #expect(try found(CommandSelection(hold: .fence), .release) == [])
        let held = try store.messages(MessageFilter(hold: .operator), before: nil, limit: 9)
        #expect(held.map(\.id) == [second.id])
    }

    @Test(
        "Late proof of acceptance ends a command that a person holds or wants to be tried again",
        arguments: StoreUnderTest.allCases, [ActKind.hold, .resolveNotAccepted])
    func lateProof(kind: StoreUnderTest, act: ActKind) throws {
        let place = try TestPlace(kind)
        let store = try place.open()
        let command = try store.emit { try Sample.command("42", at: $0) }
        let slow = try #require(try store.claimAll().claimed.first)
        let lapsed = try store.lapsed(now: slow.leaseEnd, limit: 1)
        let again = DeliveryStep.retry(at: slow.leaseEnd, state: .unknown)
        _ = try store.settle(lapsed.map { $0.settlement(.leaseLapsed, again) })
        _ = try store.act(.order(act), on: .all, confirmed: 1)
        let proof = Verdict(.accepted, messageID: "<late@p>", code: "http_201")
        #expect(try store.settle([slow.settlement(proof, .finish(.accepted))]) == [.stale])
        #expect(try store.message(command.id)?.standing.word == "accepted")
    }
}

extension CommandSelection {
    static let all = CommandSelection()
}

extension ActOrder {
    static func order(_ kind: ActKind, _ request: Text? = nil, at time: Timestamp = .start) -> ActOrder {
        ActOrder(
            kind: kind, request: request ?? Text("\(kind.rawValue) \(time)"), actor: "ann", reason: "why",
            now: time)
    }
}
