// The fake provider as commands use it.
import SendonceFake

/// A running fake Brevo on 127.0.0.1.
struct FakeProvider {
    static let devKey = "fake-key"

    let port: Int
    private let fake: FakeBrevo

    /// `chaos` is the share of requests, from 0 to 1, that meet one of the faults that a network really has.
    static func start(
        port: Int, key: String, keySeconds: Int, record: String?, chaos: Double, seed: UInt64
    ) async throws -> FakeProvider {
        var configuration = FakeBrevo.Configuration()
        configuration.apiKeys = [key]
        configuration.keyTimeToLive = keySeconds
        configuration.recordPath = record
        configuration.threadCount = 1
        if chaos > 0 {
            let faults: [FakeBrevo.Fault] = [
                .acceptThenDrop, .acceptThenReset, .acceptThenLate(milliseconds: 2_000),
                .acceptThenResetOnReuse,
                .resetOnReuse, .dropBeforeReading, .truncatedJSON, .rateLimited(resetSeconds: 1),
                .refuse(status: 503, accepted: false),
            ]
            configuration.chaos = try FakeBrevo.ChaosPlan(
                seed: seed, chances: faults.map { .init($0, chaos / Double(faults.count)) })
        }
        let fake = FakeBrevo(configuration)
        return FakeProvider(port: try await fake.start(port: port), fake: fake)
    }

    func stop() async {
        await fake.stop()
    }
}
