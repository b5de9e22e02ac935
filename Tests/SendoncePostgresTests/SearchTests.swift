// Nothing that was committed is skipped, however late; and a search need not wade through what is gone.
import PostgresSupport
import SendonceCore
import SendoncePostgres
import SendonceStore
import Testing

@Suite struct SearchTests {
    private let database: PostgresDatabase
    private let store: PostgresStore

    init() throws {
        database = try PostgresCluster.shared().database()
        store = try PostgresStore(database.settings())
    }

    private let insert = "INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')"

    @Test("An event that was committed after later ones is found, though a cursor would have passed it")
    func lateCommit() throws {
        let late = PlainConnection(database.connection)
        try late.run("BEGIN; \(insert)")
        for _ in 1...3 { try database.plain.run(insert) }
        #expect(try store.hasIntake())
        #expect(try LogOfOne.move(store) == 3)
        #expect(try store.hasIntake() == false)
        try late.run("COMMIT")
        // What a reader that follows `seq > last` would see.
        #expect(try database.plain.value("SELECT count(*) FROM outbox WHERE seq > 4") == "0")
        #expect(try store.hasIntake())
        #expect(try LogOfOne.move(store) == 1)
        #expect(try store.counts().logged == 4)
    }

    @Test("A savepoint that is rolled back, a rollback and a prepared transaction leave no hole in the log")
    func holes() throws {
        let other = PlainConnection(database.connection)
        try other.run("BEGIN; SAVEPOINT a; \(insert); ROLLBACK TO a; \(insert); COMMIT")
        try other.run("BEGIN; \(insert); ROLLBACK")
        try other.run("BEGIN; \(insert); PREPARE TRANSACTION '\(database.name)'")
        try other.run(insert)
        #expect(try LogOfOne.move(store) == 2)
        try other.run("COMMIT PREPARED '\(database.name)'")
        #expect(try LogOfOne.move(store) == 1)
        #expect(try store.events(after: 0, type: nil, limit: 9).map(\.position) == [1, 2, 3])
    }

    @Test("COPY of many events is moved, all of it, once each")
    func copy() throws {
        try database.plain.run(
            """
            COPY outbox (event_type, payload) FROM PROGRAM
                'seq 100000 | sed "s/.*/copied\\t{\\"order\\":&}/"'
            """)
        var batches: [Int] = []
        repeat {
            batches.append(
                try store.project { (open: any ProjectionTransaction) throws(StoreError) -> Int in
                    var head = try open.head()
                    var batch = ProjectedBatch()
                    for intake in try open.take(events: 20_000, bytes: 8 << 20) {
                        head = head.adding(intake.event)
                        batch.events.append(
                            LoggedEvent(
                                position: head.position, event: intake.event, link: head.link,
                                recordedAt: .start))
                        batch.moved.append(intake.sequence)
                    }
                    try open.write(batch)
                    return batch.events.count
                })
        } while batches.last != 0
        #expect(batches == [20_000, 20_000, 20_000, 20_000, 20_000, 0])
        #expect(try database.plain.value("SELECT count(DISTINCT payload) FROM outbox_log") == "100000")
        #expect(try store.counts().intake == 0)
    }
}
