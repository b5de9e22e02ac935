// Outcomes that wait for others, so that a server is asked less often: how long, and when not at all.
import SendonceCore
import SendonceDelivery
import SendonceStore
import Synchronization
import Testing

@Suite("Gathering of outcomes")
struct GatheringTests {
    @Test(
        "While other attempts are under way an outcome waits for more, and is recorded when its time is over")
    func waits() throws {
        let desk = try Desk(orders: 1...3)
        #expect(try desk.turn(at: 0).claimed == 3)
        desk.answer(1)
        let resting = try desk.turn(at: 10)
        #expect(resting.settled == 0)
        #expect(resting.rest == .milliseconds(5))
        #expect(resting.isIdle)
        desk.answer(1)
        #expect(try desk.turn(at: 12).rest == .milliseconds(3), "the first one decides how long")
        let recorded = try desk.turn(at: 15)
        #expect(recorded.settled == 2)
        #expect(recorded.rest == nil)
        #expect(desk.dispatcher.unsettled == 1)
    }

    @Test("The next outcome waits anew")
    func again() throws {
        let desk = try Desk(orders: 1...3)
        _ = try desk.turn(at: 0)
        desk.answer(1)
        _ = try desk.turn(at: 10)
        #expect(try desk.turn(at: 15).settled == 1)
        desk.answer(1)
        #expect(try desk.turn(at: 40).rest == .milliseconds(5))
    }

    @Test("When nothing is under way any more, nothing waits")
    func last() throws {
        let desk = try Desk(orders: 1...3)
        _ = try desk.turn(at: 0)
        desk.answer(3)
        let report = try desk.turn(at: 1)
        #expect(report.settled == 3)
        #expect(report.rest == nil)
    }

    @Test("As many outcomes as one transaction takes do not wait for more")
    func full() throws {
        let desk = try Desk(orders: 1...3, settleBatch: 2)
        _ = try desk.turn(at: 0)
        desk.answer(2)
        #expect(try desk.turn(at: 1).settled == 2)
        #expect(desk.dispatcher.inFlight == 1)
    }

    @Test("While shutting down nothing waits")
    func shutdown() throws {
        let desk = try Desk(orders: 1...3)
        _ = try desk.turn(at: 0)
        desk.answer(1)
        #expect(try desk.turn(at: 1, isClaiming: false).settled == 1)
    }

    @Test("Where no time is given each turn records what it finds")
    func atOnce() throws {
        let desk = try Desk(orders: 1...3, gatheringTime: .milliseconds(0))
        _ = try desk.turn(at: 0)
        desk.answer(1)
        #expect(try desk.turn(at: 0).settled == 1)
    }

    @Test("Outcomes that were recorded before a claim failed are not recorded again")
    func claimFails() throws {
        let desk = try Desk(orders: 1...3)
        _ = try desk.turn(at: 0)
        desk.answer(3)
        desk.queue.state.withLock { $0.fault = .claimRefused }
        #expect(throws: StoreError.self) { try desk.turn(at: 1) }
        #expect(desk.dispatcher.unsettled == 0)
        let next = try desk.turn(at: 2)
        #expect((next.settled, next.stale) == (0, 0))
    }

    @Test("Outcomes that could not be recorded are kept, and nothing is claimed on top of them")
    func settlingFails() throws {
        let desk = try Desk(orders: 1...9)
        #expect(try desk.turn(at: 0).claimed == 8)
        desk.answer(8)
        desk.queue.state.withLock { $0.fault = .settleRefused }
        #expect(throws: StoreError.self) { try desk.turn(at: 1) }
        #expect(desk.dispatcher.unsettled == 8 && desk.dispatcher.inFlight == 0)
        let next = try desk.turn(at: 2)
        #expect((next.settled, next.stale, next.claimed) == (8, 0, 1))
    }
}
