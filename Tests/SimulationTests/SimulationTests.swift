// Many dispatchers, crashes, clock jumps and lost answers, from one seed.
import Testing

@Suite("Simulation")
struct SimulationTests {
    static let steps = 300

    @Test(
        "All promises hold after any history of crashes, lost answers and clock jumps", arguments: Seeds.all)
    func promisesHold(seed: UInt64) throws {
        let findings = try World(seed: seed).run(steps: SimulationTests.steps)
        #expect(
            findings.violations.isEmpty,
            """
            SENDONCE_SEED=\(seed) brings this back:
            \(findings.violations.joined(separator: "\n"))
            The last steps before it:
            \(findings.trace.joined(separator: "\n"))
            """)
    }

    @Test("The same seed gives the same history")
    func seedDecidesEverything() throws {
        let worlds = [try World(seed: 7), try World(seed: 7)]
        let findings = try worlds.map { try $0.run(steps: 120) }
        #expect(findings[0].violations == findings[1].violations)
        #expect(worlds[0].provider.acceptances == worlds[1].provider.acceptances)
        #expect(worlds[0].answers == worlds[1].answers)
        #expect(worlds[0].history == worlds[1].history)
        #expect(!worlds[0].provider.acceptances.isEmpty)
    }

    @Test(
        "The histories reach every end, every outcome, late answers and all reasons that the events can have")
    func historiesAreRich() throws {
        var missing: Set<String> = [
            "accepted", "rejected", "dead", "expired", "cancelled", "superseded", "held", "outcome accepted",
            "outcome duplicate", "outcome rejected", "outcome rejected_for_now", "outcome unknown",
            "late accepted",
            "late unknown", "lease_lapsed", "never_left", "emitted", "duplicate", "within_window",
            "repeated_event",
            "condition_false", "no_rule", "key_missing", "key_invalid", "recipient_missing",
            "recipient_invalid",
            "payload_invalid", "cancels", "cancels_nothing", "control",
        ]
        for seed in Seeds.forSearches where !missing.isEmpty {
            let world = try World(seed: seed)
            _ = try world.run(steps: SimulationTests.steps)
            missing.subtract(try world.inspection.words())
        }
        #expect(missing.isEmpty, "no history reaches \(missing.sorted())")
    }

    @Test("A safety mechanism that is taken out is missed", arguments: Mechanism.allCases)
    func mechanismIsMissed(mechanism: Mechanism) throws {
        let isMissed = try Seeds.forSearches.contains { seed in
            try World(seed: seed, mechanism: mechanism).run(steps: SimulationTests.steps)
                .violations.contains { $0.contains(mechanism.symptom) }
        }
        #expect(isMissed, "no seed shows that anything depends on \(mechanism.rawValue)")
    }
}
