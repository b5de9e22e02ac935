// One projector at a time, and what becomes of one that was paused.
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceProjection
import SendonceStore
import Testing

@Suite struct LeaseTests {
    private let database: PostgresDatabase
    private let first: PostgresStore
    private let second: PostgresStore

    init() throws {
        database = try PostgresCluster.shared().database()
        first = try PostgresStore(database.settings(lease: .minutes(10)), name: "first")
        second = try PostgresStore(
            database.settings(lockTimeout: .milliseconds(50), lease: .minutes(10)), name: "second")
    }

    private func append() throws {
        _ = try first.append(NewEvent(type: "a", payload: Array("{}".utf8)))
    }

    /// As if ten minutes had passed.
    private func letLeaseEnd() throws {
        try database.plain.run("UPDATE outbox_projector SET lease_end = 1")
    }

    private func standby(_ store: PostgresStore) throws -> Span? {
        do {
            try LogOfOne.move(store)
            return nil
        } catch StoreError.standby(let remaining) {
            return remaining
        }
    }

    @Test("While one projects, another stands by and is told for how long")
    func standby() throws {
        #expect(try standby(first) == nil)
        let remaining = try #require(try standby(second))
        #expect(remaining > .minutes(9) && remaining <= .minutes(10))
        #expect(try standby(first) == nil)
        #expect(
            try database.plain.value("SELECT split_part(holder, ' ', 1) FROM outbox_projector") == "first")
    }

    @Test("A live projector reports that it stands by, and the events stay where they are")
    func report() throws {
        try LogOfOne.write(to: first)
        try append()
        let report = try LiveProjector(store: second).step(now: .start)
        guard case .standby = report else {
            Issue.record("expected to stand by, got \(report)")
            return
        }
        #expect(try second.counts().intake == 1)
    }

    @Test("When the lease has ended another takes over with a higher token; the old one cannot write")
    func fencing() throws {
        #expect(try standby(first) == nil)
        try letLeaseEnd()
        #expect(try standby(second) == nil)
        #expect(try database.plain.value("SELECT token FROM outbox_projector") == "2")
        try append()
        #expect(try standby(first) != nil)
        #expect(try first.counts().logged == 0)
        #expect(try standby(second) == nil)
        #expect(try first.counts().logged == 1)
    }

    @Test("Who took over and never heard that it was committed need not wait for himself")
    func unheard() throws {
        #expect(try standby(first) == nil)
        // As a take-over leaves it whose COMMIT was not answered.
        try database.plain.run("UPDATE outbox_projector SET token = token + 1")
        #expect(try standby(first) == nil)
        #expect(try database.plain.value("SELECT token FROM outbox_projector") == "2")
        #expect(try standby(second) != nil)
        try database.plain.run("UPDATE outbox_projector SET token = token + 1")
        try first.resign()
        #expect(try standby(second) == nil)
    }

    @Test("Another process of the same name is another one")
    func sameName() throws {
        let namesake = try PostgresStore(database.settings(lease: .minutes(10)), name: "first")
        #expect(try standby(first) == nil)
        #expect(try standby(namesake) != nil)
        try namesake.resign()
        #expect(try standby(second) != nil)
    }

    @Test("What a transaction took and did not commit was not taken")
    func rolledBack() throws {
        #expect(throws: StoreError.failed("stop")) {
            try first.project { (_: any ProjectionTransaction) throws(StoreError) in throw .failed("stop") }
        }
        #expect(try standby(second) == nil)
        #expect(try standby(first) != nil)
    }

    @Test("Who gives the lease back need not be waited for")
    func resigned() throws {
        #expect(try standby(first) == nil)
        try second.resign()
        #expect(try standby(second) != nil)
        try first.resign()
        #expect(try standby(second) == nil)
    }

    @Test("A lease is renewed only when a third of it is used up")
    func renewal() throws {
        #expect(try standby(first) == nil)
        let end = try database.plain.value("SELECT lease_end FROM outbox_projector")
        #expect(try standby(first) == nil)
        #expect(try database.plain.value("SELECT lease_end FROM outbox_projector") == end)
        try database.plain.run("UPDATE outbox_projector SET lease_end = lease_end - 250000000")
        #expect(try standby(first) == nil)
        let renewed = try #require(try database.plain.value("SELECT lease_end FROM outbox_projector"))
        #expect(renewed > end ?? "")
        #expect(try database.plain.value("SELECT token FROM outbox_projector") == "1")
    }

    @Test("A person's act does not wait for the lease, but never meets an open projector transaction")
    func act() throws {
        #expect(try standby(first) == nil)
        #expect(
            try second.act { (open: any ProjectionTransaction) throws(StoreError) in try open.head() }
                == .empty)
        let error = #expect(throws: StoreError.self) {
            try first.project { (_: any ProjectionTransaction) throws(StoreError) in
                try second.act { (_: any ProjectionTransaction) throws(StoreError) in }
            }
        }
        guard case .busy = error else {
            Issue.record("expected to wait, got \(String(describing: error))")
            return
        }
    }

    @Test("A projector that stands still within a transaction is ended by the server, and its locks with it")
    func stoodStill() throws {
        let slow = try PostgresStore(database.settings(lease: .milliseconds(50)), name: "slow")
        // Waits for the lock, which only the end of the other transaction gives free.
        let patient = try PostgresStore(database.settings(lockTimeout: .seconds(15)), name: "patient")
        try append()
        var hasPassed = false
        #expect(throws: StoreError.self) {
            try slow.project { (open: any ProjectionTransaction) throws(StoreError) in
                let taken = try open.take(events: 10, bytes: 1_000)
                _ = try patient.act { (open: any ProjectionTransaction) throws(StoreError) in try open.head()
                }
                hasPassed = true
                var batch = ProjectedBatch()
                batch.moved = taken.map(\.sequence)
                try open.write(batch)
            }
        }
        #expect(hasPassed)
        #expect(try patient.counts().intake == 1)
    }
}
