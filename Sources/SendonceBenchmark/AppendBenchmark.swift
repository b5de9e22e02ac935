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
        var (rates, limits, ratios) = ([Double](), [Double](), [Double]())
        for round in 0...sizes.appendRounds {
            let limit = try Workload.bareAppend(bare, payloads, rows: 1)
            let seconds = try Clock.seconds { for payload in payloads { try application.append([payload]) } }
            // The first round warms both files.
            guard round > 0 else { continue }
            limits.append(Double(payloads.count) / limit)
            rates.append(Double(payloads.count) / seconds)
            ratios.append(limit / seconds)
        }
        return [
            Figure(
                "append, one in a transaction", rates.median, "events/s", reference: limits.median,
                ratio: ratios.median, floor: .ratio(floor))
        ]
    }
}
