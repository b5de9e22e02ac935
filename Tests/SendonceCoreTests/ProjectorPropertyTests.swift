// What holds for every log: at most one winner, whatever the batches, the order of times and the changes of
// windows.
import Testing

@testable import SendonceCore

@Suite("Projector: properties")
struct ProjectorPropertyTests {
    @Test("Every decision is the one that the promise in plain words demands", arguments: Seeds.all)
    func agreesWithThePlainModel(seed: UInt64) {
        let log = RandomLog(seed: seed, events: 300, windows: RandomLog.allWindows)
        var model = PlainModel()
        for (decision, (entry, window)) in zip(
            log.decisions(batches: seed, atMost: 40), zip(log.entries, log.windows))
        {
            let key = entry.event.payload.member("user_id")?.jsonText ?? ""
            let (word, winner) = model.decide(
                Text(key), at: entry.event.event.occurredAt.microseconds, position: entry.position,
                window: window)
            let note: Comment = "seed \(seed), position \(entry.position), \(window)"
            #expect(decision.reason.word == word, note)
            switch decision.reason {
            case .emitted: #expect(winner == nil, note)
            case .duplicate(let found), .withinWindow(let found, _): #expect(found == winner, note)
            default: Issue.record("\(decision.reason) \(note)")
            }
        }
    }

    @Test("Where a batch ends changes no decision and no id", arguments: Seeds.all)
    func batchesDoNotMatter(seed: UInt64) {
        let log = RandomLog(seed: seed, events: 200, windows: RandomLog.allWindows)
        let single = log.decisions(batches: 0, atMost: 1)
        #expect(single.count == 200)
        for size in [2, 7, 60, 400] as [Int64] {
            #expect(
                log.decisions(batches: seed, atMost: size) == single, "seed \(seed), batches up to \(size)")
        }
    }

    @Test("No key, slot and generation is won twice, and no command id is given twice", arguments: Seeds.all)
    func atMostOneWinner(seed: UInt64) {
        let log = RandomLog(seed: seed, events: 400, windows: RandomLog.allWindows, change: 4)
        let commands = log.decisions(batches: seed, atMost: 50).compactMap(\.command)
        let places = commands.map { "\($0.key.digest) \($0.slot) \($0.generation)" }
        #expect(Set(places).count == places.count, "seed \(seed)")
        #expect(Set(commands.map(\.id)).count == commands.count, "seed \(seed)")
        #expect(commands.count > 3, "seed \(seed)")
    }

    @Test("Under `forever` a key has one winner, the first event of the key", arguments: Seeds.all)
    func foreverOnce(seed: UInt64) {
        let log = RandomLog(seed: seed, events: 100, windows: [.forever])
        let decisions = log.decisions(batches: seed, atMost: 20)
        var first: [Text: Int64] = [:]
        for decision in decisions {
            guard let key = decision.key?.text else { continue }
            if let position = first[key] {
                #expect(decision.reason == .duplicate(winner: position), "seed \(seed)")
            } else {
                #expect(decision.reason == .emitted, "seed \(seed)")
                first[key] = decision.position
            }
        }
    }

    @Test("Under `within` no two winners of a key lie closer than the length", arguments: Seeds.all)
    func withinKeepsDistance(seed: UInt64) {
        for length in RandomLog.lengths {
            let log = RandomLog(seed: seed, events: 150, windows: [.within(length)])
            let commands = log.decisions(batches: seed, atMost: 20).compactMap(\.command)
            for (place, left) in commands.enumerated() {
                for right in commands[(place + 1)...] where left.key == right.key {
                    let distance = (left.occurredAt - right.occurredAt).microseconds.magnitude
                    #expect(distance >= length.microseconds, "seed \(seed)")
                }
            }
        }
    }

    @Test("Under `every` a key has at most one winner in each slot", arguments: Seeds.all)
    func everyOncePerSlot(seed: UInt64) {
        for length in RandomLog.lengths {
            let log = RandomLog(seed: seed, events: 150, windows: [.every(length)])
            let commands = log.decisions(batches: seed, atMost: 20).compactMap(\.command)
            let slots = commands.map { command in
                let time = Double(command.occurredAt.microseconds) / Double(length.microseconds)
                return "\(command.key.text) \(Int64(time.rounded(.down)))"
            }
            #expect(Set(slots).count == slots.count, "seed \(seed)")
        }
    }

    @Test("Whatever defeats an event is an earlier winner of its key", arguments: Seeds.all)
    func losersNameWinners(seed: UInt64) {
        let log = RandomLog(seed: seed, events: 200, windows: RandomLog.allWindows)
        var won: [Int64: Text] = [:]
        for decision in log.decisions(batches: seed, atMost: 30) {
            switch decision.reason {
            case .emitted: won[decision.position] = decision.key?.text
            case .duplicate(let winner), .withinWindow(let winner, _):
                #expect(won[winner] == decision.key?.text && decision.command == nil, "seed \(seed)")
            default: Issue.record("\(decision.reason), seed \(seed)")
            }
        }
    }

    @Test(
        "`until` is the first moment at which an event would not lose against that winner",
        arguments: Seeds.all)
    func untilIsTheFirstFreeMoment(seed: UInt64) {
        let windows = RandomLog.allWindows.filter { $0 != .forever }
        let log = RandomLog(seed: seed, events: 100, windows: windows)
        let decisions = log.decisions(batches: seed, atMost: 10)
        for (decision, window) in zip(decisions, log.windows) {
            guard case .withinWindow(let winner, let until) = decision.reason else { continue }
            let time = log.entries[Int(winner) - 1].event.event.occurredAt
            guard case .between(let from, let end) = window.range(at: until),
                case .between(let before, let last) = window.range(at: until - Span(microseconds: 1))
            else {
                Issue.record("a window without a range")
                continue
            }
            #expect(!(from <= time && time < end), "seed \(seed)")
            #expect(before <= time && time < last, "seed \(seed)")
        }
    }

    @Test("Rules and paths written in another order give the same decisions", arguments: Seeds.all.prefix(8))
    func orderOfRulesDoesNotMatter(seed: UInt64) {
        var random = Randomness(seed: seed)
        let names: [Text] = ["a", "b", "c", "d", "e"]
        func rules(_ order: [Text]) -> RuleSet {
            var sample = SampleRules()
            for name in order { sample.add(name, once: ["data.user_id", "data.\(name)"]) }
            return RuleSet(digest: .zero, rules: sample.rules, payloadPaths: sample.paths)
        }
        let events = (0..<40).map { _ in
            let members = names.filter { _ in Bool.random(using: &random) }
            let first = members.first ?? "x"
            return SampleEvent(
                "user.joined",
                [
                    "user_id": .integer(String(random.number(in: 1...4))), "email": .string("ann@x.test"),
                    first: .string("v"), members.last ?? "y": .string("v"),
                ])
        }
        let plain = SampleLedger.decisions(events, under: rules(names))
        for _ in 0..<5 {
            let shuffled = SampleLedger.decisions(events, under: rules(names.shuffled(using: &random)))
            #expect(shuffled == plain, "seed \(seed)")
        }
    }
}

@Suite("Projector: the same in every process")
struct SameInEveryProcessTests {
    /// A digest of all that the projector concludes about one fixed log.
    static func digestOfDecisions() -> String {
        let log = RandomLog(seed: 2_026, events: 500, windows: RandomLog.allWindows)
        var builder = DigestBuilder()
        for decision in log.decisions(batches: 3, atMost: 64) {
            builder.add(decision.position)
            builder.add(decision.item)
            builder.addPart(decision.rule.string)
            builder.addPart("\(decision.reason)")
            builder.addPart(decision.key?.text.string)
            builder.addPart(decision.command?.id.description)
        }
        return builder.digest().description
    }

    static let golden = "814ac96daf281f159ccd1bc53c20e370002b1ae2d17e7e4dc1f61d330f97c0d1"

    @Test("A fixed log has the decisions that it always had")
    func goldenDecisions() {
        #expect(Self.digestOfDecisions() == Self.golden)
    }

    @Test("Two processes, whose hash tables are seeded differently, decide alike")
    func acrossProcesses() async throws {
        let first = try #require(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                print("hash \("the same text".hashValue)")
                #expect(SameInEveryProcessTests.digestOfDecisions() == SameInEveryProcessTests.golden)
            })
        let second = try #require(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                print("hash \("the same text".hashValue)")
                #expect(SameInEveryProcessTests.digestOfDecisions() == SameInEveryProcessTests.golden)
            })
        #expect(first.standardOutputContent.starts(with: Array("hash ".utf8)))
        #expect(first.standardOutputContent != second.standardOutputContent)
    }
}
