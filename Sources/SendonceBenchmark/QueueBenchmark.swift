// The dispatcher on a full queue with a provider that answers at once: claim, attempt, outcome, finish.
import SendonceClock
import SendonceCore
import SendonceDelivery
import SendonceSQLite

enum QueueBenchmark {
    static func measure(_ sizes: Sizes) throws -> [Figure] {
        try [Pipeline.concurrency, 500].flatMap { concurrency in
            let folder = try TemporaryFolder()
            let path = try Workload.database("queue", in: folder)
            try Workload.fill(path, orders: 0..<sizes.queuedCommands)
            _ = try ProjectionBenchmark.projectAll(path)
            let commands = sizes.queuedCommands
            let cost = try deliver(path, commands: commands, concurrency: concurrency)
            return [
                Figure(
                    "claim and settle, \(concurrency) in flight", Double(commands) / cost.seconds,
                    "commands/s"),
                Figure("  processor time of a command", cost.processor / Double(commands) * 1e6, "us"),
            ]
        }
    }

    private static func deliver(_ path: String, commands: Int, concurrency: Int) throws -> Cost {
        let store = try SQLiteStore(path: path)
        let route = ActiveRoute(
            Pipeline.route(url: "http://127.0.0.1:1", concurrency: concurrency),
            transport: InstantTransport(),
            at: Clock.now())
        let dispatcher = Dispatcher(queue: store, requests: RequestBuilder(store: store), routes: [route]) {}
        var accepted = 0
        return try Clock.cost {
            while accepted < commands {
                let report = try dispatcher.turn(now: Clock.now(), monotonic: Monotonic.now())
                accepted += report.outcomes[.accepted] ?? 0
                guard !report.isIdle else {
                    throw BenchmarkError(
                        "\(accepted) of \(commands) commands were accepted, and no more come")
                }
            }
        }
    }
}
