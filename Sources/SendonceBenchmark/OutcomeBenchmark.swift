// The whole way under load: an application appends, the pipeline projects and sends, until the last outcome
// is recorded.
import CBare
import Glibc
import SendonceSQLite

enum OutcomeBenchmark {
    /// Issue's floor, in mails a second.
    private static let floor = 8_000.0
    /// Events that the application puts into one transaction: an import or a nightly run, not a click.
    private static let eventsPerTransaction = 100
    /// Longer than any machine needs that could reach the floor.
    private static let patience = 300.0

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        let sink = try Sink()
        let folder = try TemporaryFolder()
        var rounds = Rounds(of: sizes.mails)
        for round in 0..<sizes.mailRounds {
            let limit = try post(sizes.mails, to: sink)
            let name = "outcome\(round)"
            let path = try Workload.database(name, in: folder)
            rounds.add(try deliver(sizes.mails, path, to: sink), limit: limit)
            folder.remove(name)
        }
        return [
            rounds.rate("append to recorded outcome, HTTP", "mails/s", floor: .atLeast(floor)),
            rounds.processorTime("  processor time of a mail"),
        ]
    }

    /// From the first append to the last recorded outcome. The processor time is that of all threads, the
    /// application's too; the sink is another process.
    private static func deliver(_ mails: Int, _ path: String, to sink: Sink) throws -> Cost {
        let application = try Application(path: path)
        let pipeline = Pipeline(store: try SQLiteStore(path: path), url: sink.url)
        defer { pipeline.stop() }
        let payloads = (0..<mails).map(Workload.payload)
        let used = Clock.processorSeconds()
        var cost = try Clock.cost {
            for start in stride(from: 0, to: mails, by: eventsPerTransaction) {
                try application.append(payloads[start..<min(start + eventsPerTransaction, mails)])
            }
            _ = try pipeline.tally.wait(for: mails, seconds: patience)
        }
        cost.processor = Clock.processorSeconds() - used
        return cost
    }

    /// What the curl loop in C needs for as many requests of the same size.
    private static func post(_ count: Int, to sink: Sink) throws -> Cost {
        let headers = [
            "api-key: benchmark-key", "content-type: application/json", "accept: application/json", "Expect:",
        ]
        let copies = headers.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        let pointers = copies.compactMap { $0.map { UnsafePointer($0) } }
        let cost = body.withUnsafeBytes { body in
            pointers.withUnsafeBufferPointer { pointers -> cbare_cost? in
                guard let first = pointers.baseAddress, let start = body.baseAddress else { return nil }
                return cbare_post(
                    sink.url + "/v3/smtp/email", first, pointers.count, start, body.count,
                    Pipeline.concurrency, count)
            }
        }
        guard let cost = cost.flatMap({ Cost($0) }) else { throw BenchmarkError("the curl loop in C failed") }
        return cost
    }

    private static let body = Array(
        """
        {"sender":{"name":"Shop","email":"no-reply@shop.example"},"to":[{"email":\
        "customer123456@mail.example"}],"templateId":3,"params":{"name":"Ann","order":10123456},\
        "headers":{"idempotencyKey":\
        "0a1b2c3d-4e5f-8607-9819-2a3b4c5d6e7f"},"tags":["0a1b2c3d-4e5f-8607-9819-2a3b4c5d6e7f"]}
        """.utf8)
}
