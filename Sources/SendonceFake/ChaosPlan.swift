// Which requests are spoilt. A script says it request by request, for tests; a seeded plan says it by
// probability, for endurance runs. The same seed gives the same sequence of faults for the same sequence of
// request heads.

extension FakeBrevo {
    /// A seeded plan of faults and a script that goes before it.
    package struct ChaosPlan: Sendable {
        /// A fault and how likely it is on one request, from 0 to 1.
        package struct Chance: Sendable, Equatable {
            package var fault: Fault
            package var probability: Double

            package init(_ fault: Fault, _ probability: Double) {
                self.fault = fault
                self.probability = probability
            }
        }

        /// A fault and the number of requests it is still to spoil.
        package struct Step: Sendable, Equatable {
            package var fault: Fault
            package var count: Int
        }

        /// No fault at all.
        package static let calm = ChaosPlan()

        package private(set) var seed: UInt64 = 0
        package private(set) var chances: [Chance] = []
        /// What is left of the script, next step first.
        package private(set) var script: [Step] = []
        private var state: UInt64 = 0

        private init() {}

        /// A plan in which each request draws at most one fault.
        ///
        /// Throws `chaosInvalid` for a probability outside 0 to 1 or if all of them add up to more than 1.
        package init(seed: UInt64, chances: [Chance]) throws(FakeError) {
            for chance in chances {
                try chance.fault.check()
                guard (0...1).contains(chance.probability) else {
                    throw .chaosInvalid("the probability of \(chance.fault.name) is not between 0 and 1")
                }
            }
            // A sum of decimal fractions may miss 1 by a rounding error, and that is no mistake of the
            // caller's.
            guard chances.reduce(0, { $0 + $1.probability }) <= 1.000_000_001 else {
                throw .chaosInvalid("the probabilities add up to more than 1")
            }
            self.seed = seed
            self.chances = chances
            self.state = seed
        }

        /// Adds to the end of the script: the next `count` requests after those already planned get `fault`.
        package mutating func append(_ fault: Fault, count: Int = 1) throws(FakeError) {
            try fault.check()
            guard (1...Limits.scriptCount).contains(count) else {
                throw .chaosInvalid("a script's count is 1 to \(Limits.scriptCount)")
            }
            guard script.count < Limits.scriptEntries else {
                throw .chaosInvalid("a script has at most \(Limits.scriptEntries) entries")
            }
            script.append(Step(fault: fault, count: count))
        }

        /// Takes the fault of the next request; the script goes before the chances.
        ///
        /// A fault that needs a reused connection spares the first request of a connection. A script keeps
        /// the step for a request that it can spoil; a draw by chance is used up.
        mutating func draw(onReusedConnection reused: Bool) -> Fault {
            if let step = script.first {
                if step.fault.needsReuse && !reused { return .none }
                if step.count == 1 { script.removeFirst() } else { script[0].count -= 1 }
                return step.fault
            }
            if chances.isEmpty { return .none }
            var rest = nextFraction()
            for chance in chances {
                if rest < chance.probability {
                    return chance.fault.needsReuse && !reused ? .none : chance.fault
                }
                rest -= chance.probability
            }
            return .none
        }

        /// The next number from 0 up to 1, by SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
        private mutating func nextFraction() -> Double {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 31
            return Double(mixed >> 11) * 0x1p-53
        }

        /// Takes the place of this plan's chances, keeping what is left of the script.
        mutating func replaceChances(with other: ChaosPlan) {
            seed = other.seed
            chances = other.chances
            state = other.seed
        }
    }
}
