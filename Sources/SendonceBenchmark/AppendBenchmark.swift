// What the library costs an application: its INSERT in a transaction of its own, beside the same INSERT in C.
enum AppendBenchmark {
    /// Issue's floor for the ratio of medians to the bare INSERT.
    private static let floor = 0.8

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        let folder = try TemporaryFolder()
        let ours = try Workload.database("ours", in: folder, isBare: true)
        let bare = try Workload.database("bare", in: folder, isBare: true)
        let application = try Application(path: ours)
        let payloads = (0..<sizes.appends).map(Workload.payload)
        var rounds = Rounds(of: payloads.count)
        for round in 0...sizes.appendRounds {
            let limit = try Workload.bareAppend(bare, payloads, rows: 1)
            let cost = try Clock.cost { for payload in payloads { try application.append([payload]) } }
            // The first round warms both files.
            if round > 0 { rounds.add(cost, limit: limit) }
        }
        return [
            rounds.rate("append, one in a transaction", "events/s", floor: .ratio(floor)),
            rounds.processorTime("  processor time of an event"),
        ]
    }
}
