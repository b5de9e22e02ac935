// The dispatcher on a full queue with a provider that answers at once: claim, attempt, outcome, finish.
import SendonceDelivery
import SendonceSQLite

enum QueueBenchmark {
    static func measure(_ sizes: Sizes) throws -> [Figure] {
        try [Pipeline.concurrency, 500].map { concurrency in
            let folder = try TemporaryFolder()
            let path = try Workload.database("queue", in: folder)
            try Workload.fill(path, orders: 0..<sizes.queuedCommands)
            _ = try ProjectionBenchmark.projectAll(path)
            let seconds = try deliver(path, commands: sizes.queuedCommands, concurrency: concurrency)
            return Figure(
                "claim and settle, \(concurrency) in flight", Double(sizes.queuedCommands) / seconds,
                "commands/s")
        }
    }

    private static func deliver(_ path: String, commands: Int, concurrency: Int) throws -> Double {
        let store = try SQLiteStore(path: path)
        let route = ActiveRoute(
            Pipeline.route(url: "http://127.0.0.1:1", concurrency: concurrency),
            transport: InstantTransport(),
            at: Clock.now())
        let dispatcher = Dispatcher(queue: store, requests: RequestBuilder(store: store), routes: [route]) {}
        var accepted = 0
        return try Clock.seconds {
            while accepted < commands {
                let report = try dispatcher.turn(now: Clock.now(), monotonic: Clock.monotonic())
                accepted += report.outcomes[.accepted] ?? 0
                guard !report.isIdle else {
                    throw BenchmarkError(
                        "\(accepted) of \(commands) commands were accepted, and no more come")
                }
            }
        }
    }
}
