// What a page leaves behind in the database: nothing, so that a live system beside it is never held back.
import GRDB
import SendonceCore
import SendonceReplay
import SendonceStore
import Testing

@Suite("Pages")
struct PageTests {
    @Test(
        "Between two pages nothing is held: a checkpoint empties the WAL at once, no transaction is open",
        arguments: StoreKind.allCases)
    func nothingIsHeld(_ kind: StoreKind) throws {
        let place = try ReplayPlace(kind)
        var shop = Shop(place.store, seed: 5)
        try shop.run(rounds: 2, events: 60, batchEvents: 50)
        let log = try place.log()
        let head = try log.head().position
        let page = RecordPage()
        var (after, number, pages) = (Int64(0), Int64(0), 0)
        while after < head {
            let request = RecordRequest(
                after: after, through: head, number: number, events: 32, bytes: 1 << 20)
            try log.read(request, into: page)
            #expect(try place.isFree(), "within page \(pages)")
            try log.readCommands(request, into: page)
            number += Int64(page.commands.ends.count)
            after = page.through
            pages += 1
            // Something new, which an old snapshot would hold back.
            _ = try place.store.append(shop.event())
            #expect(try place.isFree(), "after page \(pages)")
        }
        #expect(pages == 4 && number > 0)
    }

    @Test("A page of a file that takes too long ends where it is, and the next one begins there")
    func endsInTime() throws {
        let place = try ReplayPlace(.sqlite)
        var shop = Shop(place.store, seed: 5)
        try shop.run(rounds: 1, events: 90, batchEvents: 50)
        // No patience at all: a page is as much as is read between two looks at the clock.
        let log = try place.log(readers: 1)
        let head = try log.head().position
        let page = RecordPage()
        let request = RecordRequest(after: 0, through: head, number: 0, events: 512, bytes: 1 << 20)
        try log.read(request, into: page)
        #expect(page.events.ends.count == 16 && page.through == 16)
        #expect(try log.events(after: 16, limit: 512, bytes: 1 << 20).map(\.position) == Array(17...32))
        let rows = RowBuffer()
        try log.ledger(after: nil, limit: 512, into: rows)
        #expect(rows.ends.count == 16)
    }
}
