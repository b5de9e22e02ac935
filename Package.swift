// swift-tools-version: 6.2
import PackageDescription

// Every target of ours is held to the same rules: Swift 6 mode, imports that name what they use, no warnings.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "sendonce",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Sendonce", targets: ["Sendonce"]),
        .executable(name: "sendonce", targets: ["SendonceCommand"]),
        .executable(name: "sendonce-replay", targets: ["SendonceReplayCommand"]),
        .executable(name: "sendonce-benchmark", targets: ["SendonceBenchmark"]),
    ],
    dependencies: [
        // SQLite: connections, transactions, the busy handler; statements on hot paths use its C handle.
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // YAML to nodes with line and column; we never let it coerce a scalar.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        // SHA-256 for keys, command ids and the log's hash chain.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // Mustache templates.
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        // The command line.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Settings from file, environment and secret files.
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: [.defaults, "YAML"]),
        // File paths, in the form that swift-configuration takes.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        // Log lines on stderr.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // Signals and orderly shutdown of `run`.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // The fake provider needs to misbehave on single connections: no HTTP framework lets it.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // The pure core: standard library and hashes only.
        .target(
            name: "SendonceCore",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: house),

        // Reading what people and applications write.
        .target(
            name: "CSimdJSON",
            linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "SendonceJSON", dependencies: ["SendonceCore", "CSimdJSON"], swiftSettings: house),
        .target(
            name: "SendonceRules",
            dependencies: ["SendonceCore", "Yams"],
            swiftSettings: house),
        .target(name: "SendonceRuleFiles", dependencies: ["SendonceRules"], swiftSettings: house),
        .target(
            name: "SendonceTemplates",
            dependencies: ["SendonceCore", .product(name: "Mustache", package: "swift-mustache")],
            swiftSettings: house),

        // Stores: ports, then an adapter each.
        .target(name: "SendonceStore", dependencies: ["SendonceCore"], swiftSettings: house),
        .target(
            name: "SchemaSQLite", path: "schema/sqlite", sources: ["Schema.swift"],
            resources: [.embedInCode("m0001_first.sql")], swiftSettings: house),
        // SQLite's settings, which are variadic.
        .target(name: "CSQLite", dependencies: [.product(name: "GRDBSQLite", package: "GRDB.swift")]),
        .target(
            name: "SendonceSQLite",
            dependencies: [
                "CSQLite", "SendonceCore", "SendonceStore", "SchemaSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: house),

        // PostgreSQL's own client library: TLS, service files and URIs come with it.
        .systemLibrary(
            name: "CLibPQ", pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(
            name: "SchemaPostgres", path: "schema/postgres", sources: ["Schema.swift"],
            resources: [.embedInCode("m0001_first.sql")], swiftSettings: house),
        .target(
            name: "SendoncePostgres",
            dependencies: ["CLibPQ", "SchemaPostgres", "SendonceCore", "SendonceStore"],
            swiftSettings: house),

        // Deciding and delivering. What the rules in force read in an event is said once, for both deciders.
        .target(
            name: "SendonceReading",
            dependencies: ["SendonceCore", "SendonceJSON", "SendonceRules", "SendonceStore"],
            swiftSettings: house),
        .target(
            name: "SendonceProjection",
            dependencies: [
                "SendonceCore", "SendonceJSON", "SendonceReading", "SendonceRules", "SendonceStore",
            ],
            swiftSettings: house),
        // Deciding again what was decided: sees a log and what was recorded, and can write and send nothing.
        .target(
            name: "SendonceReplay",
            dependencies: [
                "SendonceAudit", "SendonceCore", "SendonceJSON", "SendonceReading", "SendonceRules",
                "SendonceStore",
            ],
            swiftSettings: house),
        .target(
            name: "SendonceDelivery",
            dependencies: [
                "SendonceCore", "SendonceJSON", "SendonceRules", "SendonceStore", "SendonceTemplates",
            ],
            swiftSettings: house),
        // The kernel's barrier around replay. libseccomp, because a filter written by hand is easily wrong.
        .target(name: "CSeccomp", linkerSettings: [.linkedLibrary("seccomp")]),
        .target(name: "SendonceBarrier", dependencies: ["CSeccomp"], swiftSettings: house),
        // Moving a log to another database.
        .target(
            name: "SendonceTransfer", dependencies: ["SendonceCore", "SendonceStore"], swiftSettings: house),
        // Making decisions, ledger, commands and queue again from the log, into another database.
        .target(
            name: "SendonceRebuild",
            dependencies: [
                "SendonceCore", "SendonceProjection", "SendonceReading", "SendonceStore",
                "SendonceTransfer",
            ],
            swiftSettings: house),
        // A log as a file: export, redaction, import.
        .target(
            name: "SendonceBundle",
            dependencies: [
                "SendonceCore", "SendonceJSON", "SendonceReading", "SendonceRules", "SendonceStore",
            ],
            swiftSettings: house),
        // Noticing that a database is a copy, or was put back.
        .target(
            name: "SendonceFence", dependencies: ["SendonceCore", "SendonceStore"], swiftSettings: house),
        // Answering why: recorded rows to sentences and data.
        .target(
            name: "SendonceAudit", dependencies: ["SendonceCore", "SendonceJSON", "SendonceStore"],
            swiftSettings: house),
        // Mail into a directory: the embedded default, which needs no account.
        .target(
            name: "SendonceMaildir", dependencies: ["SendonceClock", "SendonceCore", "SendonceDelivery"],
            swiftSettings: house),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        // What waits and deadlines are measured by.
        .target(name: "SendonceClock", swiftSettings: house),
        .target(
            name: "SendonceCurl",
            dependencies: ["SendonceClock", "SendonceCore", "SendonceDelivery", "CCurl"],
            swiftSettings: house),
        .target(
            name: "SendonceFake",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: house),

        // For applications, and for people.
        .target(
            name: "Sendonce",
            dependencies: [.product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: house),
        .executableTarget(
            name: "SendonceCommand",
            dependencies: [
                "SendonceAudit", "SendonceBundle", "SendonceClock", "SendonceCore", "SendonceCurl",
                "SendonceDelivery", "SendonceFake", "SendonceFence", "SendonceJSON", "SendonceMaildir",
                "SendoncePostgres", "SendonceProjection", "SendonceReading", "SendonceRebuild",
                "SendonceRuleFiles", "SendonceRules", "SendonceSQLite", "SendonceStore",
                "SendonceTemplates",
                "SendonceTransfer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: house),
        // Replay, as a program of its own that cannot send: no curl, no HTTP, no template engine.
        .executableTarget(
            name: "SendonceReplayCommand",
            dependencies: [
                "SendonceAudit", "SendonceBarrier", "SendonceBundle", "SendonceCore", "SendoncePostgres",
                "SendonceReplay",
                "SendonceRuleFiles", "SendonceRules", "SendonceSQLite", "SendonceStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: house),
        .executableTarget(
            name: "SendonceBenchmark",
            dependencies: [
                "CBare", "Sendonce", "SendonceBarrier", "SendonceClock", "SendonceCore", "SendonceCurl",
                "SendonceDelivery",
                "SendonceFake", "SendonceJSON", "SendoncePostgres", "SendonceProjection", "SendonceReading",
                "SendonceReplay", "SendonceRules", "SendonceSQLite", "SendonceStore",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),
        // What the benchmark is measured against: the same durable writes and the same requests in plain C.
        .target(
            name: "CBare", dependencies: ["CLibPQ", .product(name: "GRDBSQLite", package: "GRDB.swift")],
            linkerSettings: [.linkedLibrary("curl")]),

        // Tests. Values in, values out.
        .testTarget(
            name: "SendonceCoreTests",
            dependencies: [
                "SendonceCore"
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceJSONTests",
            dependencies: [
                "SendonceJSON",
                "SendonceCore",
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceRulesTests",
            dependencies: [
                "SendonceRules",
                "SendonceCore",
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceTemplatesTests",
            dependencies: [
                "SendonceCore",
                "SendonceTemplates",
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceDeliveryTests",
            dependencies: [
                "SendonceCore",
                "SendonceDelivery",
                "SendonceMaildir",
                "SendonceRules",
                "SendonceStore",
                "SendonceTemplates",
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceAuditTests",
            dependencies: [
                "SendonceAudit",
                "SendonceCore",
                "SendonceStore",
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceProjectionTests",
            dependencies: [
                "ProcessSupport",
                "SendonceCore",
                "SendonceJSON",
                "SendonceProjection",
                "SendonceReading",
                "SendonceRules",
                "SendonceSQLite",
                "SendonceStore",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),

        // Tests. Every port, on every store; then what only one store has.
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "PostgresSupport",
                "SendonceCore",
                "SendoncePostgres",
                "SendonceSQLite",
                "SendonceStore",
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendoncePostgresTests",
            dependencies: [
                "PostgresSupport",
                "ProcessSupport",
                "SchemaPostgres",
                "SendonceCore",
                "SendonceJSON",
                "SendoncePostgres",
                "SendonceProjection",
                "SendonceRules",
                "SendonceSQLite",
                "SendonceStore",
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceTransferTests",
            dependencies: [
                "PostgresSupport",
                "SendonceCore",
                "SendonceJSON",
                "SendoncePostgres",
                "SendonceProjection",
                "SendonceRules",
                "SendonceSQLite",
                "SendonceStore",
                "SendonceTransfer",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceRebuildTests",
            dependencies: [
                "PostgresSupport",
                "ProcessSupport",
                "SendonceBundle",
                "SendonceCore",
                "SendoncePostgres",
                "SendonceProjection",
                "SendonceRebuild",
                "SendonceReplay",
                "SendonceRules",
                "SendonceSQLite",
                "SendonceStore",
                "SendonceTransfer",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceBundleTests",
            dependencies: [
                "PostgresSupport",
                "SendonceBundle",
                "SendonceCore",
                "SendonceJSON",
                "SendoncePostgres",
                "SendonceProjection",
                "SendonceReplay",
                "SendonceRules",
                "SendonceSQLite",
                "SendonceStore",
                "SendonceTransfer",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["links.py"],
            swiftSettings: house),
        .testTarget(
            name: "SendonceFenceTests",
            dependencies: [
                "SendonceCore",
                "SendonceFence",
                "SendonceSQLite",
                "SendonceStore",
                "SendonceTransfer",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceReplayTests",
            dependencies: [
                "PostgresSupport",
                "ProcessSupport",
                "SendonceCore",
                "SendoncePostgres",
                "SendonceProjection",
                "SendonceReading",
                "SendonceReplay",
                "SendonceRules",
                "SendonceSQLite",
                "SendonceStore",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceSQLiteTests",
            dependencies: [
                "Sendonce",
                "SendonceCore",
                "SendonceSQLite",
                "SendonceStore",
                "SchemaSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),

        // Tests. Real connections.
        .testTarget(
            name: "SendonceCurlTests",
            dependencies: [
                "SendonceClock",
                "SendonceCurl",
                "SendonceDelivery",
                "SendonceCore",
            ],
            swiftSettings: house),
        .testTarget(
            name: "SendonceFakeTests",
            dependencies: [
                "SendonceFake"
            ],
            swiftSettings: house),

        // Tests. The kernel's barrier, tried from inside by a program that has side effects.
        .testTarget(
            name: "SendonceBarrierTests", dependencies: ["BarrierProbe", "ProcessSupport"],
            swiftSettings: house),
        .executableTarget(
            name: "BarrierProbe", dependencies: ["CSeccomp", "CSideEffect", "SendonceBarrier"],
            path: "Tests/BarrierProbe", swiftSettings: house),
        .target(name: "CSideEffect", path: "Tests/CSideEffect"),
        .testTarget(
            name: "ReplaySystemTests", dependencies: ["BarrierProbe", "ProcessSupport"],
            swiftSettings: house),

        // Tests. The whole: simulated, as processes, and as a house.
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "ProcessSupport",
                "SendonceCore",
                "SendonceDelivery",
                "SendonceJSON",
                "SendonceProjection",
                "SendonceReading",
                "SendonceRules",
                "SendonceSQLite",
                "SendonceStore",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "ProcessSupport",
                "SendonceFake",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "ProcessSupport",
                "SendonceFake",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "PostgresSystemTests",
            dependencies: [
                "PostgresSupport",
                "ProcessSupport",
                "SendonceCore",
                "SendonceFake",
                "SendoncePostgres",
                "SendonceProjection",
            ],
            exclude: ["kept.sh", "relay.py"],
            swiftSettings: house),
        .testTarget(
            name: "ArchitectureTests",
            swiftSettings: house),
        // A PostgreSQL server of each test process, and databases on it.
        .target(
            name: "PostgresSupport", dependencies: ["SendonceCore", "SendoncePostgres", "SendonceStore"],
            path: "Tests/PostgresSupport", exclude: ["cluster.sh", "long_way.py"], swiftSettings: house),
        .target(
            name: "ProcessSupport", dependencies: [.product(name: "GRDB", package: "GRDB.swift")],
            path: "Tests/ProcessSupport", swiftSettings: house),
    ],
    cxxLanguageStandard: .cxx17
)
