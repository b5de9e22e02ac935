// A live system under a steady load, in turn by itself and beside a verification that begins again whenever
// it ends. Replay must not be felt: neither in how long a mail takes, nor by what it holds back in the
// database.
import Foundation
import SendonceBarrier
import SendonceCore
import SendoncePostgres
import SendonceReplay
import SendonceStore

enum VerifyLiveBenchmark {
    /// The floor: how long the WAL, or a snapshot, may be held at a time, in milliseconds.
    private static let floor = 1_000.0
    /// Turns of each kind that can be told from each other's noise.
    private static let fewestTurns = 5
    /// How long load and verification go on together before their turn is measured, in seconds.
    private static let meeting = 2
    /// For what is still under way when the load ends, in seconds.
    private static let patience = 120.0

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        let sink = try Sink()
        let folder = try TemporaryFolder()
        var figures = try measure(.file(try Workload.database("live", in: folder)), sink, sizes)
        if let database = try Server()?.database() {
            try database.migrate()
            figures += try measure(.server(database), sink, sizes)
        }
        return figures
    }

    private static func measure(_ system: LiveSystem, _ sink: Sink, _ sizes: Sizes) throws -> [Figure] {
        let pipeline = Pipeline(store: try system.store(), url: sink.url)
        defer { pipeline.stop() }
        // Orders that were written, and events that came of it: who falls behind leaves some out.
        var (orders, events) = (sizes.liveEvents, sizes.liveEvents)
        try system.fill(0..<orders)
        _ = try pipeline.tally.wait(for: events, seconds: patience)
        var (alone, beside): ([[Double]], [[Double]]) = ([], [])
        var (verified, longest) = (0.0, 0.0)
        /// A turn of the load; gives how long its events waited.
        func turn(seconds: Int = sizes.liveSeconds) throws -> [Double] {
            let first = try system.head() + 1
            events += try system.append(
                perSecond: sizes.idleEventsPerSecond, seconds: seconds, from: orders)
            orders += sizes.idleEventsPerSecond * seconds
            _ = try pipeline.tally.wait(for: events, seconds: patience)
            return try system.waits(first..<system.head() + 1)
        }
        for _ in 0..<sizes.liveRounds {
            alone.append(try turn())
            let child = try ChildProcess(["--child", "verify-live", system.place])
            guard child.readLine() == "reading" else { throw BenchmarkError("the log could not be read") }
            // Somebody who is on call finds the load there and does not come before it.
            _ = try turn(seconds: meeting)
            beside.append(try turn())
            child.endInput()
            let words = child.readLine().split(separator: " ").compactMap { Double($0) }
            child.wait()
            guard words.count == 2 else { throw BenchmarkError("the log was not found to be the same") }
            verified += words[0]
            longest = max(longest, words[1])
        }
        let rate = "\(sizes.idleEventsPerSecond)/s on \(system.words)"
        return [
            wait("append to outcome, \(rate), beside verify: p50", 0.5, beside, alone),
            wait("  p99", 0.99, beside, alone),
            Figure("  events that were verified meanwhile", verified, "events"),
            Figure("  longest time that verify held a snapshot", longest, "ms", floor: .atMost(floor)),
        ]
    }

    /// The median of the turns beside the median of those without. As long as it is not above the largest of
    /// those without, the difference is not told apart from their own; of two samples of five from the same
    /// source, one in twelve is.
    private static func wait(
        _ name: String, _ share: Double, _ beside: [[Double]], _ alone: [[Double]]
    ) -> Figure {
        let (value, without) = (beside.map { $0.percentile(share) }, alone.map { $0.percentile(share) })
        return Figure(
            name, value.median, "ms", reference: without.median, ratio: value.median / without.median,
            // One turn beside one says nothing.
            floor: without.count < fewestTurns ? nil : .atMost(without.max() ?? 0))
    }

    /// The child's part: verifies again and again until its input ends. Prints how many events that were,
    /// and the longest transaction in milliseconds.
    static func verify(_ place: String) throws {
        // As `sendonce-replay` does.
        Courtesy.giveWay()
        // Nothing is ever written to it, so what there is to read is the end.
        var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        let opened = try VerifyBenchmark.open(place, givesWay: true)
        let log = TimedReader(opened)
        print("reading")
        fflush(nil)
        var events: Int64 = 0
        while poll(&input, 1, 0) == 0 {
            var verification = Verification(log, VerificationRequest(place: "benchmark")) { Clock.now() }
            let certificate = try verification.run()
            guard certificate.verdict == .same else { throw BenchmarkError(certificate.text) }
            events += certificate.counts.events
        }
        print(events, (opened as? PostgresReplayLog)?.longestMilliseconds ?? log.longestMilliseconds)
    }
}
