// Waiting for a person to end a command.
import Logging
import ServiceLifecycle
import UnixSignals

enum Interrupt {
    /// Returns at SIGTERM or SIGINT.
    static func wait() async {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: Idle())], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: .sendonce))
        // Ended by a signal is how this is meant to end.
        try? await group.run()
    }

    private struct Idle: Service {
        func run() async throws {
            try? await gracefulShutdown()
        }
    }
}
