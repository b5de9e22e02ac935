// `sendonce dev`: file, fake provider, projector and dispatcher in one process, with rules that follow the
// file.
import ArgumentParser
import Foundation
import Logging
import SendonceCore
import SendonceDelivery
import SendonceRuleFiles
import SendonceRules
import SendonceStore
import ServiceLifecycle

struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev", abstract: "Try it: database, fake provider and dispatcher in one process.",
        discussion: """
            Every route of the rules leads to a fake Brevo on this machine, whatever the settings say. The \
            rule file is activated at once and on every change.
            """)

    @Option(name: .long, help: "The rule file.")
    var rules: String = "rules.yaml"

    @Option(name: .long, help: "The database file.")
    var database: String = "sendonce-dev.sqlite"

    @Option(name: .long, help: "Port of the fake provider (0: any free one).")
    var port: Int = 8025

    @Option(name: .long, help: "Share of requests, from 0 to 1, that meet a fault.")
    var chaos: Double = 0

    func run() async throws {
        let fake = try await FakeProvider.start(
            port: port, key: FakeProvider.devKey, keySeconds: 900, record: nil, chaos: chaos, seed: 1)
        let parsed = try RuleFiles.load(rules)
        var settings = try await Settings.load(file: nil, database: database)
        let url = "http://127.0.0.1:\(fake.port)"
        settings.routes = Set(parsed.ruleSet.rules.map(\.route)).sorted().map {
            Route(name: $0, kind: .brevo, url: url, secret: Secret(FakeProvider.devKey))
        }
        _ = try settings.migration.up(now: SystemClock.now())
        let store = try Store.open(settings)
        let logger = Logger.sendonce
        let factory = DispatcherFactory(settings: settings, store: store, fence: nil)
        let engine = Engine(
            .untilStopped, store: store, limits: EngineLimits(shutdownSeconds: 5), logger: logger
        ) { try factory.make(wake: $0) }
        Printer.line("fake provider  \(url)/fake/inbox")
        Printer.line("write an event sendonce append TYPE --data JSON --database \(database)")
        Printer.line("ask            sendonce why ADDRESS --database \(database)")
        let watch = RuleWatch(file: rules, routes: settings.routes, store: store, logger: logger)
        try await EngineService.run(engine, beside: [watch], logger: logger)
        await fake.stop()
    }
}

/// Activates a rule file whenever its content, or that of a template, changed. A file with mistakes leaves
/// the rules in force as they are.
struct RuleWatch: Service {
    let file: String
    let routes: [Route]
    let store: AnyStore
    let logger: Logger

    func run() async throws {
        var (last, lastWords) = ("", "")
        // Half a second is below what a person notices after saving a file.
        for await _ in AsyncTimer(every: .milliseconds(500)).cancelOnGracefulShutdown() {
            do {
                let digest = try RuleFiles.load(file).ruleSet.digest.description
                guard digest != last else { continue }
                last = digest
                try Activator.activate(
                    file: file, actor: Activator.currentUser, reason: "sendonce dev", confirmedKeys: nil,
                    routes: routes, in: store)
            } catch {
                let words = CommandError(error).words
                if words != lastWords { logger.error("the rules stay as they are: \(words)") }
                lastWords = words
            }
        }
    }
}

/// Ticks at once and then at an interval.
struct AsyncTimer: AsyncSequence {
    var every: Duration

    struct AsyncIterator: AsyncIteratorProtocol {
        var every: Duration
        var isFirst = true

        mutating func next() async -> Void? {
            if isFirst {
                isFirst = false
                return ()
            }
            do {
                try await Task.sleep(for: every)
                return ()
            } catch {
                return nil
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(every: every) }
}
