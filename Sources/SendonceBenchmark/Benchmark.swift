// The list of what is measured.

enum Benchmark: String, CaseIterable {
    case append, projection, memory, queue, outcome, latency, core, verify, postgres
    case postgresOutcome = "postgres-outcome"
    case postgresIdle = "postgres-idle"
    case postgresVerify = "postgres-verify"
    case verifyLive = "verify-live"

    var words: String {
        switch self {
        case .append: "one event in a transaction, Swift library beside the bare INSERT in C"
        case .projection:
            "log, decision, ledger, command and queue durable, beside the same rows written in C"
        case .memory: "a long intake through the projector: resident memory of its process"
        case .queue: "claim and settle without HTTP"
        case .outcome: "append to recorded outcome over HTTP, beside a curl loop in C"
        case .latency: "idle: from the return of the commit to the first byte"
        case .core: "one thread without a store: reading payloads, deciding, building requests"
        case .verify: "a log decided again and compared, beside a scan of the same rows in C"
        case .postgres: "the store on PostgreSQL, if SENDONCE_BENCHMARK_POSTGRES names an empty database"
        case .postgresOutcome: "append to recorded outcome there, two dispatchers, beside PgQueuer"
        case .postgresIdle: "a steady load there while an idle transaction holds back vacuum"
        case .verifyLive: "a steady load without and beside a verification, here and there"
        case .postgresVerify: "a log there decided again, beside COPY TO STDOUT of the same rows"
        }
    }

    func measure(_ sizes: Sizes) throws -> [Figure] {
        switch self {
        case .append: try AppendBenchmark.measure(sizes)
        case .projection: try ProjectionBenchmark.measure(sizes)
        case .memory: try MemoryBenchmark.measure(sizes)
        case .queue: try QueueBenchmark.measure(sizes)
        case .outcome: try OutcomeBenchmark.measure(sizes)
        case .latency: try LatencyBenchmark.measure(sizes)
        case .core: try CoreBenchmark.measure(sizes)
        case .verify: try VerifyBenchmark.measure(sizes)
        case .postgres: try PostgresBenchmark.measure(sizes)
        case .postgresOutcome: try PostgresOutcomeBenchmark.measure(sizes)
        case .postgresIdle: try PostgresIdleBenchmark.measure(sizes)
        case .verifyLive: try VerifyLiveBenchmark.measure(sizes)
        case .postgresVerify: try PostgresVerifyBenchmark.measure(sizes)
        }
    }
}

/// How much is measured.
struct Sizes {
    /// One-row transactions in a round, and rounds of each side.
    var appends = 5_000
    var appendRounds = 7
    var projectedEvents = 200_000
    var projectionRounds = 3
    var memoryEvents = 1_000_000
    var queuedCommands = 50_000
    var mails = 50_000
    var mailRounds = 3
    var latencyEvents = 500
    var coreEvents = 300_000
    var serverMails = 32_000
    var serverRounds = 3
    /// How long the steady load beside an idle transaction lasts.
    var idleSeconds = 300
    /// The load.
    var idleEventsPerSecond = 2_000
    var verifiedEvents = 1_000_000
    var verifyRounds = 3
    /// A past for the live system, then turns of its load, each without and beside a verification.
    var liveEvents = 100_000
    var liveSeconds = 10
    var liveRounds = 5

    static let full = Sizes()
    static let quick = Sizes(
        appends: 500, appendRounds: 5, projectedEvents: 20_000, projectionRounds: 1, memoryEvents: 50_000,
        queuedCommands: 10_000, mails: 5_000, mailRounds: 1, latencyEvents: 50, coreEvents: 30_000,
        serverMails: 4_000, serverRounds: 1, idleSeconds: 30, idleEventsPerSecond: 200,
        verifiedEvents: 100_000, liveEvents: 20_000, liveSeconds: 5, liveRounds: 1)
}
