// What a dispatcher's turns promise: with a clock that is set back, and with the longest timeouts.
import SendonceCore
import SendonceDelivery
import Testing

@Suite("Dispatcher")
struct DispatcherTests {
    @Test("A clock that is set back keeps nobody from looking for lapsed leases")
    func lapsesAfterClockWentBack() throws {
        let desk = try Desk(orders: 1...1)
        _ = try desk.turn(at: 0, ahead: .hours(1))
        desk.answer(1)
        #expect(try desk.turn(at: 10, ahead: .hours(1)).settled == 1)
        try desk.append(2...2)
        #expect(try desk.claimAndDie(at: 20, lease: .milliseconds(100)) == 1)
        #expect(try desk.turn(at: 1_000).outcomes == [.unknown: 1])
    }

    @Test("The longest timeouts that a lease leaves room for leave time for the first byte after connecting")
    func longestTimeouts() throws {
        let longest = DispatchSettings.longestAttempt(within: DispatchSettings().lease)
        let connectTimeout = 10_000
        let desk = try Desk(
            orders: 1...1, connectTimeout: connectTimeout,
            totalTimeout: Int(longest.microseconds / 1_000) - connectTimeout - 1)
        _ = try desk.turn(at: 0)
        let deadline = try #require(desk.issueDeadlines.first)
        #expect(deadline > Desk.monotonic(Int64(connectTimeout)))
    }
}
