// What was exported is read back as it was, and comes to the same positions with the same links.
import SendonceBundle
import SendonceCore
import SendonceStore
import Testing

@Suite(.serialized) struct RoundTripTests {
    @Test(
        "A file holds the log that a store has: events, links, rule sets, activations",
        arguments: PlaceKind.allCases)
    func whole(kind: PlaceKind) throws {
        let place = try Place(kind)
        try place.fill()
        let report = try place.export()
        let file = try LogFile(path: place.path())
        let log = try events(of: place.store)
        #expect(log.count == 24 && report.events == 24 && report.ruleSets == 2)
        #expect(try events(of: file) == log)
        #expect(try file.head() == LogHead(position: 24, link: log[23].link))
        #expect(try file.name() == log[0].link && report.log == log[0].link && report.head == file.head())
        let activations = try file.activations()
        #expect(activations.map(\.position) == [1, 12])
        #expect(try activations.last == place.store.activation())
        for activation in activations {
            let files = try file.ruleSetFiles(activation.ruleSet)
            #expect(try files == place.store.ruleSetFiles(activation.ruleSet) && files?.count == 3)
        }
        #expect(try file.ruleSetFiles(.zero) == nil)
        #expect(!file.isRedacted)
    }

    @Test(
        "Whatever a payload or an envelope holds, the file gives the same bytes",
        arguments: [1, 2, 3, 4, 5, 6])
    func hostile(seed: UInt64) throws {
        let place = try Place(.file)
        var source = HostileEvents(seed: seed)
        for _ in 0..<5 { try place.log((0..<100).map { _ in source.next() }) }
        try place.export()
        let log = try events(of: place.store)
        let file = try LogFile(path: place.path())
        let read = try events(of: file, limit: 33)
        #expect(read.count == 500)
        for (left, right) in zip(log, read) {
            #expect(left == right, "seed \(seed), position \(left.position)")
        }
        let target = try Place(.file)
        _ = try Import(file, into: target.store).run(actor: "ann", reason: "r", now: .start)
        #expect(try events(of: target.store) == log)
    }

    @Test("An import gives the same rows on either store", arguments: PlaceKind.allCases, PlaceKind.allCases)
    func imported(from: PlaceKind, to: PlaceKind) throws {
        let (source, target) = (try Place(from), try Place(to))
        try source.fill()
        try source.export()
        let file = try LogFile(path: source.path())
        let report = try Import(file, into: target.store).run(actor: "ann", reason: "lost", now: .start)
        #expect(report.head.position == 24 && report.activations == 2 && report.ruleSets == 2)
        for table in [TransferTable.log, .ruleSet, .activation, .scope] {
            let expected = try rows(table, of: source.store)
            #expect(!expected.isEmpty)
            #expect(try rows(table, of: target.store) == expected, "\(table.name)")
        }
        #expect(try target.store.activation() == source.store.activation())
        // Exported again, only the time of the export differs.
        try target.export()
        #expect(try target.lines() == source.lines())
    }

    @Test("A part has the link before it and the rule set in force there", arguments: PlaceKind.allCases)
    func part(kind: PlaceKind) throws {
        let place = try Place(kind)
        try place.fill()
        try place.export(from: 5, through: 20)
        let file = try LogFile(path: place.path())
        let log = try events(of: place.store)
        #expect(try events(of: file) == Array(log[4...19]))
        #expect(file.header.before == log[3].link && file.header.link == log[19].link)
        #expect(try file.name() == log[0].link)
        #expect(try file.activations().map(\.position) == [1, 12])
        #expect(try file.events(after: 9, limit: 2, bytes: .max).map(\.position) == [10, 11])
        #expect(try file.events(after: 20, limit: 2, bytes: .max).isEmpty)
    }

    @Test("An empty log is a file too, and a range that is none is refused in words")
    func empty() throws {
        let place = try Place(.file)
        try place.export()
        let file = try LogFile(path: place.path())
        #expect(try file.head() == .empty && events(of: file).isEmpty && file.name() == nil)
        try place.fill()
        #expect(words { try place.export(from: 0) }.contains("positions begin with 1"))
        #expect(words { try place.export(from: 26) }.contains("the log ends with position 24"))
        #expect(words { try place.export(through: 25) }.contains("the log ends with position 24"))
        #expect(words { try place.export(from: 9, through: 7) }.contains("no position lies between"))
    }

    @Test("A page obeys its bounds and jumps anywhere, also far into a file")
    func pages() throws {
        let place = try Place(.file)
        for batch in 0..<5 {
            try place.log(
                (1...1_000).map { number in
                    Event(
                        type: "a.b", payload: Array("{\"n\":\(batch * 1_000 + number)}".utf8),
                        occurredAt: .start)
                })
        }
        try place.export()
        let file = try LogFile(path: place.path())
        let log = try events(of: place.store)
        for after in [4_999, 0, 1_023, 1_024, 1_025, 3_071, 2_047, 5_000] as [Int64] {
            let page = try file.events(after: after, limit: 3, bytes: .max)
            #expect(page == Array(log.dropFirst(Int(after)).prefix(3)), "after \(after)")
        }
        #expect(try file.events(after: 7, limit: 100, bytes: 16).map(\.position) == [8, 9])
        #expect(try file.events(after: 9, limit: 100, bytes: 0).map(\.position) == [10])
        #expect(try file.events(after: 10, limit: 100, bytes: 15).map(\.position) == [11])
        #expect(try events(of: file, limit: 777) == log)
    }

    @Test("A log whose chain does not fit is not exported, and the position is named")
    func tampered() throws {
        let place = try Place(.file)
        try place.fill()
        try place.run(
            "DROP TRIGGER outbox_log_no_update; UPDATE outbox_log SET subject = 'x' WHERE position = 9")
        #expect(words { try place.export() }.contains("does not fit at position 9"))
        try place.export(through: 8)
        try place.export(from: 10, to: "rest.jsonl")
        #expect(try events(of: LogFile(path: place.path("rest.jsonl"))).count == 15)
    }
}
