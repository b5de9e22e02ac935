// A log decided again in a process that does nothing else, beside a C program that only reads the same rows.
import CBare
import Foundation
import SendonceClock
import SendonceCore
import SendoncePostgres
import SendonceReplay
import SendonceSQLite
import SendonceStore

enum VerifyBenchmark {
    /// With `--memory`.
    private static let passes = 4

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        let folder = try TemporaryFolder()
        let events = sizes.verifiedEvents
        let path = try Workload.database("verified", in: folder, rules: VerifyWorkload.rules)
        try VerifyWorkload.make(path, events: events)
        var (one, both, rows, log) = (Rounds(of: events), Rounds(of: events), 0.0, 0.0)
        var (peak, keys) = (0.0, 0.0)
        var (bounded, boundedPeak) = (Rounds(of: events), 0.0)
        for _ in 0..<sizes.verifyRounds {
            let scan = try scan(path, tables)
            let two = try child(path)
            let single = try child(path, onOneCore: true)
            one.add(Cost(seconds: single[0], processor: single[1]), limit: scan)
            both.add(Cost(seconds: two[0], processor: two[1]), limit: scan)
            (peak, keys, rows) = (max(peak, two[2]), two[3], two[4])
            let memory = Int(keys) * 32 / passes
            let several = try child(path, memory: memory)
            bounded.add(Cost(seconds: several[0], processor: several[1]), limit: scan)
            boundedPeak = max(boundedPeak, several[2])
            log = max(log, Double(events) / (try self.scan(path, Array(tables.prefix(1)))).seconds)
        }
        return [
            one.rate("verify, \(events) events, one core", "events/s", floor: .ratio(0.25)),
            both.rate("verify, \(events) events, all cores", "events/s", floor: .atLeast(1_000_000)),
            one.processorTime("  processor time of an event"),
            Figure(
                "  rows that the scan read beside each event", (rows - Double(events)) / Double(events),
                "rows"),
            Figure("  scan of the events alone", log, "events/s"),
            Figure(
                "  resident memory at its peak, \(Int(keys)) keys", peak / 1e6, "MB",
                floor: .atMost((64 * 1_048_576 + 32 * keys) / 1e6)),
            bounded.rate("  with room for a quarter of the keys: \(passes) passes", "events/s"),
            Figure(
                "    resident memory at its peak", boundedPeak / 1e6, "MB",
                floor: .atMost((64 * 1_048_576 + 32 * keys / Double(passes)) / 1e6)),
        ]
    }

    /// What verification reads, as it reads it.
    private static let tables = [
        "SELECT \(EventRow.columns) FROM outbox_log ORDER BY position",
        "SELECT \(DecisionRow.columns) FROM outbox_decision ORDER BY position, rule, item",
        "SELECT \(CommandRow.columns) FROM outbox_command ORDER BY number",
        "SELECT \(LedgerRow.columns) FROM outbox_ledger ORDER BY key, key_digest, slot, generation",
        "SELECT command FROM outbox_queue ORDER BY command",
    ]

    private static func scan(_ path: String, _ statements: [String]) throws -> Cost {
        let copies = statements.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        let pointers = copies.compactMap { $0.map { UnsafePointer($0) } }
        let cost = pointers.withUnsafeBufferPointer { pointers in
            pointers.baseAddress.map { cbare_scan(path, $0, pointers.count) }
        }
        guard let cost = cost.flatMap({ Cost($0) }) else {
            throw BenchmarkError("the C program could not read \(path)")
        }
        return cost
    }

    /// What a child says that verified: seconds, processor seconds, the peak of resident memory in bytes,
    /// keys and rows.
    static func child(_ place: String, onOneCore: Bool = false, memory: Int? = nil) throws -> [Double] {
        let child = try ChildProcess(
            ["--child", "verify", place] + (memory.map { ["\($0)"] } ?? []), onOneCore: onOneCore)
        let words = child.readLine().split(separator: " ").compactMap { Double($0) }
        child.wait()
        guard words.count == 5 else { throw BenchmarkError("the log was not found to be the same") }
        guard words[3] > 0 else { throw BenchmarkError("no event of the log won a key") }
        return words
    }

    /// A file, or a database on a server, with as many connections as `sendonce-replay` opens.
    static func open(_ place: String, givesWay: Bool = false) throws(StoreError) -> any RecordReader {
        let readers = min(
            ProcessInfo.processInfo.activeProcessorCount, VerificationLimits.mostReaders)
        guard PostgresSettings.isAddress(place) else {
            return try SQLiteReplayLog(path: place, readers: readers)
        }
        return try PostgresReplayLog(
            PostgresSettings(connection: place), readers: readers, givesWay: givesWay)
    }

    /// The child's part, for a file or a database on a server.
    static func verify(_ place: String, memory: Int?) throws {
        var request = VerificationRequest(place: "benchmark")
        request.keyMemory = memory
        let start = (Monotonic.now(), Clock.processorSeconds())
        var verification = Verification(try open(place), request) { Clock.now() }
        let certificate = try verification.run()
        let seconds = Double(Monotonic.now() - start.0) / 1e9
        guard certificate.verdict == .same else {
            message(certificate.text)
            throw BenchmarkError("the log differs")
        }
        let counts = certificate.counts
        print(
            seconds, Clock.processorSeconds() - start.1, try MemoryBenchmark.peakBytes(), counts.ledger,
            counts.events + counts.decisions + counts.commands + counts.ledger)
    }
}
