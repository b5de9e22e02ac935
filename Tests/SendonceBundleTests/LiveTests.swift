// An export reads while the log goes on, and holds nothing up.
import SendonceBundle
import SendonceCore
import SendonceStore
import Testing

@Suite(.serialized) struct LiveTests {
    @Test("An export ends with the event that was the last one when it began", arguments: PlaceKind.allCases)
    func goesOn(kind: PlaceKind) throws {
        let place = try Place(kind)
        try place.fill()
        var (bytes, number): ([UInt8], Int) = ([], 100)
        let report = try Export(from: place.store).run(now: .start) { lines in
            bytes += lines
            number += 1
            do {
                _ = try place.store.append(Place.order(number))
                try place.project(at: .start + .hours(5))
            } catch {
                Issue.record("\(error)")
            }
        }
        #expect(report.events == 24 && number == 102)
        #expect(try events(of: LogFile(path: place.write(bytes))).map(\.position) == Array(1...24))
        #expect(try place.store.counts().logged == 26)
    }

    @Test(
        "Between two pages no transaction is open: nothing is pinned, whoever waits for the export's reader")
    func shortReads() throws {
        let server = try Place(.server)
        try fillPages(server)
        let open =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL "
        var pages = 0
        _ = try Export(from: server.store).run(now: .start) { _ in
            pages += 1
            #expect((try? server.texts(open + "AND pid <> pg_backend_pid()")) == ["0"])
        }
        #expect(pages == 4)
        let file = try Place(.file)
        try fillPages(file)
        pages = 0
        _ = try Export(from: file.store).run(now: .start) { _ in
            pages += 1
            // Only a WAL that no reader is in can be taken back to its beginning.
            #expect((try? file.texts("PRAGMA wal_checkpoint(TRUNCATE)")) == ["0"])
        }
        #expect(pages == 4)
    }

    private func fillPages(_ place: Place) throws {
        let event = Event(type: "a.b", payload: Array("{}".utf8), occurredAt: .start)
        try place.log(Array(repeating: event, count: 2_500))
    }
}
