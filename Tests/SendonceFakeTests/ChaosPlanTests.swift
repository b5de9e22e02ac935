// The plan: seeded, reproducible, and strict about what it is told.

import Foundation
import Testing

@testable import SendonceFake

@Suite("The chaos plan")
struct ChaosPlanTests {
    typealias Plan = FakeBrevo.ChaosPlan

    @Test("The same seed gives the same faults, another seed others, each about as often as its probability")
    func seeded() throws {
        func draws(_ seed: UInt64) throws -> [FakeBrevo.Fault] {
            var plan = try Plan(
                seed: seed,
                chances: [.init(.acceptThenDrop, 0.2), .init(.refuse(status: 503, accepted: false), 0.1)])
            return (0..<10_000).map { _ in plan.draw(onReusedConnection: false) }
        }
        let first = try draws(7)
        try #expect(first == draws(7))
        try #expect(first != draws(8))
        #expect((1_800...2_200).contains(first.count { $0 == .acceptThenDrop }))
        #expect((850...1_150).contains(first.count { $0 == .refuse(status: 503, accepted: false) }))
        #expect(first.contains(.none))
    }

    @Test("A script goes before the chances and is used up step by step")
    func script() throws {
        var plan = try Plan(seed: 1, chances: [.init(.acceptThenReset, 1)])
        try plan.append(.none, count: 2)
        try plan.append(.truncatedJSON)
        let drawn = (0..<5).map { _ in plan.draw(onReusedConnection: false) }
        #expect(drawn == [.none, .none, .truncatedJSON, .acceptThenReset, .acceptThenReset])
    }

    @Test("A fault for reused connections spares the first request and waits in the script for a reused one")
    func reuse() throws {
        var plan = Plan.calm
        try plan.append(.resetOnReuse)
        try plan.append(.acceptThenDrop)
        let drawn = [false, false, true, false].map { plan.draw(onReusedConnection: $0) }
        #expect(drawn == [.none, .none, .resetOnReuse, .acceptThenDrop])
    }

    @Test(
        "A plan that cannot be followed is refused and changes nothing",
        arguments: [
            "", "[]", #"{"script":[{"fault":"acceptThenDorp"}]}"#,
            #"{"script":[{"fault":"acceptThenLate"}]}"#,
            #"{"script":[{"fault":"acceptThenLate","milliseconds":-1}]}"#,
            #"{"script":[{"fault":"acceptThenDrop","count":0}]}"#, #"{"scirpt":[]}"#, #"{"seed":1}"#,
            #"{"script":[{"fault":"acceptThenDrop","milliseconds":1}]}"#,
            #"{"script":[{"fault":"refuse","status":200,"accepted":true}]}"#,
            #"{"script":[{"fault":"refuse","status":500}]}"#,
            #"{"chances":[{"fault":"acceptThenDrop","probability":1.5}]}"#,
            #"{"chances":[{"fault":"none","probability":0.6},{"fault":"truncatedJSON","probability":0.6}]}"#,
            #"{"clear":true,"script":[{"fault":"none"},{"fault":"nothing"}]}"#,
        ])
    func refused(json: String) throws {
        var plan = Plan.calm
        try plan.append(.slowDrip(millisecondsPerByte: 2), count: 3)
        let before = JSON.text(plan.members)
        #expect(throws: FakeBrevo.FakeError.self) { try plan.apply(Data(json.utf8)) }
        #expect(JSON.text(plan.members) == before)
    }

    static let faults: [FakeBrevo.Fault] = [
        .none, .acceptThenDrop, .acceptThenReset, .acceptThenLate(milliseconds: 5), .resetOnReuse,
        .acceptThenResetOnReuse, .slowDrip(millisecondsPerByte: 3), .truncatedBody, .truncatedJSON,
        .refuse(status: 502, accepted: true), .rateLimited(resetSeconds: 4), .dropBeforeReading,
    ]

    @Test("Every fault can be written as JSON and read back", arguments: faults)
    func json(fault: FakeBrevo.Fault) throws {
        var plan = Plan.calm
        try plan.apply(Data(JSON.bytes(["script": [fault.members]])))
        #expect(plan.script.map(\.fault) == [fault])
    }
}
