// `sendonce run`: the live system, until it is stopped, or once through.
import ArgumentParser
import Foundation
import Logging
import SendonceCore
import SendonceDelivery
import SendonceFence
import SendonceProjection
import SendonceReading
import SendonceRules
import SendonceStore
import ServiceLifecycle
import UnixSignals

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Decide and deliver until stopped.",
        discussion: """
            Works with the rule set in force and needs no rule file. SIGTERM or SIGINT ends it: it \
            stops claiming, lets open attempts finish within the deadline, and releases what never left.
            """)

    @Flag(name: .long, help: "Decide and deliver what is due now, then end.")
    var once = false

    @Option(name: .long, help: "Activate this rule file first, for a first start or a single host.")
    var activate: String?

    @Flag(name: .long, help: "Make or update the tables first.")
    var migrate = false

    @OptionGroup var store: StoreOptions

    func run() async throws {
        let settings = try await store.settings()
        if migrate { _ = try settings.migration.up(now: SystemClock.now()) }
        let store = try Store.open(settings)
        try Store.naming(settings) { () throws(StoreError) in try store.probe() }
        try Store.naming(settings) { () throws(StoreError) in try store.checkAuthority() }
        try settings.fence.checkWitness()
        let fence = try Store.naming(settings) { () throws(StoreError) in
            try settings.fence.guarding(store)
        }
        try await enter(fence, settings)
        if let activate {
            try Activator.activate(
                file: activate, actor: Activator.currentUser, reason: "run --activate", confirmedKeys: nil,
                routes: settings.routes, in: store)
        }
        guard !settings.routes.isEmpty else {
            throw CommandError(
                "no route is set: name one in `routes:` of the settings (`sendonce init` shows how)")
        }
        let logger = Logger.sendonce
        let factory = DispatcherFactory(settings: settings, store: store, fence: fence)
        try warnAboutRules(settings, store, logger)
        warnAboutFence(settings, fence, logger)
        let engine = Engine(
            once ? .once : .untilStopped, store: store,
            limits: EngineLimits(shutdownSeconds: settings.shutdownSeconds), logger: logger
        ) { try factory.make(wake: $0) }
        let routes = settings.routes.map(\.name.string).joined(separator: ", ")
        if !once {
            logger.info(
                "deciding and delivering",
                metadata: ["database": "\(settings.database.words)", "routes": "\(routes)"])
        }
        do {
            try await EngineService.run(engine, logger: logger)
        } catch {
            try Store.naming(settings) { () throws(StoreError) in try noteFence(fence) }
            throw error
        }
        guard once else { return }
        Printer.line(engine.tally.words)
        if try store.hasIntake(), try store.activation() == nil {
            throw CommandError(
                "events wait, but no rule set is active: run `sendonce rules activate FILE`", status: .no)
        }
    }

    /// Lets work begin. A first start writes where the log is in force, and waits for a locked or full
    /// database as later work does.
    private func enter(_ fence: FenceGuard, _ settings: Settings) async throws {
        var patience = Patience(logger: .sendonce, what: "the start")
        while true {
            do throws(StoreError) {
                return try fence.enter()
            } catch {
                let seconds = try Store.naming(settings) { () throws(StoreError) in
                    if once { throw error }
                    return try patience.delay(after: error)
                }
                try await Task.sleep(for: .seconds(seconds))
            }
        }
    }

    /// Whatever ended the work: if the database went back, that is recorded for all.
    private func noteFence(_ fence: FenceGuard) throws(StoreError) {
        // A database that cannot be asked has its own error, which is the one to show.
        guard let finding = try? fence.examine(), finding.trouble != nil else { return }
        throw .fenced(try fence.putUp(finding))
    }

    /// What the fence would not notice, said once.
    private func warnAboutFence(_ settings: Settings, _ fence: FenceGuard, _ logger: Logger) {
        if settings.fence.isPlaceVague(fence.identity) {
            logger.warning(
                """
                this machine has no /etc/machine-id: a copy of the file on another one, under the same path, \
                is not noticed; name this installation in `deployment:`
                """
            )
        }
        if !settings.fence.isWitnessWanted {
            logger.warning("witness: none: a restored backup is not noticed, only a copy elsewhere")
        } else if fence.isWitnessNew {
            logger.notice(
                """
                this host remembers nothing of this log yet: of what was sent before now, it would not \
                notice that a restore took it away
                """
            )
        }
    }

    /// Commands of a route that no process has wait in silence, and messages that cannot be made are held one
    /// by one, so say it at the start.
    private func warnAboutRules(_ settings: Settings, _ store: AnyStore, _ logger: Logger) throws {
        guard let activation = try store.activation() else { return }
        let parsed = try StoredRules.load(activation.ruleSet, from: store)
        let check = MessageCheck(parsed)
        for trouble in check.templateTroubles + check.idTroubles(over: settings.routes) {
            logger.warning("rules in force make commands that are held: \(Printer.visible(trouble))")
        }
        let rules = parsed.ruleSet.rules
        let known = Set(settings.routes.map(\.name))
        for route in Set(rules.map(\.route)).subtracting(known).sorted() {
            logger.warning(
                "rules name the route \(route), which this process does not have: its commands wait here")
        }
    }
}

/// An engine under the care of the service group: signals end it in an orderly way.
struct EngineService: Service {
    let engine: Engine

    func run() async throws {
        engine.start()
        try await withGracefulShutdownHandler {
            try await engine.ended()
        } onGracefulShutdown: {
            engine.stop()
        }
    }

    static func run(_ engine: Engine, beside others: [any Service] = [], logger: Logger) async throws {
        let services = ([EngineService(engine: engine)] + others).map {
            ServiceGroupConfiguration.ServiceConfiguration(
                service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}

extension Logger {
    /// Lines on standard error; the level comes from SENDONCE_LOG.
    static var sendonce: Logger {
        var logger = Logger(label: "sendonce") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel =
            ProcessInfo.processInfo.environment["SENDONCE_LOG"].flatMap { Logger.Level(rawValue: $0) }
            ?? .info
        return logger
    }
}
