// The flat memory of keys beside the plain one that the projector uses: the same answers, in little room.
import ProcessSupport
import SendonceCore
import SendonceReplay
import Testing

@Suite("Key table")
struct KeyTableTests {
    private static let windows: [Window] = [
        .forever, .within(.hours(2)), .within(.minutes(5)), .every(.hours(1)), .every(.days(1)),
    ]

    /// Asks both and adds to both, as decisions do, with windows that change.
    @Test(
        "Any sequence of winners gives the projector's own answers", arguments: 1...20 as ClosedRange<UInt64>)
    func sameAnswers(_ seed: UInt64) {
        var random = Randomness(seed: seed)
        // Some keys are won often, so that they get lists; others once or never.
        var table = KeyTable(expected: Int(random.number(0...200)))
        var plain = LedgerView(known: [:])
        for position in Int64(1)...800 {
            let key = Key(scope: "rule", parts: [Text("\(random.number(0...random.number(1...60)))")])
            let window = Self.windows[Int(random.number(0...4))]
            let time = Timestamp.start + .minutes(random.number(-3_000...3_000))
            for range in [window.range(at: time), .first, .latest] {
                let question = LedgerQuestion(key: key, range: range)
                #expect(
                    table.places(question) == plain.places(question), "seed \(seed), position \(position)")
            }
            #expect(table.latestCommand(of: key) == plain.latestCommand(of: key))
            let slot = window.slot(at: time)
            let generation = random.number(0...30) == 0 ? Int64(2) : 1
            let winner = Winner(
                position: position, occurredAt: time, slot: slot, generation: generation,
                command: CommandID(key: key.digest, slot: slot, generation: generation))
            table.add(winner, key: key.digest)
            plain.add(winner, key: key.digest)
        }
    }

    @Test("A key takes 32 bytes at most")
    func footprint() {
        let count = 100_000
        var table = KeyTable(expected: count)
        for number in 0..<count {
            let key = DigestBuilder.digest(of: Array("\(number)".utf8))
            table.add(
                Winner(
                    position: Int64(number) + 1, occurredAt: .start, slot: "forever", generation: 1,
                    command: CommandID(key: key, slot: "forever", generation: 1)), key: key)
        }
        // What does not grow with the number of keys is not counted.
        #expect(table.footprint <= 32 * count + 32_768)
        #expect(table.count == count)
    }

    @Test("A table that was made too small grows and forgets nothing")
    func growing() {
        var table = KeyTable()
        let keys = (0..<20_000).map { Key(scope: "r", parts: [Text("\($0)")]) }
        for (place, key) in keys.enumerated() {
            table.add(
                Winner(
                    position: Int64(place) + 1, occurredAt: .start, slot: "forever", generation: 1,
                    command: CommandID(key: key.digest, slot: "forever", generation: 1)), key: key.digest)
        }
        for (place, key) in keys.enumerated() {
            #expect(
                table.places(LedgerQuestion(key: key, range: .first)).map(\.position) == [Int64(place) + 1])
        }
    }

    @Test("The keys of one share are spread over the whole table")
    func shares() {
        let keys = (0..<10_000).map { DigestBuilder.digest(of: Array("\($0)".utf8)) }
        for index in 0..<16 {
            let places = keys.filter { KeyPartition(index: index, count: 16).contains($0) }
                .map { Double($0.prefix.high) / Double(UInt64.max) }
            // About 625 of them; each quarter of the table has its part.
            for quarter in 0..<4 {
                let own = places.count { Int($0 * 4) == quarter }
                #expect((100...220).contains(own), "share \(index), quarter \(quarter): \(own)")
            }
        }
    }
}
