// A lock that is held, a disk that is full, a file that is no database: what is said, and that nothing is
// lost.
import Foundation
import GRDB
import SendonceCore
import SendonceSQLite
import SendonceStore
import Testing

@Suite struct FailureTests {
    private let event = NewEvent(type: "a", payload: Array("{}".utf8))

    @Test("A lock that somebody holds is reported as busy, and work goes on when it is gone")
    func busy() throws {
        let place = try TestFile()
        let store = try SQLiteStore(path: place.path, settings: SQLiteSettings(busyTimeout: 0.05))
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let holder = try DatabaseQueue(path: place.path, configuration: configuration)
        try holder.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let error = #expect(throws: StoreError.self) { try store.append(event) }
        guard case .busy = error else {
            Issue.record("expected busy, got \(String(describing: error))")
            return
        }
        #expect(try store.hasIntake() == false)
        try holder.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        _ = try store.append(event)
        #expect(try store.intake(limit: 9).count == 1)
    }

    @Test("A full disk rolls the batch back, and the same batch succeeds when there is room")
    func full() throws {
        let place = try TestFile()
        let store = try SQLiteStore(path: place.path)
        for _ in 0..<50 {
            _ = try store.append(
                NewEvent(type: "a", payload: Array(#"{"a":"\#(String(repeating: "x", count: 4_000))"}"#.utf8))
            )
        }
        func move() throws {
            try store.project { (open: any ProjectionTransaction) throws(StoreError) in
                var head = try open.head()
                var batch = ProjectedBatch()
                for taken in try open.take(events: 100, bytes: 1 << 20) {
                    head = head.adding(taken.event)
                    batch.events.append(
                        LoggedEvent(
                            position: head.position, event: taken.event, link: head.link, recordedAt: .start))
                    batch.decisions.append(Decision(position: head.position, reason: .noRule))
                    batch.moved.append(taken.sequence)
                }
                try open.write(batch)
            }
        }
        try store.limitPages(to: 20)
        let error = #expect(throws: StoreError.self) { try move() }
        guard case .unavailable = error else {
            Issue.record("expected unavailable, got \(String(describing: error))")
            return
        }
        #expect(try store.counts().logged == 0)
        #expect(try store.counts().intake == 50)
        try store.limitPages(to: 1_000_000)
        try move()
        #expect(try store.counts().logged == 50)
        #expect(try store.counts().intake == 0)
    }

    @Test("A file that is no database is called damaged, and is not changed")
    func notADatabase() throws {
        let place = try TestFile(migrated: false)
        let content = Data(String(repeating: "this is not a database. ", count: 100).utf8)
        try content.write(to: URL(filePath: place.path))
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: place.path) }
        guard case .damaged = error else {
            Issue.record("expected damage, got \(String(describing: error))")
            return
        }
        #expect(try Data(contentsOf: URL(filePath: place.path)) == content)
    }

    @Test("A place that cannot be opened is called unavailable")
    func nowhere() throws {
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: "/nonexistent/folder/x.db") }
        guard case .unavailable = error else {
            Issue.record("expected unavailable, got \(String(describing: error))")
            return
        }
    }

    @Test("No error repeats a payload")
    func errorsKeepSecrets() throws {
        let place = try TestFile()
        let store = try SQLiteStore(path: place.path)
        for payload in [#"{"secret""#, #"["secret"]"#, String(repeating: "secret", count: 200_000)] {
            let error = #expect(throws: StoreError.self) {
                try store.append(NewEvent(type: "a", payload: Array(payload.utf8)))
            }
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test("A rollback journal works too, and is kept where the file has it")
    func rollbackJournal() throws {
        let place = try TestFile(journal: .delete)
        let store = try SQLiteStore(path: place.path)
        _ = try store.append(event)
        #expect(try store.engine().journal == "delete")
        #expect(try store.engine().hasWALResetBug == false)
        #expect(try store.intake(limit: 9).count == 1)
        let other = try TestFile()
        #expect(try SQLiteStore(path: other.path).engine().journal == "wal")
    }

    @Test(
        "Versions of SQLite that can lose a commit are known",
        arguments: [
            (3_040_001, true), (3_051_002, true), (3_051_003, false), (3_050_007, false), (3_044_006, false),
            (3_044_005, true), (3_045_000, true), (3_050_006, true), (3_053_000, false),
        ])
    func walReset(version: Int, isAffected: Bool) {
        #expect(SQLiteEngine(version: version, journal: "wal").hasWALResetBug == isAffected)
        #expect(!SQLiteEngine(version: version, journal: "delete").hasWALResetBug)
    }

    @Test("The data version changes when anybody commits, and stays when nobody does")
    func dataVersion() throws {
        let place = try TestFile()
        let store = try SQLiteStore(path: place.path)
        let first = try store.dataVersion()
        #expect(try store.dataVersion() == first)
        try place.sql("INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')")
        let second = try store.dataVersion()
        #expect(second != first)
        _ = try store.append(event)
        #expect(try store.dataVersion() != second)
    }
}
