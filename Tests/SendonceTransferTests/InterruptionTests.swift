// A transfer that ends at any step, is run twice at once, or meets a copy that is not what it wrote.
import Dispatch
import SendonceCore
import SendonceStore
import SendonceTransfer
import Synchronization
import Testing

@Suite(.serialized) struct InterruptionTests {
    @Test(
        "Interrupted before any step, a second run ends well",
        arguments: [Direction.sqliteToSQLite, .sqliteToPostgres, .postgresToSQLite])
    func anyStep(direction: Direction) throws {
        var step = 0
        var isOver = false
        while !isOver {
            step += direction == .sqliteToSQLite ? 1 : 7
            let move = try Move(direction)
            do {
                _ = try move.failing(at: step).run(Move.act, name: "t1")
                isOver = true
            } catch {
                guard case .store(Steps.failure) = error else { throw error }
            }
            // Whatever was done, no two places are in force, and none that is not whole.
            #expect(!isInForce(move.target) || step == 1)
            let report = try move.run(name: "t2")
            #expect(report.tables.allSatisfy { $0.isEqual }, "step \(step)")
            #expect(try lines(of: move.source) == lines(of: move.target))
            #expect(try move.target.intakeCount() == move.source.intakeCount())
            try move.confirm()
        }
        #expect(step > 30)
    }

    private func isInForce(_ store: AnyStore) -> Bool {
        (try? store.checkAuthority()) != nil
    }

    @Test("Another byte in any table is found when both sides are compared", arguments: Direction.across)
    func wrongByte(direction: Direction) throws {
        let move = try Move(direction)
        let error = #expect(throws: TransferError.self) {
            _ = try move.changing().run(Move.act, name: "t1")
        }
        guard case .differs(let tables) = error else {
            Issue.record("expected a difference, got \(String(describing: error))")
            return
        }
        #expect(tables.map(\.name) == TransferTable.all.map(\.name))
        #expect(tables.allSatisfy { $0.source.rows == $0.copy.rows })
        #expect(try move.target.authority()?.digest == nil)
        #expect(throws: TransferError.self) { try move.confirm() }
    }

    @Test("A recorded row that somebody changed in the copy ends the next run", arguments: Direction.across)
    func tampered(direction: Direction) throws {
        let move = try Move(direction)
        try move.run()
        try move.to.tamper("outbox_log", "payload = payload || ' ' WHERE position = 5")
        let error = #expect(throws: TransferError.self) { try move.run() }
        guard case .store(.conflict(let words)) = error else {
            Issue.record("expected a conflict, got \(String(describing: error))")
            return
        }
        #expect(words.contains("outbox_log") && words.contains("(5)"))
    }

    @Test("Two transfers at once leave one copy, whole", arguments: Direction.across)
    func twoAtOnce(direction: Direction) throws {
        let move = try Move(direction)
        let failures = Mutex<[String]>([])
        let places = [(try move.from.open(), try move.to.open()), (move.source, move.target)]
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            do {
                let (source, target) = places[index]
                _ = try Transfer(from: source, to: target).run(Move.act, name: Text("t\(index)"))
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0.count } < 2, "\(failures.withLock { $0 })")
        let report = try move.run()
        #expect(report.tables.allSatisfy { $0.isEqual })
        #expect(try move.target.intakeCount() == 6)
        try move.confirm()
    }

    // MARK: What is written to the old place afterwards

    @Test(
        "What came into the source's intake since is brought by another run, once",
        arguments: Direction.across)
    func rest(direction: Direction) throws {
        let move = try Move(direction)
        try move.run()
        for number in 81...83 { _ = try move.source.append(Story.order(number)) }
        #expect(try move.run().brought == 3)
        try move.confirm()
        try Story.project(in: move.target, at: .start + .days(41))
        let logged = try move.target.counts().logged
        for number in 84...86 { _ = try move.source.append(Story.order(number)) }
        // Committed there and not yet deleted here.
        #expect(throws: TransferError.self) {
            _ = try move.failing(at: 2).run(Move.act, name: "t2")
        }
        let report = try move.run()
        #expect(report.brought == 0 && report.remaining == 0)
        #expect(try move.source.intakeCount() == 0)
        try Story.project(in: move.target, at: .start + .days(42))
        #expect(try move.target.counts().logged == logged + 3)
        #expect(try move.run().brought == 0)
    }

    @Test(
        "An event that an application wrote to the new place before the log came is kept, and decided",
        arguments: Direction.across)
    func early(direction: Direction) throws {
        let move = try Move(direction)
        _ = try move.target.append(Story.order(95, email: "early@x.test"))
        #expect(try move.run().tables.allSatisfy { $0.isEqual })
        _ = try move.target.append(Story.order(96))
        #expect(try move.run().tables.allSatisfy { $0.isEqual })
        try move.confirm()
        try Story.project(in: move.target, at: .start + .days(41))
        let early = try move.target.messages(
            MessageFilter(recipient: "early@x.test"), before: nil, limit: 9)
        #expect(early.count == 1)
    }
}
