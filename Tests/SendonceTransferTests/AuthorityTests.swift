// At most one of two databases decides and sends: each way to have both is refused.
import Foundation
import SendonceCore
import SendonceStore
import SendonceTransfer
import Synchronization
import Testing

@Suite(.serialized) struct AuthorityTests {
    private func isRefused(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch let error as TransferError {
            if case .refused(let words) = error { return !words.isEmpty }
            return false
        } catch {
            return false
        }
    }

    @Test(
        "From the seal on, the source neither decides nor claims, and says where the log is",
        arguments: Direction.across)
    func source(direction: Direction) throws {
        let move = try Move(direction)
        try move.run()
        let before = try lines(of: move.source)
        #expect(isFenced { try Story.project(in: move.source, at: .start) })
        #expect(isFenced { try Story.activate(template: "9", in: move.source, at: .start) })
        #expect(isFenced { _ = try Story.claim(move.source, 10, at: .start + .days(90)) })
        #expect(isFenced { try move.source.checkAuthority() })
        #expect(try lines(of: move.source) == before)
        let words = try #require(try move.source.authority()?.refusal)
        #expect(try words.contains(move.target.place().string) && words.contains("ann"))
        _ = try move.source.append(Story.order(70))
    }

    @Test("An unconfirmed copy neither decides, claims nor settles", arguments: Direction.across)
    func copy(direction: Direction) throws {
        let move = try Move(direction)
        try move.run()
        let before = try lines(of: move.target)
        #expect(isFenced { try Story.project(in: move.target, at: .start) })
        #expect(isFenced { try Story.activate(template: "9", in: move.target, at: .start) })
        #expect(isFenced { _ = try Story.claim(move.target, 10, at: .start + .days(90)) })
        let lapsed = try move.target.lapsed(now: .start + .days(90), limit: 10)
        #expect(!lapsed.isEmpty)
        let settlements = lapsed.map { Story.settlement($0, .leaseLapsed, .hold(.unknownOutcome)) }
        #expect(isFenced { _ = try move.target.settle(settlements) })
        #expect(try lines(of: move.target) == before)
    }

    @Test(
        "An outcome that comes in at the source after the copy is recorded, and comes over with the next run",
        arguments: Direction.across)
    func lateOutcome(direction: Direction) throws {
        let move = try Move(direction)
        try move.run()
        let open = try #require(try move.source.lapsed(now: .start + .days(30), limit: 1).first)
        let accepted = Verdict(.accepted, messageID: "<late@p>", code: "http_201")
        #expect(try move.source.settle([Story.settlement(open, accepted, .finish(.accepted))]) == [.recorded])
        let report = try move.run()
        #expect(report.tables.allSatisfy { $0.isEqual })
        #expect(try move.target.message(providerID: "<late@p>")?.standing.word == "accepted")
        #expect(try lines(of: move.source) == lines(of: move.target))
    }

    @Test(
        "A log with an attempt under way is not sealed, and nothing is changed", arguments: Direction.across)
    func openAttempt(direction: Direction) throws {
        let move = try Move(direction)
        #expect(try !Story.claim(move.source, 1, at: .start + .days(40)).isEmpty)
        #expect(isRefused { try move.run() })
        #expect(try move.source.authority() == nil && move.target.authority() == nil)
        // The table's own transaction looks again.
        let seal = AuthorityRecord(
            state: .moved, transfer: "t", place: "x", actor: "a", reason: "r", recordedAt: Move.act.now)
        #expect(throws: StoreError.self) { try move.source.seal(seal) }
        #expect(try move.source.authority() == nil)
        try move.transfer.run(
            TransferAct(actor: "ann", reason: "later", now: .start + .days(41)), name: "t1")
    }

    @Test("A database that holds a log takes no other", arguments: Direction.across)
    func filled(direction: Direction) throws {
        let move = try Move(direction)
        try Story.activate(template: "1", in: move.target, at: .start)
        #expect(isRefused { try move.run() })
        #expect(try move.source.authority() == nil && move.target.authority() == nil)
    }

    @Test(
        "A sealed log goes to no second database, and a copy takes no second log", arguments: Direction.across
    )
    func second(direction: Direction) throws {
        let move = try Move(direction)
        try move.run()
        let place = try Place(direction.target)
        let other = try place.open()
        #expect(isRefused { try Transfer(from: move.source, to: other).run(Move.act, name: "t2") })
        #expect(try other.authority() == nil)
        let elsewhere = try Place(direction.source)
        let stranger = try elsewhere.open()
        #expect(isRefused { try Transfer(from: stranger, to: move.target).run(Move.act, name: "t2") })
        #expect(try stranger.authority() == nil)
        #expect(isRefused { try Transfer(from: move.target, to: other).run(Move.act, name: "t2") })
    }

    @Test("A copy that was not compared cannot be confirmed, not even by SQL", arguments: Direction.across)
    func uncompared(direction: Direction) throws {
        let move = try Move(direction)
        try move.target.begin(record(.copy, "t1"))
        try move.source.seal(record(.moved, "t1"))
        #expect(isRefused { try move.confirm() })
        #expect(throws: StoreError.self) { try move.target.record(record(.inForce, "t1")) }
        #expect(throws: (any Error).self) {
            try move.to.run(
                """
                INSERT INTO outbox_authority (number, state, transfer, place, actor, reason, recorded_at)
                VALUES (2, 'in_force', 't1', 'x', 'a', 'r', 1)
                """)
        }
        #expect(throws: (any Error).self) {
            try move.to.run("UPDATE outbox_authority SET state = 'in_force'")
        }
        #expect(throws: (any Error).self) { try move.to.run("DELETE FROM outbox_authority") }
        #expect(throws: (any Error).self) { try move.source.takeBack(record(.inForce, "t2")) }
    }

    @Test(
        "A log that is taken back goes on, and its copy never comes into force", arguments: Direction.across)
    func takenBack(direction: Direction) throws {
        let move = try Move(direction)
        try move.run()
        #expect(try move.takeBack().state == .inForce)
        try Story.project(in: move.source, at: .start + .days(41))
        #expect(isRefused { try move.confirm() })
        #expect(
            isRefused {
                _ = try TransferConfirmation.confirm(move.target, source: nil, Move.act)
            })
        #expect(throws: StoreError.self) { try move.target.record(record(.inForce, "t1")) }
        #expect(isFenced { _ = try Story.claim(move.target, 10, at: .start + .days(90)) })
        // Again, elsewhere.
        let place = try Place(direction.target)
        let other = try place.open()
        try Transfer(from: move.source, to: other).run(Move.act, name: "t2")
        _ = try TransferConfirmation.confirm(other, source: move.source, Move.act)
    }

    @Test("A log whose copy is in force is not taken back", arguments: Direction.across)
    func confirmed(direction: Direction) throws {
        let move = try Move(direction)
        try move.run()
        try move.confirm()
        #expect(try move.confirm().state == .inForce)
        #expect(isRefused { try move.takeBack() })
        #expect(isFenced { try move.source.checkAuthority() })
    }

    @Test("A copy is not confirmed while its source is in force", arguments: Direction.across)
    func sourceInForce(direction: Direction) throws {
        let move = try Move(direction)
        try move.run()
        // As somebody does who cannot reach the copy.
        let taken = try TransferConfirmation.takeBack(move.source, copy: nil, Move.act)
        #expect(taken.reason == "more hosts; the copy was not asked")
        #expect(isRefused { try move.confirm() })
        #expect(isFenced { try move.target.checkAuthority() })
    }

    @Test("A log that the new place could not keep byte for byte is refused before it is sealed")
    func unfit() throws {
        for payload in ["{\"a\":\"x\u{FF}\"}", #"{"order":1}"#] {
            let move = try Move(.sqliteToPostgres, filled: false)
            // Not UTF-8 in the first, an event before 1970 in the second.
            let bytes = payload.utf8.flatMap { $0 == 0xC3 ? [] : $0 == 0xBF ? [0xFF] : [$0] }
            _ = try move.source.append(
                NewEvent(
                    type: "a", payload: bytes,
                    occurredAt: bytes.contains(0xFF) ? "2026-01-01T00:00:00Z" : "1969-01-01T00:00:00Z"))
            #expect(isRefused { try move.run() })
            #expect(try move.source.authority() == nil && move.target.authority() == nil)
        }
    }

    @Test("A seal waits for a claim that began before it, and sees its attempts")
    func claimUnderWay() throws {
        let move = try Move(.postgresToSQLite)
        let other = try move.from.open()
        let sealed = Mutex<Result<Void, StoreError>?>(nil)
        let isOver = DispatchSemaphore(value: 0)
        let record = record(.moved, "t1")
        let waitingSQL = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND wait_event_type = 'Lock' AND query LIKE '%outbox_authority%'
            """
        let claimed = try move.source.claim(
            [RouteShare(route: "a", commands: 1)], now: Move.act.now, lease: .minutes(1), dispatcher: "d"
        ) { _ in
            Thread.detachNewThread {
                let result = Result { () throws(StoreError) in try other.seal(record) }
                sealed.withLock { $0 = result }
                isOver.signal()
            }
            // Until it waits, or is done without having waited.
            while sealed.withLock({ $0 == nil }), (try? move.from.texts(waitingSQL)) == ["0"] {}
            return .attempt(request: Story.request)
        }.claimed
        #expect(isOver.wait(timeout: .now() + 60) == .success)
        #expect(claimed.count == 1)
        #expect(throws: StoreError.self) { try sealed.withLock { $0 }?.get() }
        #expect(try move.source.authority() == nil)
    }

    private func record(_ state: AuthorityState, _ transfer: Text) -> AuthorityRecord {
        AuthorityRecord(
            state: state, transfer: transfer, place: "elsewhere", actor: "ann", reason: "test",
            recordedAt: Move.act.now)
    }
}
