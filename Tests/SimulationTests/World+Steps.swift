// What can happen next, and how often.
import SendonceCore
import SendonceDelivery
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Synchronization

extension World {
    private enum Step {
        case append, project, turn, wait, waitMinutes, waitHours, crashDispatcher, crashProjector, pause,
            resume, shift
        case activate, breakStore, close, outage
    }

    func step() throws {
        let step: Step = die.weighted(
            [
                (18, .append), (14, .project), (34, .turn), (20, .wait), (6, .waitMinutes), (1, .waitHours),
                (3, .crashDispatcher), (2, .crashProjector), (3, .pause), (4, .resume), (3, .shift),
                (1, .activate),
                (3, .breakStore), (1, .close), (2, .outage),
            ], else: .turn)
        let place = Int(die.number(0...Int64(dispatchers.count - 1)))
        switch step {
        case .append: for _ in 0..<Int(die.number(1...4)) { try append() }
        case .project: project(Int(die.number(0...Int64(projectors.count - 1))))
        case .turn: try turn(place)
        case .wait: advance(to: now + .milliseconds(die.number(1...20_000)))
        case .waitMinutes: advance(to: now + .seconds(die.number(30...900)))
        case .waitHours: advance(to: now + .minutes(die.number(60...300)))
        case .crashDispatcher: crash(place)
        case .crashProjector:
            let index = Int(die.number(0...Int64(projectors.count - 1)))
            let death = die.chance(50) ? ProjectorDeath.beforeCommit : .afterCommit
            projectors[index].store?.death.withLock { $0 = death }
            note("projector \(index + 1) will die: \(death)")
            project(index)
        case .pause:
            dispatchers[place].isPaused = true
            note("dispatcher \(place + 1) stands still")
        case .resume:
            for index in dispatchers.indices { dispatchers[index].isPaused = false }
            note("all dispatchers move")
        case .shift:
            let limit = World.largestSkew.microseconds
            dispatchers[place].skew = Span(microseconds: die.number(-limit...limit))
            note("dispatcher \(place + 1) has its clock at \(dispatchers[place].skew.description)")
        case .activate: activate(variant: Int(die.number(0...Int64(SimulatedRules.variants - 1))))
        case .breakStore:
            let fault = StoreFault.allCases[Int(die.number(0...Int64(StoreFault.allCases.count - 1)))]
            dispatchers[place].life?.queue.state.withLock { $0.fault = fault }
            note("dispatcher \(place + 1) will meet \(fault)")
        case .close: close(place)
        case .outage:
            outageEnd = now + .seconds(die.number(60...1_800))
            note("nothing reaches the provider until \((outageEnd - World.start).description)")
        }
    }

    // MARK: The application

    private func append() throws {
        eventCount += 1
        let type = SimulatedRules.eventTypes[Int(die.number(0...Int64(SimulatedRules.eventTypes.count - 1)))]
        let order = die.number(1...24)
        let customer = "\"customer\(die.number(1...8))@x.test\""
        let address = die.weighted([(3, "\"nobody\""), (2, "null")], of: 100, else: customer)
        let orderText = die.weighted(
            [(2, "null"), (2, "[\(order)]"), (1, "1,\"order\":2")], of: 100, else: "\(order)")
        let payload = """
            {"n":\(eventCount),"order":\(orderText),"email":\(address),"total":\(die.number(0...5))}
            """
        let occurredAt = now + Span(microseconds: die.number(-3_600_000_000...60_000_000))
        let id: Text? = die.chance(40) ? Text("event-\(die.number(1...60))") : nil
        if die.chance(6) {
            try inspection.insertAndRollBack(type: type.string, payload: payload)
            rolledBack.insert(payload)
            return
        }
        _ = try application.append(
            NewEvent(id: id, type: type, payload: Array(payload.utf8), occurredAt: Text(occurredAt.text)))
        committed.insert(payload)
    }

    func activate(variant: Int) {
        do {
            let plan = try RuleSetActivation.plan(
                try SimulatedRules.parsed(variant: variant), in: application)
            let freed = plan.freedKeyCount
            let done = try RuleSetActivation.activate(
                plan, actor: "simulation", reason: "a turn of the die",
                confirmedKeys: freed == 0 ? nil : freed,
                now: now, in: application)
            if done != nil { activations += 1 }
            note("rules \(variant) \(done == nil ? "are in force already" : "activated")")
        } catch {
            report("an activation failed: \(error)")
        }
    }

    // MARK: The processes

    /// False if the projector came to an end.
    @discardableResult
    func project(_ index: Int) -> Bool {
        do {
            if projectors[index].projector == nil {
                let store = ObservedProjection(try SQLiteStore(path: path), without: mechanism)
                projectors[index].store = store
                projectors[index].projector = LiveProjector(
                    store: store, batchEvents: Int(die.number(1...12)))
            }
            let result = try projectors[index].projector?.step(now: now)
            if case .moved(let batch)? = result {
                note("projector \(index + 1): \(batch.events) events, \(batch.emitted) emitted")
            }
            return true
        } catch StoreError.unavailable {
            note("projector \(index + 1) dies")
            projectors[index] = ProjectorProcess()
        } catch {
            report("G1: projector \(index + 1) cannot go on: \(error)")
            projectors[index] = ProjectorProcess()
        }
        return false
    }

    @discardableResult
    func turn(_ place: Int) throws -> DispatchReport {
        guard !dispatchers[place].isPaused else { return DispatchReport() }
        if dispatchers[place].life == nil {
            // A copy, because the process reads the world while it starts.
            var process = dispatchers[place]
            try process.start(in: self)
            dispatchers[place] = process
            note("dispatcher \(place + 1) starts")
        }
        guard let life = dispatchers[place].life else { return DispatchReport() }
        var report = DispatchReport()
        do {
            report = try life.dispatcher.turn(now: now + dispatchers[place].skew, monotonic: monotonic)
            if !report.isIdle {
                note(
                    "dispatcher \(place + 1): claimed \(report.claimed), settled \(report.settled), stale "
                        + "\(report.stale), held \(report.held), finished \(report.finished)")
            }
        } catch StoreError.busy, StoreError.unavailable {
            note("dispatcher \(place + 1) meets a store error")
            // Some go on with the next turn, some are restarted by whoever watches them.
            if die.chance(30) { crash(place) }
        } catch {
            self.report("dispatcher \(place + 1) cannot go on: \(error)")
            crash(place)
        }
        launch(place)
        watch.look(try inspection.standings(), in: self)
        if report.claimed > 0 { try checkRate() }
        return report
    }

    /// SIGKILL: no farewell. What it issued travels on; what it had to say is lost.
    private func crash(_ place: Int) {
        guard dispatchers[place].life != nil else { return }
        dispatchers[place].life = nil
        dispatchers[place].isPaused = false
        note("dispatcher \(place + 1) is killed")
    }

    /// An orderly end.
    private func close(_ place: Int) {
        guard let life = dispatchers[place].life, !dispatchers[place].isPaused else { return }
        do {
            _ = try life.dispatcher.close(now: now + dispatchers[place].skew)
        } catch StoreError.busy, StoreError.unavailable {
            note("dispatcher \(place + 1) meets a store error at its end")
        } catch {
            report("dispatcher \(place + 1) cannot end: \(error)")
        }
        for (flight, answer) in life.transport.state.withLock({ $0.closed }) {
            answers[AttemptName(command: flight.key, attempt: flight.attempt)] = answer
        }
        dispatchers[place].life = nil
        note("dispatcher \(place + 1) ends")
    }

    /// Peace: no new faults, everything that began comes to an end. Bounded, so that a livelock is found as
    /// one.
    func settleDown() throws {
        hasFaults = false
        note("peace")
        for index in dispatchers.indices {
            dispatchers[index].isPaused = false
            dispatchers[index].life?.queue.state.withLock { $0.fault = nil }
        }
        for projector in projectors { projector.store?.death.withLock { $0 = nil } }
        for _ in 0..<World.peaceRounds {
            while try application.hasIntake() {
                // A projector that cannot go on has said so.
                guard project(0) else { return }
            }
            var isIdle = true
            for place in dispatchers.indices where try !turn(place).isIdle { isIdle = false }
            if isIdle, !hasTraffic, try !application.hasIntake(), try inspection.unfinished() == 0 { return }
            advance(to: now + (hasTraffic ? .seconds(5) : isIdle ? .minutes(4) : .milliseconds(100)))
        }
        report(
            "G5: \(try inspection.unfinished()) commands wait for nobody after \(World.peaceRounds) rounds"
        )
    }

    private static let peaceRounds = 600
}
