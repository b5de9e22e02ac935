// One simulated world: a database file, several dispatchers and projectors, a provider, and a clock that only
// moves when it is told to. Everything happens on one thread in an order that the seed decides, so a seed is
// a whole history.
import Foundation
import ProcessSupport
import SendonceCore
import SendonceDelivery
import SendonceProjection
import SendonceRules
import SendonceSQLite
import SendonceStore

/// What went wrong, in one sentence each, and how it came about.
struct Findings {
    var violations: [String] = []
    /// The last steps before the first violation.
    var trace: [String] = []
}

final class World {
    static let start = Timestamp(microseconds: 1_800_000_000_000_000)
    /// Any two clocks differ by less than what is left of the provider's margin after a slow transfer: five
    /// minutes less one. Beyond that nobody promises anything.
    static let largestSkew = Span.seconds(110)
    private static let traceLength = 60

    let seed: UInt64
    /// The safety mechanism that is taken out of this world, if one is.
    let mechanism: Mechanism?
    let folder: URL
    var path: String { folder.appendingPathComponent("outbox.sqlite").path }

    var die: Randomness
    /// The true time. Dispatchers see it with their skew.
    var now = World.start
    var hasFaults = true
    /// Until then no connection comes about, or none holds.
    var outageEnd = World.start
    var dispatchers: [DispatcherProcess]
    var projectors: [ProjectorProcess]
    /// How many attempts count before a command is dead; few, so that some die.
    let attemptLimit: Int
    let application: SQLiteStore
    let inspection: Inspection

    var provider = SimulatedBrevo()
    /// Requests between their issue and the provider.
    var messages: [TravellingMessage] = []
    /// How often each attempt was issued, and what its transport answered.
    var issues: [AttemptName: Int] = [:]
    var answers: [AttemptName: TransportAnswer] = [:]
    /// Payloads of committed events. Each has a number of its own, so payloads can be told apart.
    var committed: Set<String> = []
    var rolledBack: Set<String> = []
    var eventCount: Int64 = 0
    var activations = 0

    var watch = Watch()
    private(set) var findings = Findings()
    private var trace: [String] = []
    /// Covers every step so far, so that two histories can be compared.
    private(set) var history = Digest.zero

    init(seed: UInt64, mechanism: Mechanism? = nil) throws {
        self.seed = seed
        self.mechanism = mechanism
        die = Randomness(seed: seed)
        attemptLimit = Int(die.chance(50) ? 2 : die.number(3...12))
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("sendonce-simulation-\(seed)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent("outbox.sqlite").path
        _ = try SQLiteMigration(path: path).up(now: World.start)
        application = try SQLiteStore(path: path)
        inspection = try Inspection(path: path)
        dispatchers = (1...Int(die.number(2...4))).map(DispatcherProcess.init)
        projectors = (1...Int(die.number(1...2))).map { _ in ProjectorProcess() }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    var monotonic: UInt64 { UInt64((now - World.start).microseconds + 1_000_000) * 1_000 }

    func note(_ words: String) {
        trace.append("\((now - World.start).description) \(words)")
        var builder = DigestBuilder()
        builder.add(history)
        builder.addPart(trace.last)
        history = builder.digest()
        if trace.count > World.traceLength { trace.removeFirst() }
    }

    func report(_ violation: String) {
        if findings.violations.isEmpty { findings.trace = trace }
        // One cause shows in many rows; the first few of a run without a planted fault say enough.
        if mechanism != nil || findings.violations.count < 12 { findings.violations.append(violation) }
    }

    /// The whole history of a seed: faults for `steps` steps, then peace until nothing is left to do, then
    /// the checks.
    func run(steps: Int) throws -> Findings {
        activate(variant: 0)
        for _ in 0..<steps {
            try step()
            // A planted fault is found as soon as it shows.
            if let mechanism, findings.violations.contains(where: { $0.contains(mechanism.symptom) }) {
                return findings
            }
        }
        try settleDown()
        try Invariants(self).check()
        return findings
    }
}
