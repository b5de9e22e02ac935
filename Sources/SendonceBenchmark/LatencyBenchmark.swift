// How long an event waits when nothing else happens: from the return of the application's commit to the first
// byte of the request. One event is under way at a time, so each first byte belongs to one commit.
import Glibc
import SendonceClock
import SendonceSQLite

enum LatencyBenchmark {
    /// Issue's floor for the 99th percentile, in milliseconds.
    private static let floor = 20.0
    /// Between two events, so that every thread is asleep again.
    private static let pauseMicroseconds: UInt32 = 20_000
    private static let patience = 10.0

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        let sink = try Sink()
        let folder = try TemporaryFolder()
        let path = try Workload.database("latency", in: folder)
        let application = try Application(path: path)
        let pipeline = Pipeline(store: try SQLiteStore(path: path), url: sink.url)
        defer { pipeline.stop() }
        var milliseconds: [Double] = []
        // The first events open the connection and warm the files.
        let warming = 10
        for order in 0..<(sizes.latencyEvents + warming) {
            try application.append([Workload.payload(order)])
            let committed = Monotonic.now()
            let issued = try pipeline.tally.wait(for: order + 1, seconds: patience)
            if order >= warming { milliseconds.append((Double(issued) - Double(committed)) / 1e6) }
            usleep(pauseMicroseconds)
        }
        return [
            Figure("commit to first byte, p50", milliseconds.percentile(0.5), "ms"),
            Figure("commit to first byte, p99", milliseconds.percentile(0.99), "ms", floor: .atMost(floor)),
        ]
    }
}
