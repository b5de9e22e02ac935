// A provider for tests, for `sendonce dev` and for `sendonce fake-provider`: it answers as Brevo does,
// remembers what it accepted, and misbehaves when told to. Not a mail server: nothing it accepts goes
// anywhere.

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A faithful fake of Brevo's `POST /v3/smtp/email` over HTTP/1.1, with a control interface under `/fake/`.
///
/// Guarantees: of requests with one key within its time-to-live exactly one is accepted, however many come at
/// the same moment; an acceptance is in the record file before a byte of its answer leaves; no request is
/// answered twice; what `accepted()` lists is everything accepted since the record file began or the last
/// reset. Not guaranteed: Brevo's texts for people, its rules beyond those documented, `messageVersions`,
/// `scheduledAt` and the look-up interfaces. There is no TLS and no protection of the control interface: bind
/// it to loopback.
package final class FakeBrevo: Sendable {
    private struct Running {
        let group: MultiThreadedEventLoopGroup
        let server: any Channel
    }

    private enum Phase {
        case new
        case starting
        case running(Running)
        case stopped
    }

    let configuration: Configuration
    let account: Mutex<Account>
    let connectionCount = Atomic<Int>(0)
    let connectionNumber = Atomic<Int>(0)
    /// Complete POSTs in `sink` mode, which does not touch the account.
    let sinkCount = Atomic<Int>(0)
    private let phase = Mutex(Phase.new)

    package init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        account = Mutex(Account(configuration))
    }

    /// Reads the record file, listens, and gives the port (the one asked for, or any free one for 0).
    ///
    /// A fake starts once. If this throws, nothing is left open.
    package func start(host: String = "127.0.0.1", port: Int = 0) async throws(FakeError) -> Int {
        let isNew = phase.withLock { phase in
            guard case .new = phase else { return false }
            phase = .starting
            return true
        }
        guard isNew else { throw .alreadyStarted }
        do throws(FakeError) {
            try openRecord()
        } catch {
            phase.withLock { $0 = .stopped }
            throw error
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.threadCount))
        do {
            let server = try await bootstrap(group).bind(host: host, port: port).get()
            phase.withLock { $0 = .running(Running(group: group, server: server)) }
            return server.localAddress?.port ?? port
        } catch {
            phase.withLock { $0 = .stopped }
            account.withLock { $0.closeRecord() }
            try? await group.shutdownGracefully()
            throw .addressUnavailable(host: host, port: port, reason: "\(error)")
        }
    }

    /// Stops listening, closes all connections, whatever they wait for, and the record file. Answers that
    /// were to come late never come. What was accepted can still be asked of this object.
    package func stop() async {
        let running = phase.withLock { phase -> Running? in
            guard case .running(let running) = phase else { return nil }
            phase = .stopped
            return running
        }
        guard let running else { return }
        try? await running.server.close().get()
        // Closes every channel that is registered with the group.
        try? await running.group.shutdownGracefully()
        account.withLock { $0.closeRecord() }
    }

    private func openRecord() throws(FakeError) {
        let failure = account.withLock { account -> FakeError? in
            do throws(FakeError) {
                try account.openRecord()
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private func bootstrap(_ group: MultiThreadedEventLoopGroup) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(Limits.connections))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard self.admitConnection() else {
                    // A failed initializer makes the bootstrap close the connection.
                    return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
                }
                channel.closeFuture.whenComplete { _ in
                    self.connectionCount.subtract(1, ordering: .relaxed)
                }
                return channel.eventLoop.makeCompletedFuture {
                    let number = self.connectionNumber.add(1, ordering: .relaxed).newValue
                    try channel.pipeline.syncOperations.addHandlers([
                        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
                        Connection(number: number, of: self),
                    ])
                }
            }
    }

    private func admitConnection() -> Bool {
        let limit = min(configuration.connectionLimit, Limits.connections)
        if connectionCount.add(1, ordering: .relaxed).newValue <= limit { return true }
        connectionCount.subtract(1, ordering: .relaxed)
        return false
    }
}
