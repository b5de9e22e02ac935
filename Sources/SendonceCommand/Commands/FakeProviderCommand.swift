// `sendonce fake-provider`: a provider that behaves, and misbehaves, like the real one.
import ArgumentParser
import Foundation
import SendonceFake

struct FakeProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fake-provider", abstract: "Run a faithful fake of a provider.",
        subcommands: [Brevo.self],
        defaultSubcommand: Brevo.self)

    struct Brevo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brevo's transactional e-mail API on this machine.",
            discussion: "GET /fake/accepted lists what was accepted, POST /fake/chaos makes it misbehave.")

        @Option(name: .long, help: "Port on 127.0.0.1 (0: any free one, printed).")
        var port: Int = 8025

        @Option(name: .long, help: "The API key that is accepted.")
        var key: String = "fake-key"

        @Option(name: .long, help: "Seconds for which a key is remembered.")
        var keySeconds: Int = 900

        @Option(name: .long, help: "File in which acceptances are recorded and found again after a restart.")
        var record: String?

        @Option(name: .long, help: "Share of requests, from 0 to 1, that meet a fault.")
        var chaos: Double = 0

        @Option(name: .long, help: "Seed of the faults.")
        var seed: UInt64 = 1

        func run() async throws {
            let fake = try await FakeProvider.start(
                port: port, key: key, keySeconds: keySeconds, record: record, chaos: chaos, seed: seed)
            Printer.line("fake brevo on http://127.0.0.1:\(fake.port)")
            await Interrupt.wait()
            await fake.stop()
        }
    }
}
